"""Sharing whole modules, as ALBERT shares its transformer blocks."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ..core.layers import ParameterInfo
from ..errors import SpecError

__all__ = ["ByModule", "by_module"]


@dataclass(frozen=True, slots=True)
class ByModule:
    """Parameters at the same place of the modules that a pattern names are one, where their shapes agree.

    Attributes
    ----------
    pattern : str
        Dotted path with shell wildcards; ``*`` stays within one part: ``blocks.*`` is every block.
    """

    pattern: str

    @property
    def __name__(self) -> str:
        return f"by_module:{self.pattern}"

    def __call__(self, info: ParameterInfo) -> Hashable | None:
        """The key of a parameter; running statistics follow the data, so they stay apart."""
        wanted, parts = self.pattern.split("."), info.name.split(".")
        inside = len(parts) > len(wanted) and all(map(fnmatchcase, parts, wanted))
        if not inside or info.role == "running_statistic":
            return None
        return (self.pattern, ".".join(parts[len(wanted) :]), info.shape)


def by_module(pattern: str) -> ByModule:
    """A policy that shares whole modules.

    Parameters
    ----------
    pattern : str
        Which modules: ``"blocks.*"``, ``"encoder.layer.*"``, ``"stages.2.blocks.*"``.

    Raises
    ------
    SpecError
        If the pattern is empty or has an empty part.
    """
    if not all(pattern.split(".")):
        raise SpecError(f"'{pattern}' is not a dotted path of modules such as blocks.*")
    return ByModule(pattern)
