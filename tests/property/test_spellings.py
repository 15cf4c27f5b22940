"""One model, several spellings: the same counts (conventions 1, 2, 4, 5, 6 and 7)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reprior import Analysis, Feature, Network, analyze
from reprior.core.primitives import Constant, Expand, Keep
from reprior.core.runs import Runs

Spelling = Callable[[Network, Feature], Feature]


# -- pointwise expressions ------------------------------------------------------------------------


def silu(net: Network, x: Feature) -> Feature:
    return net.silu(x)


def silu_written_out(net: Network, x: Feature) -> Feature:
    return x * net.sigmoid(x)


def silu_by_exponential(net: Network, x: Feature) -> Feature:
    return x * net.activation(net.activation(net.activation(x, "neg"), "exp"), "reciprocal of one plus")


def hard_swish_written_out(net: Network, x: Feature) -> Feature:
    shifted = net.add(x, _constant(net, "three"))
    return net.multiply(net.activation(x * net.activation(shifted, "relu6"), "sixth"), x)


def tanh_gelu_written_out(net: Network, x: Feature) -> Feature:
    cube = net.activation(x * x * x, "times 0.044715")
    inner = net.tanh(net.activation(x + cube, "times sqrt(2 / pi)"))
    return net.activation(x, "half") * net.add(inner, _constant(net, "one"))


def sum_of_three(net: Network, x: Feature) -> Feature:
    return net.add(x, *_two(net, x))


def sum_of_three_leftwards(net: Network, x: Feature) -> Feature:
    a, b = _two(net, x)
    return (x + a) + b


def sum_of_three_rightwards(net: Network, x: Feature) -> Feature:
    a, b = _two(net, x)
    return x + (a + b)


def sum_of_three_with_repeats(net: Network, x: Feature) -> Feature:
    a, b = _two(net, x)
    return net.relu(((x + a) + x) + net.activation(b + a, "halve"))


# -- normalisation --------------------------------------------------------------------------------


def layer_norm(net: Network, x: Feature) -> Feature:
    return net.layer_norm(x, name="norm")


def layer_norm_written_out(net: Network, x: Feature) -> Feature:
    centred = x + net.activation(net.reduce(x, -1, keepdims=True), "minus the mean")
    variance = net.reduce(centred * centred, -1, keepdims=True)
    y = centred * net.activation(net.add(variance, _constant(net, "epsilon")), "rsqrt")
    return _affine(net, y, x.shape[-1])


def layer_norm_by_moments(net: Network, x: Feature) -> Feature:
    mean = net.reduce(x, -1, keepdims=True)
    square = net.reduce(net.activation(x, "square"), -1, keepdims=True)
    deviation = net.activation(square + net.activation(mean, "minus square"), "rsqrt")
    return _affine(net, (x + net.activation(mean, "minus")) * deviation, x.shape[-1])


def layer_norm_with_expanded_statistics(net: Network, x: Feature) -> Feature:
    mean = net._add(Expand(x.shape), (net.reduce(x, -1, keepdims=True),))
    return _affine(net, net.multiply(x, mean), x.shape[-1])


def layer_norm_with_reshaped_statistics(net: Network, x: Feature) -> Feature:
    statistic = net.reduce(x, -1)
    y = net.multiply(x, net.reshape(statistic, *statistic.shape, 1))
    return _affine(net, y, x.shape[-1])


def softmax(net: Network, x: Feature) -> Feature:
    return net.softmax(x)


def softmax_written_out(net: Network, x: Feature) -> Feature:
    shifted = net.activation(x + net.reduce(x, -1, keepdims=True), "exp")
    return net.multiply(shifted, net.activation(net.reduce(shifted, -1, keepdims=True), "reciprocal"))


def l2_written_out(net: Network, x: Feature) -> Feature:
    square = net.activation(x, "square")
    norm = net.activation(net.reduce(square, -1, keepdims=True), "rsqrt")
    return net.multiply(x, norm)


def l2_with_a_floor(net: Network, x: Feature) -> Feature:
    norm = net.activation(net.reduce(x * x, -1, keepdims=True), "sqrt")
    return net.multiply(x, net.activation(net.add(norm, _constant(net, "floor")), "reciprocal"))


def group_norm(net: Network, x: Feature) -> Feature:
    return net.group_norm(x, 2, name="norm")


def group_norm_written_out(net: Network, x: Feature) -> Feature:
    batch, channels, size = x.shape
    y = net.reshape(x, batch, 2, channels * size // 2)
    y = y + net.reduce(y, -1, keepdims=True)
    y = y * net.activation(net.reduce(y * y, -1, keepdims=True), "rsqrt")
    y = net.reshape(y, *x.shape)
    weight, bias = (net.parameter(channels, name=f"norm.{name}") for name in ("weight", "bias"))
    return net.add(net.multiply(y, net.reshape(weight, channels, 1)), net.reshape(bias, channels, 1))


def batch_norm(net: Network, x: Feature) -> Feature:
    return net.batch_norm(x, name="norm")


def batch_norm_written_out(net: Network, x: Feature) -> Feature:
    channels = x.shape[1]
    weight, bias = (net.parameter(channels, name=f"norm.{name}") for name in ("weight", "bias"))
    scaled = net.multiply(net.add(x, _constant(net, "mean")), net.reshape(weight, 1, channels, 1))
    return net.add(scaled, net.reshape(bias, channels, 1))


# -- windows, moves, products ---------------------------------------------------------------------


def padded_conv(net: Network, x: Feature) -> Feature:
    return net.conv(x, 2, 3, stride=2, padding=((2, 1),), name="conv")


def pad_then_conv(net: Network, x: Feature) -> Feature:
    return net.conv(net.pad(x, (2, 1)), 2, 3, stride=2, name="conv")


def pad_twice_then_conv(net: Network, x: Feature) -> Feature:
    return net.conv(net.pad(net.pad(x, (1, 0)), (1, 0)), 2, 3, stride=2, padding=((0, 1),), name="conv")


def pad_by_concatenation_then_conv(net: Network, x: Feature) -> Feature:
    zeros = net.nothing_like(net.slice(x, 0, 1, axis=2))
    return net.conv(net.concatenate(zeros, zeros, x, zeros, axis=2), 2, 3, stride=2, name="conv")


def grouped_conv(net: Network, x: Feature) -> Feature:
    weight = net.parameter(4, 2, 3, name="kernel")
    return net.conv(x, 4, 3, groups=2, weight=weight)


def grouped_conv_by_halves(net: Network, x: Feature) -> Feature:
    weight = net.parameter(4, 2, 3, name="kernel")
    kernels = net.split(weight, 2, axis=0)
    parts = net.split(x, 2, axis=1)
    halves = [net.conv(part, 2, 3, weight=kernel) for part, kernel in zip(parts, kernels, strict=True)]
    return net.concatenate(*halves, axis=1)


def grouped_conv_as_block_diagonal(net: Network, x: Feature) -> Feature:
    weight = net.parameter(4, 2, 3, name="kernel")
    top, bottom = net.split(weight, 2, axis=0)
    wide = net.concatenate(
        net.concatenate(top, net.nothing_like(top), axis=1),
        net.concatenate(net.nothing_like(bottom), bottom, axis=1),
        axis=0,
    )
    return net.conv(x, 4, 3, weight=wide)


def as_it_is(net: Network, x: Feature) -> Feature:
    return net.relu(x)


def with_round_trips(net: Network, x: Feature) -> Feature:
    x = net.concatenate(*net.split(x, [1, 2, 1], axis=1), axis=1)
    x = net.permute(net.permute(x, 0, 2, 1), 0, 2, 1)
    x = net.slice(net.slice(x, 0, x.shape[1], axis=1), 0, x.shape[2], axis=2)
    return net.relu(net.reshape(net.flatten(x), *x.shape))


def with_repeated_views(net: Network, x: Feature) -> Feature:
    first, second = (net.reshape(x, 1, x.shape[1] * x.shape[2]) for _ in range(2))
    return net.reshape(net.multiply(first, net.sigmoid(second)), *x.shape)


def by_equal_takes(net: Network, x: Feature) -> Feature:
    first, second = (net.take(x, [2, 0, 1, 3, 4, 5], axis=2) for _ in range(2))
    return net.take(net.multiply(first, net.sigmoid(second)), [1, 2, 0, 3, 4, 5], axis=2)


def by_known_positions(net: Network, x: Feature) -> Feature:
    backwards = list(range(x.shape[2]))[::-1]
    return net.relu(net.take(net.take(x, backwards, axis=2), backwards, axis=2))


def upsampled(net: Network, x: Feature) -> Feature:
    return net.upsample(x, 2)


def upsampled_by_expansion(net: Network, x: Feature) -> Feature:
    batch, channels, size = x.shape
    wide = net._add(Expand((batch, channels, size, 2)), (net.reshape(x, batch, channels, size, 1),))
    return net.reshape(wide, batch, channels, 2 * size)


def pooled(net: Network, x: Feature) -> Feature:
    return net.global_pool(x, keepdims=True)


def pooled_by_a_full_window(net: Network, x: Feature) -> Feature:
    return net.pool(x, x.shape[2])


def pooled_adaptively(net: Network, x: Feature) -> Feature:
    return net.adaptive_pool(x, 1)


def attended(net: Network, x: Feature) -> Feature:
    return net.attention(*_projections(net, x))


def attended_written_out(net: Network, x: Feature) -> Feature:
    query, key, value = _projections(net, x)
    scores = net.activation(net.matmul(query, net.permute(key, 0, 2, 1)), "scale")
    return net.matmul(net.softmax(scores), value)


def attended_causally(net: Network, x: Feature) -> Feature:
    return net.attention(*_projections(net, x), causal=True)


def attended_causally_by_a_mask(net: Network, x: Feature) -> Feature:
    return net.attention(*_projections(net, x), mask=np.tri(x.shape[1], dtype=bool))


def attended_causally_written_out(net: Network, x: Feature) -> Feature:
    query, key, value = _projections(net, x)
    scores = net.einsum("bqd,bkd->bqk", query, key)
    # Masked by minus infinity: no element before the softmax, and none after it, as exp(0) would be.
    mask = Keep(Runs.from_dense(np.tri(x.shape[1])))
    probabilities = net._add(mask, (net.softmax(net._add(mask, (scores,))),))
    return net.einsum("bqk,bke->bqe", probabilities, value)


GROUPS: dict[str, tuple[Spelling, ...]] = {
    "gated activation": (
        silu, silu_written_out, silu_by_exponential, hard_swish_written_out, tanh_gelu_written_out,
    ),
    "sum": (
        sum_of_three, sum_of_three_leftwards, sum_of_three_rightwards, sum_of_three_with_repeats,
    ),
    "layer norm": (
        layer_norm, layer_norm_written_out, layer_norm_by_moments, layer_norm_with_expanded_statistics,
        layer_norm_with_reshaped_statistics,
    ),
    "softmax": (softmax, softmax_written_out, l2_written_out, l2_with_a_floor, silu),
    "group norm": (group_norm, group_norm_written_out),
    "batch norm": (batch_norm, batch_norm_written_out),
    "padded convolution": (
        padded_conv, pad_then_conv, pad_twice_then_conv, pad_by_concatenation_then_conv,
    ),
    "grouped convolution": (grouped_conv, grouped_conv_by_halves, grouped_conv_as_block_diagonal),
    "moves": (as_it_is, with_round_trips, with_repeated_views, by_equal_takes, by_known_positions),
    "upsampling": (upsampled, upsampled_by_expansion),
    "global pooling": (pooled, pooled_by_a_full_window, pooled_adaptively),
    "attention": (attended, attended_written_out),
    "causal attention": (attended_causally, attended_causally_by_a_mask, attended_causally_written_out),
}  # fmt: skip
# A pointwise value merges into its user over the same shape and index only, so a residual stream
# around moves would rightly tell spellings with more moves apart.
NO_STREAM = {"moves"}
PAIRS = [
    pytest.param(group[0], other, name not in NO_STREAM, id=f"{name}: {other.__name__}")
    for name, group in GROUPS.items()
    for other in group[1:]
]


@pytest.mark.parametrize("weighting", ["unit", "fan_in:1", "decay:1/2"])
@pytest.mark.parametrize(("one", "other", "stream"), PAIRS)
def test_spellings_count_alike(one: Spelling, other: Spelling, stream: bool, weighting: str) -> None:
    if other is grouped_conv_as_block_diagonal and weighting.startswith("fan_in"):
        pytest.skip("elements that do not exist stay in the nominal fan-in, so zero blocks change it")
    first, second = (
        analyze(_model(spelling, stream), exact=True, weighting=weighting) for spelling in (one, other)
    )
    assert _table(first) == _table(second)
    assert first.num_weight_nodes == second.num_weight_nodes
    assert first.total_contexts == second.total_contexts


def _model(spelling: Spelling, stream: bool) -> Network:
    """Learnable layers before and after, and perhaps a residual stream around, so that every edge matters."""
    net = Network()
    x = net.conv(net.input(3, 6), 4, 3, padding=1, name="before")
    y = spelling(net, x)
    if stream and y.shape == x.shape:
        y = y + x
    net.output(net.dense(net.conv(y, 2, 1, name="middle"), 3, name="after"))
    return net


def _table(result: Analysis) -> dict[str, list]:
    names = sorted(row.name for row in result.parameters)
    return {name: [tuple(np.shape(result.counts(name))), *result.counts(name).ravel()] for name in names}


def _constant(net: Network, name: str) -> Feature:
    return net._add(Constant(name, ()))


def _two(net: Network, x: Feature) -> tuple[Feature, Feature]:
    return net.conv(x, 4, 1, name="left"), net.conv(x, 4, 3, padding=1, name="right")


def _projections(net: Network, x: Feature) -> tuple[Feature, Feature, Feature]:
    query, key, value = (net.dense(x, 3, name=name) for name in ("query", "key", "value"))
    return query, key, value


def _affine(net: Network, x: Feature, size: int) -> Feature:
    weight, bias = (net.parameter(size, name=f"norm.{name}") for name in ("weight", "bias"))
    return net.add(net.multiply(x, weight), bias)


# -- what must stay apart -------------------------------------------------------------------------


def test_a_value_with_two_users_stays_a_node() -> None:
    """Where sigmoid(x) is read elsewhere too, x * sigmoid(x) has two ways from x."""
    net = Network()
    x = net.dense(net.input(2), 3, bias=False)
    gate = net.sigmoid(x)
    net.output(x * gate, gate)
    # x to the product directly, by the gate to the product, and by the gate to its own output
    assert (analyze(net, exact=True).counts("dense.weight") == 3).all()


def test_a_gate_with_learnable_layers_routes() -> None:
    """Squeeze-and-excite is no statistic: paths run through its layers."""
    net = Network()
    x = net.conv(net.input(1, 4), 2, 1, bias=False, name="conv")
    gate = net.conv(net.global_pool(x, keepdims=True), 2, 1, name="gate")
    net.output(x * gate)
    result = analyze(net, exact=True)
    # Each of 4 positions: itself, and by the pool to both gates, each of which scales 4 positions.
    assert (result.counts("conv.weight") == 4 * (1 + 2 * 4)).all()
    assert (result.counts("gate.weight") == 4).all()


def test_coupled_statistics_route() -> None:
    """normalization="coupled" keeps the edges from every element through the statistic."""
    net = Network()
    x = net.dense(net.input(2), 3, bias=False)
    net.output(net.softmax(x))
    assert (analyze(net, exact=True).counts("dense.weight") == 1).all()
    assert (analyze(net, exact=True, normalization="coupled").counts("dense.weight") == 1 + 3).all()


def test_a_statistic_of_something_else_routes() -> None:
    """Only what is computed from the value itself rescales it."""
    net = Network()
    x = net.input(3)
    a, b = net.dense(x, 4, bias=False, name="a"), net.dense(x, 4, bias=False, name="b")
    net.output(net.multiply(a, net.reduce(b, -1, keepdims=True)))
    assert (analyze(net, exact=True).counts("b.weight") == 4).all()
