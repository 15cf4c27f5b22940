"""Every layer of the builder, with figures worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprior import Analysis, Feature, GraphError, Network, ShapeError, analyze
from reprior.frontends.network.geometry import paddings

from ...property.profile import examples


def counted(build: Callable[[Network], Feature]) -> Analysis:
    """Exact analysis of a network with one output."""
    net = Network()
    net.output(build(net))
    return analyze(net, exact=True)


def every(result: Analysis, name: str) -> int:
    """The count that all scalars of a parameter have."""
    (value,) = set(result.counts(name).ravel().tolist())
    return value


def shapes(result: Analysis) -> dict[str, tuple[int, ...]]:
    return {row.name: row.shape for row in result.parameters}


# -- products -------------------------------------------------------------------------------------


def test_conv() -> None:
    """8x8 to 6x6: every tap meets 36 positions, the bias too."""
    result = counted(lambda net: net.conv(net.input(3, 8, 8), 5, 3, bias=True))
    assert shapes(result) == {"conv.weight": (5, 3, 3, 3), "conv.bias": (5,)}
    assert every(result, "conv.weight") == every(result, "conv.bias") == 36
    assert result.num_inputs == 3 * 64 and result.num_outputs == 5 * 36
    assert result.num_weight_nodes == result.num_parameters == 5 * 27 + 5


def test_grouped_and_depthwise_conv() -> None:
    """A channel is read by the outputs of its group alone."""

    def build(net: Network) -> Feature:
        x = net.conv(net.input(1, 4), 6, 1, name="in")
        return net.conv(net.conv(x, 12, 1, groups=3, name="grouped"), 12, 2, groups=12, name="depthwise")

    result = counted(build)
    assert shapes(result)["grouped.weight"] == (12, 2, 1)
    assert shapes(result)["depthwise.weight"] == (12, 1, 2)
    assert every(result, "depthwise.weight") == 3
    # The ends of 4 positions meet one tap, the others two; an input channel feeds 4 outputs.
    assert every(result, "grouped.weight") == 1 + 2 + 2 + 1
    assert every(result, "in.weight") == 4 * 6


def test_dilation_and_asymmetric_padding() -> None:
    """5 positions and one of padding before, taps two apart: outputs read (-1, 1), (0, 2), (1, 3), (2, 4)."""
    result = counted(lambda net: net.conv(net.input(1, 5), 1, 2, dilation=2, padding=((1, 0),)))
    assert result.num_outputs == 4
    assert result.counts("conv.weight").ravel().tolist() == [3, 4]


def test_a_tap_that_only_meets_padding_is_dead() -> None:
    result = counted(lambda net: net.conv(net.input(1, 1), 1, 3, padding=1))
    assert result.counts("conv.weight").ravel().tolist() == [0, 1, 0]
    assert result.dead_parameters == 2 and result.num_parameters == 1


@examples(200)
@given(
    size=st.integers(1, 40), kernel=st.integers(1, 7), stride=st.integers(1, 5), dilation=st.integers(1, 3)
)
def test_same_padding(size: int, kernel: int, stride: int, dilation: int) -> None:
    """TensorFlow's SAME: ceil(size / stride) positions by as little padding as can be, the odd one after."""
    ((before, after),) = paddings("same", [size], [kernel], [stride], [dilation])
    span = (kernel - 1) * dilation + 1
    assert (size + before + after - span) // stride + 1 == math.ceil(size / stride)
    assert 0 <= after - before <= 1
    if before + after:
        assert (size + before + after - 1 - span) // stride + 1 < math.ceil(size / stride)


def test_half_padding() -> None:
    assert paddings("half", [9, 9], [3, 5], [2, 1], [1, 1]) == ((1, 1), (2, 2))


def test_conv_transpose() -> None:
    """3 positions, stride 2, kernel 3, padding 1, one more at the end: 6 outputs.

    Feature i and tap t write 2 i + t - 1: only (0, 0) falls off.
    """
    result = counted(
        lambda net: net.conv_transpose(
            net.input(2, 3), 4, 3, stride=2, padding=1, output_padding=1, bias=True
        )
    )
    assert shapes(result)["conv_transpose.weight"] == (2, 4, 3)
    assert result.num_outputs == 4 * 6
    assert result.counts("conv_transpose.weight")[0, 0].tolist() == [2, 3, 3]
    assert every(result, "conv_transpose.bias") == 6


