"""How an analysis is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from ..core.canonical import Normalization, Preset
from ..core.weighting import Weighting
from ..errors import SpecError
from ..sharing import Policy

__all__ = ["OptionFields", "Options"]


class OptionFields(TypedDict, total=False):
    """The fields of `Options` as keywords."""

    preset: Preset
    share: str | Policy
    weighting: str | Weighting
    normalization: Normalization
    exact: bool
    strict: bool


@dataclass(frozen=True, slots=True)
class Options:
    """How to count.

    Attributes
    ----------
    preset : {"definition", "paper"}
        ``paper`` counts batch norm's running statistics as parameters, as the published tables do.
    share : str or Policy
        ``none``, ``all_but_bn``, ``original_code`` or a function from `ParameterInfo` to a key.
    weighting : str or Weighting
        ``unit``, ``fan_in:ALPHA``, ``decay:GAMMA``, ``resolution:BETA``, or one of your own.
    normalization : {"local", "coupled"}
        Whether normalisation statistics are dropped (convention 6) or kept.
    exact : bool
        Count in integers instead of floating point with exponents.
    strict : bool
        Refuse a model of which something was assumed or approximated, or is unknown.
    """

    preset: Preset = "definition"
    share: str | Policy = "none"
    weighting: str | Weighting = "unit"
    normalization: Normalization = "local"
    exact: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        _one_of("preset", self.preset, ("definition", "paper"))
        _one_of("normalization", self.normalization, ("local", "coupled"))

    @property
    def paths(self) -> Weighting:
        """How paths are weighted.

        Raises
        ------
        SpecError
            If there is no such weighting.
        """
        return Weighting.parse(self.weighting) if isinstance(self.weighting, str) else self.weighting


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SpecError(f"{what} '{value}' is not one of {', '.join(allowed)}")
