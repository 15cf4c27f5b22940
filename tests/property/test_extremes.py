"""Counts far beyond floating point, and elements of one tensor that lie far apart."""

from __future__ import annotations

import math
import sys
from types import FrameType

import numpy as np
import pytest

from reprior import Network
from reprior.core.canonical import canonicalise
from reprior.core.counting import Counts, count
from reprior.core.graph import Graph, GraphBuilder
from reprior.core.primitives import Attention, Expand, Input, Map, Parameter, Prefix, Reduce, Slice
from reprior.core.weighting import UNIT, Weighting
from reprior.errors import SpecError

from ..number_types import assert_agree, log2_values

CHANNELS = 1000


def test_ten_thousand_convolutions() -> None:
    """Two positions, kernel 3, padding 1: each position feeds both of the next layer.

    So an output of layer l has (2 C) ** (layers to come) contexts; the middle tap meets two pairs of
    positions, each outer tap one.
    """
    depth = 10_000
    counts = _scaled(_convolutions(depth))
    ways = math.log2(2 * CHANNELS)
    assert depth * ways > 100_000
    for layer, item in enumerate(counts.parameters):
        found = log2_values(item.contexts.densify(2)).reshape(-1, 3)
        later = (depth - 1 - layer) * ways
        assert np.abs(found - [later, later + 1, later]).max() < 1e-9


def test_cost_grows_with_the_number_of_layers() -> None:
    """Twice the layers take twice the operations, not more: numbers and walks do not grow with depth.

    Operations are function calls, of Python and NumPy alike; a clock would tell how busy the machine is.
    """
    calls = [_calls(canonicalise(_convolutions(depth))) for depth in (250, 500, 1000)]
    assert calls[1] > 250  # the profiler did run
    assert calls[2] - calls[1] == pytest.approx(2 * (calls[1] - calls[0]), rel=0.01)


def test_branches_that_differ_by_five_thousand_powers_of_two() -> None:
    """One layer feeds a shallow exit and a chain of 500 layers of width 1,024: factors 1 and 2**5000."""
    net = Network()
    x = net.dense(net.input(4), 2048, bias=False, name="fork")
    shallow, deep = net.split(x, 2, axis=1)
    for layer in range(500):
        deep = net.dense(deep, 1024, bias=False, name=f"layers.{layer}")
    net.output(shallow, deep)
    graph = canonicalise(net.graph())
    exact, scaled = count(graph, number="exact"), count(graph, number="scaled")
    assert_agree(exact, scaled)
    fork = scaled.parameters[0].contexts.densify(0)
    found = log2_values(fork).reshape(2048, -1)
    assert np.abs(found[:1024]).max() < 1e-9
    assert np.abs(found[1024:] - 5_000).max() < 1e-9


def test_long_causal_chain() -> None:
    """After n running sums, position i of L has C(L - 1 - i + n, n) contexts: from 1 to over 2**1300."""
    length, depth = 100_000, 120
    builder = GraphBuilder()
    x = builder.add(
        Map("scale"), [builder.add(Input("x", (length,))), builder.add(Parameter("w", (length,)))]
    )
    for _ in range(depth):
        x = builder.add(Prefix(0), [x])
    builder.output([x])
    (item,) = _scaled(builder.graph()).parameters
    found = item.contexts.to_dense()
    assert np.isfinite(found).all()
    for position in (0, 1, 777, length // 2, length - 500, length - 2, length - 1):
        ways = math.comb(length - 1 - position + depth, depth)
        assert abs(found[position] - math.log2(ways)) < 1e-9
    assert found[0] > 1_300 and found[-1] == 0


def test_early_exits_of_a_long_vector() -> None:
    """Every 5,000 elements leave after 30 more sums over 1,024 copies: 2 ** (300 * exits before)."""
    length, step, rounds = 100_000, 5_000, 30
    builder = GraphBuilder()
    x = builder.add(
        Map("scale"), [builder.add(Input("x", (length,))), builder.add(Parameter("w", (length,)))]
    )
    for left in range(length, 0, -step):
        builder.output([builder.add(Slice(0, 0, step), [x])])
        if left > step:
            x = builder.add(Slice(0, step, left), [x])
            for _ in range(rounds):
                x = builder.add(
                    Reduce((0,)), [builder.add(Map("f"), [builder.add(Expand((1024, left - step)), [x])])]
                )
    (item,) = _scaled(builder.graph()).parameters
    expected = np.repeat(np.arange(length // step) * 10 * rounds, step)
    assert expected[-1] > 5_000
    assert np.abs(item.contexts.to_dense() - expected).max() < 1e-9


@pytest.mark.parametrize(
    ("weighting", "depth"),
    [("fan_in:1", 400), ("fan_in:0.5", 800), ("decay:0.9", 400), ("decay:1e-19", 40), ("fan_in:16", 40)],
)
def test_tiny_weights_do_not_flush_to_zero(weighting: str, depth: int) -> None:
    """A deep residual network: paths of weight below the least float64 still count."""
    net = Network()
    x = net.dense(net.input(7), 9, name="first")
    for layer in range(depth):
        y = net.dense(net.relu(net.dense(x, 9, name=f"layers.{layer}.a")), 9, name=f"layers.{layer}.b")
        x = y if layer % 2 else x + y
    net.output(net.dense(x, 3, name="last"))
    graph, weights = canonicalise(net.graph()), Weighting.parse(weighting)
    scaled = count(graph, weights, "scaled")
    assert all(item.contexts.nonzero().all() for item in scaled.parameters)
    if weights.is_exact:
        assert_agree(count(graph, weights, "exact"), scaled)


@pytest.mark.parametrize("weighting", ["fan_in:16", "decay:1e-19"])
def test_the_smallest_weights_of_the_widest_nodes(weighting: str) -> None:
    """The most edge factors between two rescalings: attention over 2**20 keys, to its queries."""
    builder = GraphBuilder()
    shape = (1, 2**20, 4096)
    x, w = builder.add(Input("x", shape)), builder.add(Parameter("w", (4096,)))
    for _ in range(3):
        x = builder.add(Attention(None), [builder.add(Map("scale"), [x, w])] * 3)
    builder.output([x])
    weights = Weighting.parse(weighting)
    exact, scaled = (count(builder.graph(), weights, number) for number in ("exact", "scaled"))
    assert_agree(exact, scaled)


@pytest.mark.parametrize(
    "text", ["fan_in:17", "fan_in:-0.1", "decay:1e-20", "decay:1.1", "fan_in:x", "unit:1"]
)
def test_weights_that_scaled_numbers_could_lose_are_refused(text: str) -> None:
    with pytest.raises(SpecError, match=f"weighting '{text}' is not 'unit'"):
        Weighting.parse(text)


def _convolutions(depth: int) -> Graph:
    net = Network()
    x = net.input(CHANNELS, 2)
    for layer in range(depth):
        x = net.conv(x, CHANNELS, 3, padding=1, name=f"layers.{layer}")
    net.output(x)
    return net.graph()


def _scaled(graph: Graph) -> Counts:
    return count(canonicalise(graph), UNIT, "scaled")


def _calls(graph: Graph) -> int:
    """How many functions are called for counting a graph."""
    calls = 0

    def notice(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(notice)
    try:
        count(graph)
    finally:
        sys.setprofile(before)
    return calls
