"""The true optimum of a space whose topology is fixed: what its samplers are checked against.

Which choices each layer depends on is found by changing one choice at a time, around several settings. Layers
of the same choices make a factor, whose table is filled by counting networks, one for many entries at once.
The optimum over these tables is exact (`reprior.search.exact`). That the space adds up is not taken on trust:
the optimum and random settings are counted again, and a space that does not add up is refused.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis import Options, analyze_model
from ..core.canonical import canonicalise, depends_on
from ..core.graph import Graph
from ..core.primitives import Input
from ..core.utility import worths
from ..core.visits import visit_layers
from ..errors import RepriorError, SpecError
from ..registry import describe
from .exact import Amount, Budget, Factor, maximise
from .spaces import ChoiceSpace

__all__ = ["SpaceOptimum", "optimum"]

_AROUND = 3  # settings around which choices are changed
_CHECKED = 10  # random settings that are counted again
_MOST_ENTRIES = 5_000  # combinations of the choices of one factor

_Parts = Mapping[str, NDArray[np.float64]]
_Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SpaceOptimum:
    """The setting of most utility.

    Attributes
    ----------
    setting : mapping
        The value of every choice.
    candidate : object
        The model of that setting.
    utility : float
        In bits, counted.
    num_parameters, macs : int
    is_proved : bool
        Whether no setting within the limits has more.
    bound : float
        No setting within the limits has more than this.
    counted : int
        Networks that were counted.
    size : int
        Settings that there are.
    """

    setting: Mapping[str, Any]
    candidate: Any
    utility: float
    num_parameters: int
    macs: int
    is_proved: bool
    bound: float
    counted: int
    size: int


def optimum(
    space: ChoiceSpace,
    *,
    max_params: int | None = None,
    max_macs: int | None = None,
    fixed: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> SpaceOptimum:
    """The setting of most utility of a space that adds up over layers.

    Parameters
    ----------
    space : ChoiceSpace
        A product of choices.
    max_params, max_macs : int, optional
        Limits; by default any number.
    fixed : mapping, optional
        Values of some choices: those on which the topology depends must be fixed.
    seed : int
        Of the settings that are counted to find and to check what depends on what.

    Raises
    ------
    SpecError
        If a fixed value is none of its choice's, or the utility does not add up.
    RepriorError
        If nothing is within the limits.

    Examples
    --------
    >>> from reprior.search import space
    >>> widths = {"stage1": 2, "inside1": 1, "inside2": 1, "inside3": 1, "stage2": 2, "inside4": 4}
    >>> optimum(space("resnet-width"), fixed=widths, max_params=5_000_000).setting["inside5"]
    4
    """
    known = _Known(space, dict(fixed or {}))
    draw = random.Random(seed)
    keys = known.dependencies(draw)
    factors = known.factors(keys)
    found = maximise(known.sizes, factors, Budget(max_params, max_macs))
    chosen = [found.choices, *(known.draw(draw) for _ in range(_CHECKED))]
    for values in chosen:
        _check(space, known.total(values), _predicted(factors, values))
    total = known.total(found.choices)
    return SpaceOptimum(
        known.setting(found.choices),
        space.describe(known.setting(found.choices)),
        found.utility,
        round(total[2]),
        round(total[3]),
        found.is_proved,
        found.bound,
        len(known.counted),
        prod(known.sizes),
    )


def _predicted(factors: Sequence[Factor], values: _Values) -> NDArray[np.float64]:
    amounts = [factor.table[tuple([values[k] for k in factor.variables])] for factor in factors]
    total: NDArray[np.float64] = np.sum(np.array(amounts), axis=0)
    return total


def _check(space: ChoiceSpace, counted: NDArray[np.float64], predicted: NDArray[np.float64]) -> None:
    if not all(isclose(a, b, rel_tol=1e-9) for a, b in zip(counted, predicted, strict=True)):
        raise SpecError(
            f"the utility of space '{space.name}' does not add up over layers: "
            "fix the choices that change its topology"
        )


class _Known:
    """The networks of a space that were counted, part by part."""

    def __init__(self, space: ChoiceSpace, fixed: Mapping[str, Any]) -> None:
        for name, value in fixed.items():
            if name not in space.choices or value not in space.choices[name].values:
                raise SpecError(f"space '{space.name}' has no value {value!r} of a choice '{name}'")
        self.space, self.fixed = space, fixed
        self.free = [name for name in space.choices if name not in fixed]
        if not self.free:
            raise SpecError(f"all choices of space '{space.name}' are fixed")
        self.sizes = [len(space.choices[name].values) for name in self.free]
        self.counted: dict[_Values, _Parts] = {}

    def setting(self, values: _Values) -> dict[str, Any]:
        """The choices by name."""
        chosen = dict(zip(self.free, values, strict=True))
        return {
            name: self.fixed[name] if name in self.fixed else choice.values[chosen[name]]
            for name, choice in self.space.choices.items()
        }

    def draw(self, draw: random.Random) -> _Values:
        """Random choices."""
        return tuple([draw.randrange(size) for size in self.sizes])

    def parts(self, values: _Values) -> _Parts:
        """What each part of a network adds."""
        if values not in self.counted:
            self.counted[values] = _parts(self.space.describe(self.setting(values)))
        return self.counted[values]

    def total(self, values: _Values) -> NDArray[np.float64]:
        """What a network has."""
        total: NDArray[np.float64] = np.sum(list(self.parts(values).values()), axis=0)
        return total

    def dependencies(self, draw: random.Random) -> dict[str, tuple[int, ...]]:
        """For every part, the choices that change it."""
        found: dict[str, set[int]] = {}
        for _ in range(_AROUND):
            base = self.draw(draw)
            before = self.parts(base)
            for key in before:
                found.setdefault(key, set())
            for place, size in enumerate(self.sizes):
                for value in range(size):
                    if value == base[place]:
                        continue
                    after = self.parts((*base[:place], value, *base[place + 1 :]))
                    for key in before.keys() | after.keys():
                        if (
                            key not in before
                            or key not in after
                            or not np.allclose(before[key], after[key], rtol=1e-12, atol=0)
                        ):
                            found.setdefault(key, set()).add(place)
        return {key: tuple(sorted(places)) for key, places in found.items()}

    def factors(self, keys: Mapping[str, tuple[int, ...]]) -> list[Factor]:
        """The parts of the same choices together, with their amounts for every combination."""
        parts: dict[tuple[int, ...], list[str]] = {}
        for key, places in keys.items():
            parts.setdefault(places or (0,), []).append(key)
        tables: dict[tuple[int, ...], dict[_Values, Amount]] = {places: {} for places in parts}
        for places in parts:
            if prod(self.sizes[k] for k in places) > _MOST_ENTRIES:
                raise SpecError(
                    f"space '{self.space.name}' has layers that depend on {len(places)} choices: "
                    "fix those that change its topology"
                )
        for values in self._covering(list(parts)):
            found = self.parts(values)
            for places, names in parts.items():
                amounts = [found[name] for name in names if name in found]
                terms, *rest = np.sum(amounts, axis=0).tolist() if amounts else (0.0, 0, 0, 0)
                tables[places][tuple([values[k] for k in places])] = Amount(terms, *map(round, rest))
        return [Factor(places, table) for places, table in tables.items()]

    def _covering(self, sets: Sequence[tuple[int, ...]]) -> Iterator[_Values]:
        """Settings that have every combination of every set of choices, few of them."""
        missing = {
            places: dict.fromkeys(itertools.product(*(range(self.sizes[k]) for k in places)))
            for places in sorted(sets, key=lambda places: -len(places))
        }
        while any(missing.values()):
            chosen: dict[int, int] = {}
            for places, left in missing.items():
                fits = (
                    values
                    for values in left
                    if all(chosen.get(k, v) == v for k, v in zip(places, values, strict=True))
                )
                values = next(fits, None)
                if values is not None:
                    chosen |= dict(zip(places, values, strict=True))
            setting = tuple([chosen.get(k, 0) for k in range(len(self.sizes))])
            for places, left in missing.items():
                left.pop(tuple([setting[k] for k in places]), None)
            yield setting


def _parts(candidate: Any) -> dict[str, NDArray[np.float64]]:
    """Terms and weights of the utility, parameters with a context and MACs, by layer."""
    described = describe(candidate)
    graph = described.graph
    if not isinstance(graph, Graph):
        raise SpecError(f"'{described.name}' is a scalar graph; it has no layers")
    found: dict[str, NDArray[np.float64]] = {}

    def add(name: str, column: int, value: float) -> None:
        found.setdefault(name, np.zeros(4))[column] += value

    canonical = canonicalise(graph)
    for item in worths(visit_layers(canonical)):
        add(item.scope, 0, item.worth)
        add(item.scope, 1, item.weights)
    for row in analyze_model(described, Options()).parameters:
        add(row.name.rpartition(".")[0], 2, row.numel - row.dead)
    data = depends_on(canonical.nodes, Input)
    for node, fed in zip(canonical.nodes, data, strict=True):
        if fed and node.op.multiplies:
            shapes = tuple([canonical.nodes[k].shape for k in node.inputs])
            add(node.scope, 3, node.op.macs(shapes, node.shape))
    if not found:
        raise RepriorError(f"'{described.name}' has no layers")
    return found
