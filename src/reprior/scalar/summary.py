"""The quantities of the paper for a scalar graph (sections 4.3 and 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ..core.quantities import ContextDistribution, p_g, p_g_prime
from ..core.weighting import UNIT, Weighting
from ..errors import GraphError
from .count import Count, count_contexts, parameters_taken, reaches_output
from .dag import Dag
from .scaled import Scaled

__all__ = ["Summary", "summarise"]


@dataclass(frozen=True)
class Summary:
    """What there is to say about one graph.

    Attributes
    ----------
    num_inputs : int
        N_I, inputs; copies of one input are one.
    num_outputs : int
        N_O, outputs.
    num_weight_nodes : int
        N_W, uses of parameters that have a path to an output. A parameter used by k such functions
        counts k times.
    dead_parameters : tuple of str
        Parameters without a context. They are in none of the other figures.
    distribution : ContextDistribution
        How the contexts are distributed over the other parameters.
    """

    num_inputs: int
    num_outputs: int
    num_weight_nodes: int
    dead_parameters: tuple[str, ...]
    distribution: ContextDistribution

    @property
    def num_parameters(self) -> int:
        """N_G."""
        return self.distribution.num_parameters

    @property
    def graph_size(self) -> int:
        """|G| = N_I + N_O + N_W (definition 6)."""
        return self.num_inputs + self.num_outputs + self.num_weight_nodes

    @property
    def log2_total_contexts(self) -> float:
        """log2 N_C."""
        return self.distribution.log2_total

    @property
    def total_contexts(self) -> int | Fraction | None:
        """N_C where the weighting is exact."""
        return self.distribution.total

    @property
    def expected_spread(self) -> float:
        """E (definition 3)."""
        return self.distribution.expected_spread

    @property
    def entropy(self) -> float:
        """H in bits (definition 4)."""
        return self.distribution.entropy

    @property
    def total_surprisal(self) -> float:
        """S in bits (definition 5)."""
        return self.distribution.total_surprisal

    @property
    def p_g(self) -> float | None:
        """P_G (equation 6); None where it diverges, as it does for a single parameter."""
        return p_g(self.total_surprisal, self.num_inputs, self.graph_size)

    @property
    def p_g_prime(self) -> float | None:
        """P'_G (equation 7); None without inputs."""
        return p_g_prime(self.num_parameters, self.expected_spread, self.num_inputs, self.graph_size)


def summarise(dag: Dag, weighting: Weighting = UNIT) -> Summary:
    """All quantities of a graph.

    Raises
    ------
    GraphError
        If the graph has no parameter, or none with a path to an output.
    """
    counts = count_contexts(dag, weighting)
    if not counts:
        raise GraphError("the graph has no learnable parameter")
    return Summary(
        num_inputs=len({node.origin for node in dag.inputs}),
        num_outputs=len(dag.outputs),
        num_weight_nodes=_count_uses(dag),
        dead_parameters=tuple(name for name, count in counts.items() if not count),
        distribution=_distribution(list(counts.values())),
    )


def _count_uses(dag: Dag) -> int:
    reaching = reaches_output(dag)
    return sum(len(parameters_taken(dag, index)) for index in range(len(dag)) if reaching[index])


def _distribution(counts: Sequence[Count]) -> ContextDistribution:
    scaled = [count for count in counts if isinstance(count, Scaled)]
    if not scaled:
        return ContextDistribution.from_counts((c, 1) for c in counts if not isinstance(c, Scaled))
    return ContextDistribution.from_scaled(
        np.array([count.mantissa for count in scaled]),
        np.array([count.exponent for count in scaled], dtype=np.int64),
        [1] * len(scaled),
    )
