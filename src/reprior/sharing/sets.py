"""Sharing by sets of names: any choice of parameters that become one, as data."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.layers import ParameterInfo
from ..errors import SpecError

__all__ = ["SharingSets", "load_sets"]


@dataclass(frozen=True)
class SharingSets:
    """Parameters of the same set are one; all others keep their own.

    Attributes
    ----------
    sets : tuple of tuple of str
        Names of parameters of one shape. The first of each set is the one that stays.

    Raises
    ------
    SpecError
        If a name is in two sets, or a set has fewer than two names.
    """

    sets: tuple[tuple[str, ...], ...]
    name: str = "sets"
    _keys: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keys: dict[str, int] = {}
        for number, names in enumerate(self.sets):
            if len(names) < 2:
                raise SpecError(f"a set of parameters to share needs two names, not {list(names)}")
            for name in names:
                if keys.setdefault(name, number) != number or names.count(name) > 1:
                    raise SpecError(f"'{name}' is in the sets to share more than once")
        object.__setattr__(self, "_keys", keys)

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, info: ParameterInfo) -> Hashable | None:
        """The number of the parameter's set, None where it is in none."""
        return self._keys.get(info.name)

    def bind(self, infos: Sequence[ParameterInfo]) -> SharingSets:
        """The policy itself, where the model has all its names.

        Raises
        ------
        SpecError
            If it lacks one.
        """
        missing = self._keys.keys() - {info.name for info in infos}
        if missing:
            raise SpecError(f"sharing '{self.name}': the model has no parameter '{min(missing)}'")
        return self

    @classmethod
    def of(cls, data: Any, name: str = "sets") -> SharingSets:
        """From plain data: a list of lists of names.

        Raises
        ------
        SpecError
            If it is nothing like that.
        """
        is_list = isinstance(data, list | tuple)
        if not is_list or not all(
            isinstance(names, list | tuple) and all(isinstance(n, str) for n in names) for names in data
        ):
            raise SpecError(f"sharing '{name}' is not a list of lists of names of parameters")
        return cls(tuple(map(tuple, data)), name)


def load_sets(path: str) -> SharingSets:
    """Sets from a JSON file: a list of lists of names, or a patch of `reprior advise` that shares.

    Raises
    ------
    SpecError
        If the file cannot be read or has no sets.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(f"cannot read sets to share from '{path}': {error}") from None
    if isinstance(data, dict):
        steps = data.get("steps")
        found = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
        if [step.get("action") for step in found] != ["share"]:
            raise SpecError(f"'{path}' is no patch that shares and does nothing else")
        data = found[0].get("sets")
    return SharingSets.of(data, f"sets:{path}")
