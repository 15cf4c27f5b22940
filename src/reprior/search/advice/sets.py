"""Which layers of equal shape to share, for the most utility within a number of parameters.

Layers whose weights have one shape are a group. For every number of sets that a group may have, the layers
go into the sets that leave the most utility: in the order of what they are worth, cut where that is best. How
many sets each group gets under the budget is then solved to 1e-4 bits (`reprior.search.exact`). Norms and
embeddings keep their own parameters. What layers stride does not matter, for their weights are the same
tensor.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from ...core.graph import Graph
from ...core.layers import ParameterInfo, describe_parameters
from ...core.utility import worths
from ...core.visits import Layer, visit_layers
from ...sharing import SharingSets
from ..exact import Amount, Budget, Factor, maximise

__all__ = ["SetsOf", "sets_of"]

_GAP = 1e-4  # bits of utility
_STATES = 30_000
_KINDS = ("convolution", "linear")


@dataclass(frozen=True, slots=True)
class _Unit:
    """Layers that count as one wider layer, with the parameters that sharing would join.

    Attributes
    ----------
    layers : tuple of Layer
    names : tuple of str
        Weights and biases, in the same order for all units of a group.
    numel : int
        Their scalars.
    """

    layers: tuple[Layer, ...]
    names: tuple[str, ...]
    numel: int


_Cut = tuple[tuple[_Unit, ...], ...]
"""Units of a group by the set that they are in."""


@dataclass(frozen=True, slots=True)
class _Option:
    """A group with so many sets."""

    amount: Amount
    sets: _Cut


@dataclass(frozen=True, slots=True)
class SetsOf:
    """What can be shared in a model.

    Attributes
    ----------
    groups : tuple of tuple of _Option
        For each group, its cut into 1, 2, ... sets.
    rest : Amount
        Of all that no group has.
    norms : tuple of tuple of str
        Gains and shifts of norms that are shared whatever else is: they have no part in the utility.
    """

    groups: tuple[tuple[_Option, ...], ...]
    rest: Amount
    norms: tuple[tuple[str, ...], ...] = ()

    @property
    def fewest(self) -> int:
        """Parameters where all that can be shared is."""
        return self.rest.parameters + sum(options[0].amount.parameters for options in self.groups)

    def within(self, most: int) -> SharingSets:
        """The sets of most utility with at most so many parameters.

        Raises
        ------
        RepriorError
            If even the fewest are more.
        """
        factors = [
            Factor((number,), {(k,): option.amount for k, option in enumerate(options)})
            for number, options in enumerate(self.groups)
        ]
        factors.append(Factor((len(self.groups),), {(0,): self.rest}))
        sizes = [*map(len, self.groups), 1]
        chosen = maximise(sizes, factors, Budget(most), gap=_GAP, most_states=_STATES).choices
        sets = [
            tuple(names)
            for options, choice in zip(self.groups, chosen[:-1], strict=True)
            for units in options[choice].sets
            if len(units) > 1
            for names in zip(*(unit.names for unit in units), strict=True)
        ]
        return SharingSets((*sets, *self.norms))


def sets_of(graph: Graph, *, norms: bool = False) -> SetsOf:
    """What can be shared in a graph in canonical form.

    Parameters
    ----------
    norms : bool
        Whether norms of one width share their gains and shifts, as sharing whole blocks does.
    """
    infos = {info.name: info for info in describe_parameters(graph)}
    numel = {name: _numel(info) for name, info in infos.items() if info.role != "running_statistic"}
    layers = visit_layers(graph)
    groups: dict[Hashable, list[_Unit]] = {}
    for members in _wide(layers):
        found = _unit(members, infos)
        if found is not None:
            signature, unit = found
            groups.setdefault(signature, []).append(unit)
    shared = [units for units in groups.values() if len(units) > 1]
    inside = {id(layer) for units in shared for unit in units for layer in unit.layers}
    others = worths([layer for layer in layers if id(layer) not in inside])
    taken = {name for units in shared for unit in units for name in unit.names}
    alike: dict[Hashable, list[str]] = {}
    for info in infos.values() if norms else ():
        if info.role in ("scale", "shift"):
            alike.setdefault((info.role, info.shape), []).append(info.name)
    tied = tuple(tuple(names) for names in alike.values() if len(names) > 1)
    saved = sum(numel[name] for names in tied for name in names[1:])
    rest = Amount(
        sum(item.worth for item in others),
        sum(item.weights for item in others),
        sum(many for name, many in numel.items() if name not in taken) - saved,
        0,
    )
    return SetsOf(tuple(_options(units, graph) for units in shared), rest, tied)


def _numel(info: ParameterInfo) -> int:
    many = 1
    for size in info.shape:
        many *= size
    return many


def _wide(layers: Sequence[Layer]) -> list[list[Layer]]:
    """The uses of each factor, factors that count as parts of a wider one together."""
    uses: dict[Hashable, list[Layer]] = {}
    for number, layer in enumerate(layers):
        uses.setdefault(number if layer.weights is None else layer.weights, []).append(layer)
    found: dict[Hashable, list[Layer]] = {}
    for name, same in uses.items():
        kind = same[0].kind
        place: Hashable = ("own", name) if kind is None else (kind, tuple(layer.reads for layer in same))
        found.setdefault(place, []).extend(same)
    return list(found.values())


def _unit(layers: Sequence[Layer], infos: dict[str, ParameterInfo]) -> tuple[Hashable, _Unit] | None:
    """A unit and what units must have in common; None where its weights cannot be shared."""
    names: list[str] = []
    signature: list[Hashable] = []
    for layer in layers:
        factors = layer.weights if isinstance(layer.weights, tuple) else ()
        info = infos.get(factors[0]) if len(factors) == 1 and isinstance(factors[0], str) else None
        if info is None or info.kind not in _KINDS:
            return None
        if info.name in names:
            continue
        form = info.convolution
        signature.append((info.kind, info.shape, form and (form.groups, form.transposed, len(form.stride))))
        names.append(info.name)
        bias = infos.get(f"{info.layer}.bias") if info.name == f"{info.layer}.weight" else None
        signature.append(bias and bias.shape)
        if bias is not None:
            names.append(bias.name)
    many = sum(_numel(infos[name]) for name in names)
    return tuple(signature), _Unit(tuple(layers), tuple(names), many)


def _options(units: Sequence[_Unit], graph: Graph) -> tuple[_Option, ...]:
    """The best cut of a group into 1, 2, ... sets."""
    # Which units come one after the other is seen from the graph with all of them shared.
    stands_for = {name: units[0].names[k] for unit in units for k, name in enumerate(unit.names)}
    layers = zip(visit_layers(graph), visit_layers(graph, shared=stands_for), strict=True)
    turns = {(own.scope, own.reads, own.weights): shared.turn for own, shared in layers}
    units = sorted(units, key=lambda unit: -_together([unit], turns)[0])
    many = len(units)
    values = {
        (start, stop): _together(units[start:stop], turns)
        for start in range(many)
        for stop in range(start + 1, many + 1)
    }
    # best[stop]: the first `stop` units in so many sets, with the starts of these.
    best: list[tuple[float, tuple[int, ...]]] = [
        (values[0, stop][0] if stop else 0.0, (0,)) for stop in range(many + 1)
    ]
    options = []
    for sets in range(1, many + 1):
        if sets > 1:
            best = [_extended(best, values, sets, stop) for stop in range(many + 1)]
        starts = [*best[many][1], many]
        parts = list(itertools.pairwise(starts))
        amounts = [values[part] for part in parts]
        amount = Amount(
            sum(item[0] for item in amounts), sum(item[1] for item in amounts), sets * units[0].numel, 0
        )
        # Members in the order of the model: the first of a set is the one that stays.
        order = {id(unit): k for k, unit in enumerate(sorted(units, key=lambda unit: _first(unit, turns)))}
        cut = tuple(
            tuple(sorted(units[start:stop], key=lambda unit: order[id(unit)])) for start, stop in parts
        )
        options.append(_Option(amount, cut))
    return tuple(options)


_Turns = dict[tuple[str, Hashable, Hashable], int]
"""The turn of every layer, by its scope, what it reads and its weights."""


def _extended(
    best: Sequence[tuple[float, tuple[int, ...]]],
    values: dict[tuple[int, int], tuple[float, int]],
    sets: int,
    stop: int,
) -> tuple[float, tuple[int, ...]]:
    """The best cut of the first units into one set more."""
    return max(
        [
            (best[start][0] + values[start, stop][0], (*best[start][1], start))
            for start in range(sets - 1, stop)
        ],
        default=(float("-inf"), ()),
    )


def _first(unit: _Unit, turns: _Turns) -> tuple[int, str]:
    layer = unit.layers[0]
    return turns[layer.scope, layer.reads, layer.weights], layer.scope


def _together(units: Sequence[_Unit], turns: _Turns) -> tuple[float, int]:
    """What units are worth with one set of weights, and how many weights that is."""
    layers = []
    for unit in units:
        places = {name: place for place, name in enumerate(dict.fromkeys(x.weights for x in unit.layers))}
        layers += [
            replace(layer, weights=places[layer.weights], turn=turns[layer.scope, layer.reads, layer.weights])
            for layer in unit.layers
        ]
    found = worths(layers)
    return sum(item.worth for item in found), sum(item.weights for item in found)