def test_dense_over_the_last_axis() -> None:
    result = counted(lambda net: net.dense(net.input(7, 3), 2))
    assert shapes(result) == {"dense.weight": (2, 3), "dense.bias": (2,)}
    assert every(result, "dense.weight") == every(result, "dense.bias") == 7


def test_embedding_counts_index_elements_as_inputs() -> None:
    result = counted(lambda net: net.embedding(net.input(5), 10, 4))
    assert every(result, "embedding.weight") == 5
    assert result.num_inputs == 5 and result.num_outputs == 20


def test_einsum_and_matmul() -> None:
    def build(net: Network) -> Feature:
        a, b = net.parameter(1, 2, 3, name="a"), net.parameter(1, 3, 4, name="b")
        x = net.input(4, 5)
        return net.einsum("bij,bjk->bik", a @ b, x)

    result = counted(build)
    # a[i, j] meets 4 columns of b, b[j, k] 2 rows of a; each product meets 5 columns of x.
    assert every(result, "a") == 4 * 5
    assert every(result, "b") == 2 * 5


# -- attention ------------------------------------------------------------------------------------


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention(heads: int, causal: bool) -> None:
    """Length L, width D, P pairs of positions that meet; the output projection has D outputs a position.

    out: L. value: P pairs, D outputs. query and key: P pairs, D / heads values, D outputs.
    """
    length, width = 5, 8
    result = counted(lambda net: net.multi_head_attention(net.input(length, width), heads, causal=causal))
    pairs = length * (length + 1) // 2 if causal else length**2
    assert set(shapes(result)) == {
        f"attention.{part}.{leaf}" for part in ("query", "key", "value", "out") for leaf in ("weight", "bias")
    }
    assert every(result, "attention.out.weight") == length
    assert every(result, "attention.value.weight") == every(result, "attention.value.bias") == pairs * width
    assert every(result, "attention.query.weight") == pairs * (width // heads) * width
    assert every(result, "attention.key.bias") == pairs * (width // heads) * width


def test_cross_attention() -> None:
    def build(net: Network) -> Feature:
        return net.multi_head_attention(net.input(2, 4), 2, context=net.input(3, 4))

    result = counted(build)
    assert every(result, "attention.value.weight") == 3 * 2 * 4
    assert every(result, "attention.query.weight") == 3 * 2 * 2 * 4


def test_attention_mask_and_bias() -> None:
    """Query 0 sees key 0, query 1 sees keys 0 and 2; a position's bias feeds the two values."""
    seen = np.array([[True, False, False], [True, False, True]])

    def build(net: Network) -> Feature:
        table = net.parameter(1, 2, 3, name="table")
        value = net.dense(net.input(3, 2), 2, bias=False, name="value")
        return net.attention(net.input(2, 4), net.input(3, 4), value, mask=seen, bias=table)

    result = counted(build)
    assert result.counts("table")[0].tolist() == (2 * seen).tolist()
    assert every(result, "value.weight") == seen.sum()


# -- normalisation, pointwise ---------------------------------------------------------------------


def test_batch_norm_by_preset() -> None:
    net = Network()
    net.output(net.batch_norm(net.input(3, 4, 4)))
    assert set(shapes(analyze(net))) == {"batch_norm.weight", "batch_norm.bias"}
    paper = analyze(net, preset="paper", exact=True)
    assert paper.num_parameters == 4 * 3
    assert every(paper, "batch_norm.running_var") == every(paper, "batch_norm.weight") == 16


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda net, x: net.layer_norm(x), {"layer_norm.weight": (4,), "layer_norm.bias": (4,)}),
        (lambda net, x: net.layer_norm(x, axes=2), {"layer_norm.weight": (6, 4), "layer_norm.bias": (6, 4)}),
        (lambda net, x: net.rms_norm(x), {"rms_norm.weight": (4,)}),
        (lambda net, x: net.group_norm(x, 3), {"group_norm.weight": (6,), "group_norm.bias": (6,)}),
        (lambda net, x: net.group_norm(x, 6), {"group_norm.weight": (6,), "group_norm.bias": (6,)}),
        (lambda net, x: net.scale(x, 6, 1), {"scale.scale": (6, 1)}),
    ],
)
def test_norms_do_not_route(layer: Callable, expected: dict) -> None:
    """24 elements, one edge each: a leaf counts the elements it meets, and x keeps its single path."""

    def build(net: Network) -> Feature:
        x = net.multiply(net.input(6, 4), net.parameter(1, 6, 4, name="mark"))
        return layer(net, x)

    result = counted(build)
    assert every(result, "mark") == 1
    assert {name: shape for name, shape in shapes(result).items() if name != "mark"} == expected
    for name, shape in expected.items():
        assert every(result, name) == 24 // math.prod(shape)


