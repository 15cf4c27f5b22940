"""The utility of a model: how many places and outputs its layers serve, and how many parameters it has.

The paper (section 6) asks for a utility function on top of contexts, with fractional counts and without
the bias of P_G and P'_G towards deep and narrow models. This one orders trained models best of those
tried, on each population with constants chosen on the others (docs/benchmarks/utility.md):

    U_G = log2 sum over layers of  m^(1/3) * R * (o^3 f)^(1/4)   +  1/4 log2 N

m are the visits of a layer (how often a random backward walk passes it), r its reuse (uses of each
parameter), R = s (1 - exp(-r / s)) the distinct ones among s = 500 places that r contexts reach, o its
outputs at one place, f = parameters / outputs its fan-in, and N the number of weights of all layers.

* Two layers of equal kind that read the same data are one wider layer, so that fused and separate
  projections score alike; a layer written as several, each at a part of the places, is one.
* Weights that serve k layers one after the other count once in N, and sqrt(k) times the geometric mean of
  what the layers would count alone, but no less than the best of them: k layers that share are worth
  more than one and less than k.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .graph import Graph
from .visits import Layer, visit_layers

__all__ = ["Constants", "Worth", "utility", "utility_of_graph", "worths"]


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants of U_G beside the two of the walk (`reprior.core.visits`).

    Attributes
    ----------
    root : float
        Power of the visits.
    fan_in : float
        Power of the fan-in, and of N; that of the outputs is one less it.
    places : float
        How many places a layer can tell apart: a map of 22 x 22.
    """

    root: float = 1 / 3
    fan_in: float = 1 / 4
    places: float = 500.0


_CHOSEN = Constants()


class Worth(NamedTuple):
    """What one learnable factor adds.

    Attributes
    ----------
    scope : str
        The first layer that uses it.
    worth : float
        Its share of the sum.
    weights : int
        Its share of N.
    """

    scope: str
    worth: float
    weights: int


def utility(layers: Iterable[Layer], constants: Constants = _CHOSEN) -> float | None:
    """U_G of the layers that a random context passes, in bits.

    Parameters
    ----------
    layers : iterable of Layer
        From `visit_layers`.
    constants : Constants
        Others than the chosen ones, to study them.

    Returns
    -------
    float or None
        None where no context passes a layer.
    """
    found = worths(layers, constants)
    total = math.fsum([item.worth for item in found])
    weights = sum([item.weights for item in found])
    return math.log2(total) + constants.fan_in * math.log2(weights) if total > 0 else None


def worths(layers: Iterable[Layer], constants: Constants = _CHOSEN) -> list[Worth]:
    """What each learnable factor adds to the sum and to N, factors that are parts of a wider one together."""
    found = []
    for turns in _widened(_by_weights(layers)):
        alone = [_worth(part, constants) for part in turns]
        best = max(alone)
        if len(alone) > 1 and min(alone) > 0:
            mean = math.exp(math.fsum([math.log(worth) for worth in alone]) / len(alone))
            best = max(best, math.sqrt(len(alone)) * mean)
        found.append(Worth(turns[0].scope, best, turns[0].parameters))
    return found


def utility_of_graph(graph: Graph, shared: Mapping[str, str] | None = None) -> float | None:
    """U_G of a graph in canonical form, under a sharing of its parameters."""
    return utility(visit_layers(graph, shared=shared))


@dataclass(slots=True)
class _Part:
    """Layers that count as one."""

    scope: str
    visits: float
    products: int
    parameters: int
    outputs: int
    reads: tuple[Hashable, ...]


def _by_weights(layers: Iterable[Layer]) -> list[tuple[Hashable, list[_Part]]]:
    """For every learnable factor its kind and, turn by turn, the layers that use it side by side."""
    found: dict[Hashable, tuple[Hashable, dict[int, _Part]]] = {}
    for number, layer in enumerate(layers):
        name = ("own", number) if layer.weights is None else layer.weights
        _, turns = found.setdefault(name, (layer.kind, {}))
        part = turns.get(layer.turn)
        if part is None:
            turns[layer.turn] = _Part(
                layer.scope, layer.visits, layer.products, layer.parameters, layer.outputs, (layer.reads,)
            )
        else:
            part.visits += layer.visits
            part.products += layer.products
            part.reads = (*part.reads, layer.reads)
    return [(kind, [turns[k] for k in sorted(turns)]) for kind, turns in found.values()]


def _widened(factors: Iterable[tuple[Hashable, list[_Part]]]) -> Iterable[list[_Part]]:
    """Factors of equal kind that read the same data, turn by turn, are parts of a wider one."""
    found: dict[Hashable, list[_Part]] = {}
    for number, (kind, turns) in enumerate(factors):
        place = number if kind is None else (kind, tuple([part.reads for part in turns]))
        wide = found.setdefault(place, turns)
        if wide is not turns:
            for part, more in zip(wide, turns, strict=True):
                part.visits += more.visits
                part.products += more.products
                part.parameters += more.parameters
                part.outputs += more.outputs
    return found.values()


def _worth(part: _Part, constants: Constants) -> float:
    reuse, places = part.products / part.parameters, constants.places
    distinct = places * -math.expm1(-reuse / places)
    fan_in = part.parameters / part.outputs
    shape = part.outputs ** (1 - constants.fan_in) * fan_in**constants.fan_in
    return float(part.visits**constants.root * distinct * shape)
