"""How far an order by U_G can be trusted: how often it was right on benchmarks of trained models.

The figures of ``calibration.json`` are counted by ``benchmarks/calibrate.py`` on public populations: of
pairs of networks of one population, by how many bits their utilities differ and whether their sizes are
alike, in what share the one with the higher utility was the better after training.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

from ..core.graph import Graph
from ..core.primitives import Attention, Convolve, Lookup
from .result import Analysis

__all__ = ["ALIKE", "DOUBT", "Verdict", "kind_of", "right_share", "verdicts"]

DOUBT = 0.6
"""Below this share the two cannot be told apart."""

ALIKE = 0.1
"""Sizes are alike where the larger exceeds the smaller by at most this."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the benchmarks say of two models that U_G puts side by side.

    Attributes
    ----------
    better, worse : str
        Names of the models, by utility.
    difference : float
        Of their utilities, in bits.
    alike : bool
        Whether their numbers of parameters are within a tenth.
    kind : str
        The kind of populations that the share is taken from.
    right : float
        Share of the pairs there, with such a difference and such sizes, that U_G ordered rightly.
    """

    better: str
    worse: str
    difference: float
    alike: bool
    kind: str
    right: float

    @property
    def text(self) -> str:
        """``81 %``, or ``cannot tell`` below `DOUBT`."""
        return "cannot tell" if self.right < DOUBT else f"{self.right:.0%}".replace("%", " %")


def verdicts(analyses: Sequence[Analysis]) -> tuple[Verdict, ...]:
    """For models in the order of their utility, what is known of every two neighbours."""
    known = [(item.utility, item) for item in analyses if item.utility is not None]
    known.sort(key=lambda pair: -pair[0])
    return tuple([_verdict(a, b) for a, b in pairwise(known)])


def _verdict(first: tuple[float, Analysis], second: tuple[float, Analysis]) -> Verdict:
    (high, better), (low, worse) = first, second
    sizes = sorted([better.num_parameters, worse.num_parameters])
    alike = sizes[1] <= sizes[0] * (1 + ALIKE)
    kinds = {kind_of(better), kind_of(worse)}
    kind = kinds.pop() if len(kinds) == 1 else "any"
    difference = high - low
    right = right_share(difference, alike, kind)
    return Verdict(better.model, worse.model, difference, alike, kind, right)


def kind_of(analysis: Analysis) -> str:
    """Images (convolutions), vision transformers, language (tables looked up), or any."""
    if not isinstance(analysis.graph, Graph):
        return "any"
    ops = {type(node.op) for node in analysis.graph.nodes}
    if Lookup in ops:
        return "language"
    if Attention in ops:
        return "vision transformers"
    return "images" if Convolve in ops else "any"


def right_share(difference: float, alike: bool, kind: str = "any") -> float:
    """Share of benchmark pairs with such a difference that were ordered rightly; at least one half.

    Parameters
    ----------
    difference : float
        Of two utilities, in bits.
    alike : bool
        Whether the sizes are within `ALIKE`.
    kind : str
        Of the models; an unknown one counts as ``any``.
    """
    table = _table()
    found = table["kinds"].get(kind, table["kinds"]["any"])["alike" if alike else "unlike"]
    return interpolate(table["differences"], found, abs(difference))


def interpolate(differences: Sequence[float], shares: Sequence[float], difference: float) -> float:
    """Between the middles of bins, straight over the logarithm; one half at no difference."""
    if difference <= differences[0]:
        return 0.5 + (shares[0] - 0.5) * difference / differences[0]
    for low, high, a, b in zip(differences[:-1], differences[1:], shares[:-1], shares[1:], strict=True):
        if difference <= high:
            return float(a + (b - a) * math.log(difference / low) / math.log(high / low))
    return float(shares[-1])


@lru_cache(maxsize=1)
def _table() -> Any:
    text = resources.files(__package__).joinpath("calibration.json").read_text(encoding="utf-8")
    return json.loads(text)