def test_instance_norm_over_an_image() -> None:
    result = counted(lambda net: net.group_norm(net.conv(net.input(1, 3, 3), 4, 1), 4))
    assert every(result, "group_norm.weight") == 9
    assert every(result, "conv.weight") == 9


def test_broadcast_pointwise() -> None:
    """A (4, 1) operand meets 5 columns, a (5,) operand 4 rows."""

    def build(net: Network) -> Feature:
        a, b = net.parameter(4, 1, name="a"), net.parameter(5, name="b")
        return net.add(net.input(4, 5), net.multiply(a, b))

    result = counted(build)
    assert every(result, "a") == 5 and every(result, "b") == 4


# -- pooling, resampling, moves -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "contexts"),
    [
        (lambda net, x: net.pool(x, 2), [1, 1, 1, 1, 1, 1]),
        (lambda net, x: net.pool(x, 3, stride=1, padding=1), [2, 3, 3, 3, 3, 2]),
        (lambda net, x: net.pool(x, 4, stride=3), [1, 1, 1, 1, 0, 0]),
        (lambda net, x: net.pool(x, 4, stride=3, ceil=True), [1, 1, 1, 2, 1, 1]),
        (lambda net, x: net.pool(x, 2, dilation=4), [1, 0, 0, 0, 1, 0]),
        (lambda net, x: net.global_pool(x), [1] * 6),
        (lambda net, x: net.adaptive_pool(x, 4), [1, 2, 1, 1, 2, 1]),
        (lambda net, x: net.upsample(x, 3), [3] * 6),
        # Halves fall a quarter from the ends: inner positions are read by 4, the ends by 3.
        (lambda net, x: net.upsample(x, 2, mode="bilinear"), [3, 4, 4, 4, 4, 3]),
        (lambda net, x: net.reduce(x, -1), [1] * 6),
        (lambda net, x: net.pad(x, (1, 2)), [1] * 6),
        (lambda net, x: net.pad(x, (-1, 2)), [0, 1, 1, 1, 1, 1]),
        (lambda net, x: net.take(x, [5, 5, 0], axis=2), [1, 0, 0, 0, 0, 2]),
        (lambda net, x: net.slice(x, 1, 3, axis=2), [0, 1, 1, 0, 0, 0]),
        (lambda net, x: net.concatenate(x, x), [2] * 6),
        (lambda net, x: net.concatenate(*net.split(x, [2, 4], axis=2)[::-1], axis=2), [1] * 6),
        (lambda net, x: net.flatten(net.permute(x, 2, 1, 0)), [1] * 6),
        (lambda net, x: net.add(x, net.nothing_like(x)), [1] * 6),
    ],
)
def test_which_positions_are_read(layer: Callable, contexts: list[int]) -> None:
    """Each of 6 positions carries a mark; its contexts are the outputs that the position reaches."""

    def build(net: Network) -> Feature:
        return layer(net, net.multiply(net.input(1, 6), net.parameter(1, 1, 6, name="mark")))

    assert counted(build).counts("mark").ravel().tolist() == contexts


def test_moves_have_the_shapes_they_say() -> None:
    net = Network()
    x = net.input(4, 6)
    assert net.reshape(x, 2, 12).shape == (2, 12)
    assert net.flatten(x).shape == (1, 24)
    assert net.permute(x, 0, 2, 1).shape == (1, 6, 4)
    assert [part.shape for part in net.split(x, 2)] == [(1, 2, 6)] * 2
    assert net.upsample(x, 2).shape == net.upsample(x, 2, mode="bilinear").shape == (1, 4, 12)
    assert net.global_pool(x, keepdims=True).shape == (1, 4, 1)
    assert repr(x) == "Feature(1, 4, 6)"


# -- tying, transformations, names ----------------------------------------------------------------


