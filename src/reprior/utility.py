"""The utility of a model: how often its layers are used, in how many contexts.

The paper (section 6) asks for a utility function on top of contexts, with a discount for long paths,
fractional counts, and without the bias of P_G and P'_G towards deep and narrow models. This is the
one that ranks trained models best of those tried (docs/benchmarks/utility.md has the record):

    U_G = log2 sum over layers of (visits * reuse * products)^(1/3)

Each layer counts by the geometric mean of the three numbers that a context has there: how many contexts
arrive (`visits`: how often a random backward walk passes the layer), how many uses each parameter
has (`reuse`), and how many function nodes f(h, w) there are (`products`). No exponent is fitted: the
three have equal weight. An equivalent reading: a layer uses its n_w parameters at `reuse` places, each
place receives mu = visits / reuse of the walk, and contributes (mu * n_w)^(1/3). So writing one layer
as several that share their parameters, each at a part of the places, changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from .graph import Graph
from .visits import Layer, visit_layers

__all__ = ["utility", "utility_of_graph"]


def utility(layers: Iterable[Layer]) -> float | None:
    """U_G of the layers that a random context passes, in bits.

    Parameters
    ----------
    layers : iterable of Layer
        From `visit_layers`.

    Returns
    -------
    float or None
        None where no context passes a layer.
    """
    total = math.fsum(math.cbrt(layer.visits * layer.reuse * layer.products) for layer in layers)
    return math.log2(total) if total > 0 else None


def utility_of_graph(graph: Graph) -> float | None:
    """U_G of a graph in canonical form."""
    return utility(visit_layers(graph))
