"""What must hold of every count, whatever the graph."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np

from reprior.analysis.distributions import of_parameters
from reprior.core.counting import Counts, count
from reprior.core.graph import Graph
from reprior.core.primitives import Contract, Convolve, Input, Lookup, Parameter
from reprior.core.weighting import Weighting

from ..oracle import ScalarGraph

__all__ = ["WEIGHTINGS", "check_against_oracle", "check_function_nodes", "check_theorem"]

WEIGHTINGS = tuple(
    map(
        Weighting.parse,
        ("unit", "fan_in:1", "fan_in:0.5", "fan_in:2", "decay:1/3", "resolution:1", "resolution:0.5"),
    )
)


def check_against_oracle(graph: Graph, scalars: ScalarGraph | None = None) -> None:
    """Every count in both number types and under all weightings is that of the expanded graph."""
    scalars = scalars or ScalarGraph(graph)
    for weighting in WEIGHTINGS:
        expected = scalars.counts(weighting)
        for number in ("exact", "scaled") if weighting.is_exact else ("scaled",):
            counts = count(graph, weighting, number)
            assert {item.name for item in counts.parameters} == set(expected)
            for item in counts.parameters:
                found = item.contexts.to_dense()
                assert found.shape == item.shape
                for index, value in expected[item.name].items():
                    where = f"{item.name}{index} under {weighting} in {number} numbers"
                    if number == "exact":
                        assert found[index] == value, f"{where}: {found[index]}, not {value}"
                    else:
                        log2 = math.log2(value) if value else -np.inf
                        close = found[index] == log2 or abs(found[index] - log2) < 1e-9
                        assert close, f"{where}: 2**{found[index]}, not {value}"
            if any(value for at in expected.values() for value in at.values()):
                check_theorem(counts, number == "exact")


def check_function_nodes(graph: Graph) -> None:
    """The product nodes of operations with a learnable factor, their contexts and their number."""
    scalars = ScalarGraph(graph)
    for weighting in WEIGHTINGS[:2]:
        total = scalars.totals(weighting)
        learnable = _fixed_and_learnable(graph)
        expected = Counter(
            total[ref]
            for node, products in zip(graph.nodes, scalars.products, strict=True)
            if isinstance(node.op, Convolve | Contract | Lookup) and any(learnable[k] for k in node.inputs)
            for ref in products
            if total[ref]
        )
        found: Counter[Fraction | int] = Counter()
        for item in count(graph, weighting, "exact", functions=True).function_nodes:
            counts, many = item.products
            pairs = zip(counts.to_dense().ravel(), np.exp2(many.to_dense()).ravel(), strict=True)
            for value, number in pairs:
                if value and number:
                    found[value] += round(number)
        assert found == expected


def _fixed_and_learnable(graph: Graph) -> list[bool]:
    """For each value, whether it depends on a parameter and on nothing that is fed."""
    fed: list[bool] = []
    learned: list[bool] = []
    for node in graph.nodes:
        fed.append(isinstance(node.op, Input) or any(fed[k] for k in node.inputs))
        learned.append(isinstance(node.op, Parameter) or any(learned[k] for k in node.inputs))
    return [learned[k] and not fed[k] for k in range(len(fed))]


def check_theorem(counts: Counts, exact: bool) -> None:
    """Theorem 1, H + E = log2 N_C, and Lemma 1, E is the divergence from the uniform graph."""
    found = of_parameters([item.contexts for item in counts.parameters], exact)
    tolerance = 1e-9 * max(1.0, abs(found.log2_total))
    assert abs(found.entropy + found.expected_spread - found.log2_total) < tolerance
    assert abs(found.kl_from_uniform() - found.expected_spread) < tolerance