def test_tied_layers() -> None:
    """Two dense layers of one weight: the last counts 1, the first 3; N_W counts each use."""
    net = Network()
    weight = net.parameter(3, 3, name="shared")
    x = net.dense(net.input(3), 3, weight=weight, bias=False)
    net.output(net.dense(x, 3, weight=weight, bias=False))
    result = analyze(net, exact=True)
    assert every(result, "shared") == 1 + 3
    assert (result.num_parameters, result.num_weight_nodes) == (9, 18)
    assert result.parameters[0].use_sites == 2


def test_low_rank_adaptation() -> None:
    """W + B A, 4 to 5 by rank 2, over 3 positions: A[r, i] meets all 5 rows of B, B[o, r] all 4 of A."""

    def build(net: Network) -> Feature:
        weight = net.parameter(5, 4, name="W")
        delta = net.parameter(5, 2, name="B") @ net.parameter(2, 4, name="A")
        return net.dense(net.input(3, 4), 5, weight=weight + delta, bias=False)

    result = counted(build)
    assert every(result, "W") == 3
    assert every(result, "A") == 5 * 3
    assert every(result, "B") == 4 * 3


def test_weight_norm() -> None:
    """g v / |v|: the norm rescales v, so each of v has its one way; g[o] scales 2 * 3 taps."""

    def build(net: Network) -> Feature:
        v, g = net.parameter(4, 2, 3, name="v"), net.parameter(4, 1, 1, name="g")
        kernel = net.multiply(net.multiply(v, net.reduce(v, 1, 2, keepdims=True)), g)
        return net.conv(net.input(2, 5), 4, 3, weight=kernel)

    result = counted(build)
    assert every(result, "v") == 3
    assert every(result, "g") == 2 * 3 * 3


def test_kernel_bank() -> None:
    """A combination of 3 kernels: a coefficient meets each of 8 taps, a kernel's tap its coefficient."""

    def build(net: Network) -> Feature:
        bank = net.parameter(3, 2, 2, 2, name="bank")
        kernel = net.einsum("k,koct->oct", net.parameter(3, name="alpha"), bank)
        return net.conv(net.input(2, 4), 2, 2, weight=kernel)

    result = counted(build)
    assert every(result, "bank") == 3
    assert every(result, "alpha") == 8 * 3


def test_hypernetwork() -> None:
    """A layer that writes a kernel from the data: its rows share the kernel's contexts."""

    def build(net: Network) -> Feature:
        kernel = net.reshape(net.dense(net.input(3), 8, bias=False, name="writer"), 2, 2, 2)
        return net.conv(net.input(2, 4), 2, 2, weight=kernel)

    assert every(counted(build), "writer.weight") == 3


def test_layers_are_named_and_numbered() -> None:
    net = Network()
    x = net.input(2, 4)
    with net.scope("stem"):
        x = net.conv(net.conv(x, 2, 1), 2, 1)
        with net.scope("inner"):
            x = net.conv(x, 2, 1, name="last")
    net.output(net.conv(x, 2, 1))
    names = [leaf.name for _, leaf in net.graph().parameters]
    assert names == ["stem.conv.weight", "stem.conv2.weight", "stem.inner.last.weight", "conv.weight"]


# -- mistakes -------------------------------------------------------------------------------------


def _bad_weight(net: Network) -> object:
    return net.dense(net.input(3), 2, weight=net.parameter(2, 4))


def _name_taken(net: Network) -> object:
    return [net.dense(net.input(3), 3, name=name) for name in ("a2", "a", "a")]


def _no_output(net: Network) -> object:
    net.dense(net.input(3), 2)
    return analyze(net)


def _no_parameter(net: Network) -> object:
    net.output(net.relu(net.input(3)))
    return analyze(net)


def _no_path(net: Network) -> object:
    weight = net.nothing_like(net.parameter(2, 3))
    net.output(net.dense(net.input(3), 2, weight=weight, bias=False))
    return analyze(net)


