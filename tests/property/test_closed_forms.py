"""Counts that can be written down: chains of dense layers, convolutions, residual blocks, attention."""

from __future__ import annotations

from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior import Network, analyze

from .profile import examples

WIDTHS = st.lists(st.integers(1, 40), min_size=2, max_size=8)


@examples(30)
@given(widths=WIDTHS)
def test_dense_chain(widths: list[int]) -> None:
    """From unit o of layer l every unit of every later layer can be visited once: prod of later widths."""
    result = analyze(_dense_chain(widths), exact=True)
    for layer in range(1, len(widths)):
        contexts = prod(widths[layer + 1 :])
        for name in ("weight", "bias"):
            assert (result.counts(f"layers.{layer}.{name}") == contexts).all()


@examples(30)
@given(widths=WIDTHS)
def test_dense_chain_as_a_random_walk(widths: list[int]) -> None:
    """Walking back from each of n_L outputs and choosing sources evenly, each layer is passed once.

    So the weights of a layer share n_L, evenly: n_L / (n_l n_(l-1)); a bias is met by every walk.
    """
    result = analyze(_dense_chain(widths), exact=True, weighting="fan_in:1")
    outputs = widths[-1]
    for layer in range(1, len(widths)):
        weight, bias = (result.counts(f"layers.{layer}.{name}") for name in ("weight", "bias"))
        assert (weight == Fraction(outputs, widths[layer] * widths[layer - 1])).all()
        assert (bias == Fraction(outputs, widths[layer])).all()


@examples(30)
@given(
    channels=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    kernels=st.lists(st.integers(1, 4), min_size=5, max_size=5),
    out=st.integers(1, 5),
    rank=st.integers(1, 2),
)
def test_convolution_chain_without_padding(
    channels: list[int], kernels: list[int], out: int, rank: int
) -> None:
    """A final position and one tap per later layer fix a path in space, a channel per later layer the rest.

    Contexts of any tap of layer l: (final positions) * prod over later layers of (taps * channels).
    """
    kernels = kernels[: len(channels) - 1]
    size = out + sum(k - 1 for k in kernels)
    net = Network()
    x = net.input(channels[0], *(size,) * rank)
    for layer, (kernel, width) in enumerate(zip(kernels, channels[1:], strict=True)):
        x = net.conv(x, width, kernel, name=f"layers.{layer}")
    net.output(x)
    result = analyze(net, exact=True)
    for layer in range(len(kernels)):
        later = zip(kernels[layer + 1 :], channels[layer + 2 :], strict=True)
        contexts = out**rank * prod(kernel**rank * width for kernel, width in later)
        assert (result.counts(f"layers.{layer}.weight") == contexts).all()


@examples(30)
@given(width=st.integers(1, 9), depth=st.integers(1, 9))
def test_residual_chain(width: int, depth: int) -> None:
    """Each later block is skipped (one way) or passed (width ways): (1 + width) ** (blocks to come)."""
    net = Network()
    x = net.input(width)
    for block in range(depth):
        x = x + net.dense(x, width, bias=False, name=f"blocks.{block}")
    net.output(x)
    result = analyze(net, exact=True)
    for block in range(depth):
        assert (result.counts(f"blocks.{block}.weight") == (1 + width) ** (depth - 1 - block)).all()


@examples(30)
@given(length=st.integers(1, 9), width=st.integers(1, 6), out=st.integers(1, 6), causal=st.booleans())
def test_attention(length: int, width: int, out: int, causal: bool) -> None:
    """One head over L positions, width D, output width E. With P pairs of a query and a key that it sees:

    W_o: L. W_v: each pair, then E outputs: P E. W_q and W_k: each pair, one of D values, E outputs: P D E.
    P is L**2, or L (L + 1) / 2 where causal.
    """
    net = Network()
    x = net.input(length, width)
    parts = [net.dense(x, width, bias=False, name=name) for name in "qkv"]
    net.output(net.dense(net.attention(*parts, causal=causal), out, bias=False, name="o"))
    result = analyze(net, exact=True)
    pairs = length * (length + 1) // 2 if causal else length**2
    expected = {"o": length, "v": pairs * out, "q": pairs * width * out, "k": pairs * width * out}
    for name, contexts in expected.items():
        assert (result.counts(f"{name}.weight") == contexts).all()


@examples(20)
@given(tokens=st.integers(1, 9), rows=st.integers(1, 9), width=st.integers(1, 5), out=st.integers(1, 5))
def test_embedding(tokens: int, rows: int, width: int, out: int) -> None:
    """Any row may stand at any position: every entry has (positions) * (outputs per position) contexts."""
    net = Network()
    x = net.embedding(net.input(tokens), rows, width)
    net.output(net.dense(x, out))
    result = analyze(net, exact=True)
    assert (result.counts("embedding.weight") == tokens * out).all()
    assert result.num_inputs == tokens


def test_padded_convolution_by_hand() -> None:
    """Three positions, kernel 3, padding 1: the outer taps miss one end each, the middle tap none.

    In the first of two layers, position i of the middle map feeds 2, 3, 2 outputs. So its taps count
    3 + 2 (left tap: outputs 1 and 2), 2 + 3 + 2, and 2 + 3.
    """
    net = Network()
    x = net.conv(net.input(1, 3), 1, 3, padding=1, name="first")
    net.output(net.conv(x, 1, 3, padding=1, name="second"))
    result = analyze(net, exact=True)
    assert result.counts("second.weight").ravel().tolist() == [2, 3, 2]
    assert result.counts("first.weight").ravel().tolist() == [5, 7, 5]


@pytest.mark.parametrize("stride", [1, 2])
def test_every_tap_of_a_strided_convolution_meets_every_output_inside(stride: int) -> None:
    net = Network()
    net.output(net.conv(net.input(2, 9, 9), 4, 3, stride=stride))
    positions = ((9 - 3) // stride + 1) ** 2
    assert np.all(analyze(net, exact=True).counts("conv.weight") == positions)


def _dense_chain(widths: list[int]) -> Network:
    net = Network()
    x = net.input(widths[0])
    for layer, width in enumerate(widths[1:], start=1):
        x = net.dense(x, width, name=f"layers.{layer}")
    net.output(x)
    return net
