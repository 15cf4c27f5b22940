"""The graphs of figures 2 and 3 of the paper.

The article prints the figures as drawings. What the text and the authors' public examples state about
each is its parameters, their numbers of contexts, and its inputs and outputs (appendix B; repository
gozepolat/priors, reusability/README.md); every quantity follows from these. The wiring here is the
plain layered one that has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..scalar import Dag, DagBuilder, unroll

__all__ = ["FIGURES", "figure_2a", "figure_2b", "figure_3a", "figure_3b", "figure_3c"]


def figure_2a() -> Dag:
    """Eight parameters, no reuse: every parameter has one context, so the graph is uniform."""
    return (
        _two_inputs(parameters=8)
        .function("f1", "i1", "w1", "i2", "w2")
        .function("f2", "i1", "w3", "i2", "w4")
        .function("f3", "i1", "w5", "i2", "w6")
        .function("f4", "i1", "w7", "i2", "w8")
        .output("o", "f1", "f2", "f3", "f4")
        .build()
    )


def figure_2b() -> Dag:
    """As many parameters, arranged so that two of them (w1 and w2) have two contexts each."""
    return (
        _two_inputs(parameters=8)
        .function("f1", "i1", "w1", "i2", "w2")
        .function("f2", "f1", "w3", "i1", "w4")
        .function("f3", "f1", "w5", "i2", "w6")
        .output("o", "f2", "w7", "f3", "w8")
        .build()
    )


def figure_3a() -> Dag:
    """Two layers of two functions each, with a sum as output; the example of appendix B.

    w1 to w4 have two contexts each, w5 to w8 one.
    """
    return (
        _two_inputs(parameters=8)
        .function("f1", "i1", "w1", "i2", "w2")
        .function("f2", "i1", "w3", "i2", "w4")
        .function("f3", "f1", "w5", "f2", "w6")
        .function("f4", "f1", "w7", "f2", "w8")
        .output("o", "f3", "f4")
        .build()
    )


def figure_3b() -> Dag:
    """Figure 3a unrolled horizontally: the same eight parameters in twelve places."""
    return unroll(figure_3a())


def figure_3c() -> Dag:
    """Shape of figure 3b with nothing shared: twelve parameters of one context each."""
    return (
        _two_inputs(parameters=12)
        .function("f1", "i1", "w1", "i2", "w2")
        .function("f2", "i1", "w3", "i2", "w4")
        .function("f3", "i1", "w5", "i2", "w6")
        .function("f4", "i1", "w7", "i2", "w8")
        .function("f5", "f1", "w9", "f2", "w10")
        .function("f6", "f3", "w11", "f4", "w12")
        .output("o", "f5", "f6")
        .build()
    )


FIGURES: Mapping[str, Callable[[], Dag]] = MappingProxyType(
    {
        "figure2a": figure_2a,
        "figure2b": figure_2b,
        "figure3a": figure_3a,
        "figure3b": figure_3b,
        "figure3c": figure_3c,
    }
)
"""The figures by the name that a model spec gives them (``paper:figure3a``)."""


def _two_inputs(parameters: int) -> DagBuilder:
    return DagBuilder().inputs("i1", "i2").parameters(*(f"w{n}" for n in range(1, parameters + 1)))