Mistake = Callable[[Network], object]
SHAPE_MISTAKES: dict[str, tuple[Mistake, str]] = {
    "input of no size": (lambda net: net.input(3, 0), "positive"),
    "input of negative size": (lambda net: net.input(-3), "positive"),
    "parameter of no size": (lambda net: net.parameter(0, 3), "positive"),
    "vanishing map": (lambda net: net.conv(net.input(3, 2, 2), 4, 3), "in 'conv'.*vanishes"),
    "vanishing pool": (lambda net: net.pool(net.input(3, 2, 2), 3), "in 'pool'.*vanishes"),
    "groups": (lambda net: net.conv(net.input(3, 4), 4, 1, groups=2), "'conv'.*2 groups.*3"),
    "no groups": (lambda net: net.conv(net.input(3, 4), 4, 1, groups=0), "'conv'.*0 groups"),
    "transposed": (lambda net: net.conv_transpose(net.input(3, 4), 4, 1, groups=2), "groups"),
    "no kernel": (lambda net: net.conv(net.input(3, 4), 4, 0), "positive"),
    "no stride": (lambda net: net.conv(net.input(3, 4), 4, 1, stride=0), "positive"),
    "no channels": (lambda net: net.conv(net.input(3, 4), 0, 1), "positive"),
    "axes of the kernel": (lambda net: net.conv(net.input(3, 4), 4, (1, 1)), "expected 1"),
    "padding": (lambda net: net.conv(net.input(3, 4), 4, 1, padding="valid"), "'valid'"),
    "no units": (lambda net: net.dense(net.input(3), 0), "positive"),
    "weight that does not fit": (_bad_weight, "in 'dense'.*both 3 and 4"),
    "heads": (lambda net: net.multi_head_attention(net.input(3, 8), 3), "3 heads.*8"),
    "no heads": (lambda net: net.multi_head_attention(net.input(3, 8), 0), "0 heads"),
    "mask and causal": (lambda net: _attend(net, causal=True, mask=np.ones((3, 3))), "not both"),
    "mask that does not fit": (lambda net: _attend(net, mask=np.ones((2, 5))), "mask.*scores"),
    "groups of a norm": (lambda net: net.group_norm(net.input(3, 4), 2), "2 groups.*3"),
    "no groups of a norm": (lambda net: net.group_norm(net.input(3, 4), 0), "0 groups"),
    "broadcasting": (lambda net: net.input(3) + net.input(4), "broadcast"),
    "reshape": (lambda net: net.reshape(net.input(3), 4), "cannot reshape"),
    "reshape to negative": (lambda net: net.reshape(net.input(3), -1, -3), "cannot reshape"),
    "permute": (lambda net: net.permute(net.input(3), 0, 2), "permute"),
    "concatenate": (lambda net: net.concatenate(net.input(3, 4), net.input(3, 5)), "concatenate"),
    "split": (lambda net: net.split(net.input(5), 2), "cannot split"),
    "split by sizes": (lambda net: net.split(net.input(5), [2, 2]), "add up"),
    "split by negative sizes": (lambda net: net.split(net.input(5), [-1, 6]), "slice"),
    "slice": (lambda net: net.slice(net.input(5), 3, 9), "slice 3:9"),
    "take": (lambda net: net.take(net.input(5), [7]), "positions"),
    "axis": (lambda net: net.reduce(net.input(5), 7), "no axis 7"),
    "negative axis": (lambda net: net.softmax(net.input(5), axis=-3), "no axis -3"),
    "mode": (lambda net: net.upsample(net.input(1, 5), 2, mode="cubic"), "'cubic'"),
    "factor": (lambda net: net.upsample(net.input(1, 5), 0), "factor 0"),
    "operands": (lambda net: net.einsum("bi,oi->bo", net.input(3)), "1 operands"),
    "repeated index": (lambda net: net.einsum("ii->i", net.input(1)), "repeats"),
    "unknown index": (lambda net: net.einsum("bi->bo", net.input(3)), "no operand has"),
}
GRAPH_MISTAKES: dict[str, tuple[Mistake, str]] = {
    "another network": (lambda net: net.relu(Network().input(3)), "another network"),
    "one name twice": (_name_taken, "two parameters.*'a2.weight'"),
    "no output": (_no_output, "no output"),
    "no parameter": (_no_parameter, "no learnable"),
    "no path": (_no_path, "path to an output"),
}
MISTAKES = {
    **{name: (make, ShapeError, text) for name, (make, text) in SHAPE_MISTAKES.items()},
    **{name: (make, GraphError, text) for name, (make, text) in GRAPH_MISTAKES.items()},
}


def _attend(net: Network, **options: object) -> Feature:
    x = net.input(3, 4)
    return net.attention(x, x, x, **options)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_in_one_line(mistake: str) -> None:
    make, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message) as raised:
        make(Network())
    assert "\n" not in str(raised.value)
