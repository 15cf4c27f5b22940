"""The quantities and baselines of one model, as plain numbers."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from .. import api
from ..analysis import Analysis
from ..analysis.stages import TensorStages
from ..errors import RepriorError, SpecError
from .baselines import nsc, parameters_without_embeddings

__all__ = [
    "BASELINES",
    "QUANTITIES",
    "Scores",
    "UserScore",
    "load_user_score",
    "score",
    "score_uncounted",
]

Scores = dict[str, float | None]
"""Values by name; None where a model has no such value, which ranks below any other."""

UserScore = Callable[[Analysis], float]

QUANTITIES = (
    "utility",
    "p_g",
    "p_g_prime",
    "expected_spread",
    "entropy",
    "total_surprisal",
    "log2_total_contexts",
)
"""What is counted; `utility` alone needs no count."""

BASELINES = (
    "num_parameters",
    "parameters_without_embeddings",
    "macs",
    "depth",
    "weighted_layers",
    "activations",
    "log_activations_parameters",
    "nsc",
)
"""What needs no counting."""


def score(spec: str, own: str | None = None) -> Scores:
    """All quantities and baselines of the model that a spec names.

    Parameters
    ----------
    spec : str
    own : str, optional
        A function of the user's from an analysis to a number, as ``FILE.py:function``.

    Raises
    ------
    RepriorError
        If it cannot be analysed, or has no layers to count (a scalar graph).
    """
    analysis, stages = _analysed(spec)
    values: Scores = {key: getattr(analysis, key) for key in QUANTITIES}
    values |= _baselines(stages, analysis.num_parameters)
    if own is not None:
        values[_name(own, values)] = _own(own, analysis)
    return values


def score_uncounted(spec: str) -> Scores:
    """U_G and the baselines, without counting contexts: much faster.

    ``num_parameters`` are the learnable scalars of tensors that reach an output.
    """
    _, stages = _analysed(spec)
    leaves = [leaf for _, leaf in stages.canonical.parameters if leaf.role != "running_statistic"]
    values: Scores = {"utility": stages.utility}
    return values | _baselines(stages, sum([prod(leaf.shape) for leaf in leaves]))


def _analysed(spec: str) -> tuple[Analysis, TensorStages]:
    analysis = api.analyze(spec)
    if not isinstance(analysis.stages, TensorStages):
        raise RepriorError(f"'{spec}' is a scalar graph; it has no baselines to compare with")
    return analysis, analysis.stages


def load_user_score(where: str) -> UserScore:
    """The function that ``FILE.py:function`` names.

    Raises
    ------
    SpecError
        If there is no such file or function, or the file does not run.
    """
    file, _, name = where.rpartition(":")
    if not file.endswith(".py") or not name:
        raise SpecError(f"'{where}' names no function: give it as FILE.py:function")
    if not Path(file).is_file():
        raise SpecError(f"there is no file '{file}'")
    found = _module(file, Path(file).stat().st_mtime_ns).get(name)
    if not callable(found):
        raise SpecError(f"'{file}' has no function '{name}'")
    return found  # type: ignore[no-any-return]


@lru_cache(maxsize=8)
def _module(file: str, changed: int) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SpecError(f"'{file}' does not run: {type(error).__name__}: {error}") from error
    return vars(module)


def _name(own: str, taken: Scores) -> str:
    """The function's name; with its file's, where a quantity has that name."""
    file, _, name = own.rpartition(":")
    return f"{Path(file).stem}.{name}" if name in taken else name


def _own(own: str, analysis: Analysis) -> float | None:
    """What the user's function says of a model."""
    function = load_user_score(own)
    try:
        value: Any = function(analysis)
    except Exception as error:
        raise SpecError(f"'{own}' failed: {type(error).__name__}: {error}") from error
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise SpecError(f"'{own}' returned {value!r}, which is no number") from None
    return number if math.isfinite(number) else None


def _baselines(stages: TensorStages, size: int) -> Scores:
    canonical, costs = stages.canonical, stages.costs
    embedded = parameters_without_embeddings(canonical)
    return {
        "num_parameters": size,
        "parameters_without_embeddings": embedded,
        **{key: getattr(costs, key) for key in ("macs", "depth", "weighted_layers", "activations")},
        "log_activations_parameters": math.log2(max(costs.activations, 1)) + math.log2(max(size, 1)),
        "nsc": nsc(canonical),
    }
