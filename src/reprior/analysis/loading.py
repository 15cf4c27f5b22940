"""Analyses back from their JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from ..core.costs import Costs
from ..errors import RepriorError, SpecError
from ..notes import Note
from .comparison import Comparison
from .result import SCHEMA_VERSION, Analysis
from .stages import Quantities, Stages
from .table import ParameterRow

__all__ = ["load"]


def load(source: str | PathLike[str]) -> Analysis | Comparison:
    """An analysis, or a comparison, from what `to_json` gave or ``--json`` wrote.

    It has every figure and the table of parameters, and can be compared. The counts of single scalars, the
    distribution and the graph are not kept in JSON: what needs them says so.

    Parameters
    ----------
    source : str or path
        A file, or the JSON itself.

    Returns
    -------
    Analysis or Comparison

    Raises
    ------
    SpecError
        If there is no such file, or it is no JSON of an analysis of this version's schema.

    Examples
    --------
    >>> import reprior
    >>> load(reprior.analyze("paper:figure3a").to_json()).num_parameters
    8
    """
    text = source if isinstance(source, str) and source.lstrip().startswith("{") else _read(source)
    try:
        data = json.loads(text)
        version = data["schema_version"]
        if version == SCHEMA_VERSION and "models" in data:
            return Comparison(tuple(_analysis(item) for item in data["models"]))
        if version == SCHEMA_VERSION:
            return _analysis(data)
    except (ValueError, KeyError, TypeError, InvalidOperation) as error:
        raise SpecError(f"this is no JSON of an analysis: {type(error).__name__}: {error}") from None
    raise SpecError(f"this JSON has schema version {version!r}, and version {SCHEMA_VERSION} is read here")


def _read(source: str | PathLike[str]) -> str:
    try:
        return Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SpecError(f"cannot read '{str(source)[:200]}': {reason}") from None


def _analysis(data: Mapping[str, Any]) -> Analysis:
    numbers = {field.name: data[field.name] for field in fields(Quantities)}
    for key in ("total_contexts", "max_contexts"):
        numbers[key] = None if numbers[key] is None else _whole(numbers[key])
    names = [field.name for field in fields(Costs)]
    costs = Costs(**{name: data[name] for name in names}) if names[0] in data else None
    rows = tuple([_row(row) for row in data["parameters"]])
    kept = _Kept(Quantities(**numbers), costs, data["utility"], rows)
    return Analysis(
        model=data["model"],
        preset=data["preset"],
        share=data["share"],
        weighting=data["weighting"],
        normalization=data["normalization"],
        exact=data["exact"],
        num_inputs=data["num_inputs"],
        num_outputs=data["num_outputs"],
        stages=LoadedStages(dict(data["seconds"]), kept),
        notes=tuple([Note.read(text) for text in data["notes"]]),
    )


def _whole(digits: str) -> int | Fraction:
    # By way of `Decimal`, which reads any number of digits.
    top, slash, bottom = digits.partition("/")
    return Fraction(int(Decimal(top)), int(Decimal(bottom))) if slash else int(Decimal(top))


def _row(data: Mapping[str, Any]) -> ParameterRow:
    return ParameterRow(**{**data, "shape": tuple(data["shape"]), "shared_with": tuple(data["shared_with"])})


class _Kept(NamedTuple):
    quantities: Quantities
    costs: Costs | None
    utility: float | None
    rows: tuple[ParameterRow, ...]


@dataclass(eq=False)
class LoadedStages(Stages):
    """What the JSON keeps; the rest is refused."""

    kept: _Kept

    @property
    def quantities(self) -> Quantities:
        return self.kept.quantities

    @property
    def costs(self) -> Costs | None:
        return self.kept.costs

    @property
    def utility(self) -> float | None:
        return self.kept.utility

    @property
    def rows(self) -> tuple[ParameterRow, ...]:
        return self.kept.rows

    @property
    def distribution(self) -> NoReturn:
        raise RepriorError("an analysis that was loaded has no distribution of contexts; analyse the model")

    @property
    def operations(self) -> NoReturn:
        raise RepriorError("an analysis that was loaded has no operations; analyse the model")

    def contexts(self, name: str) -> NoReturn:
        raise RepriorError("an analysis that was loaded has no counts of single scalars; analyse the model")
