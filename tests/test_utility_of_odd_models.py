"""U_G of what no population has: finite, larger for what is larger, the same by any front-end."""

import math
from itertools import pairwise

import pytest

import reprior
from reprior import Network
from reprior.errors import RepriorError
from reprior.models.families import cnn, mlp


def utility(model, *shape):
    return reprior.analyze(model, shape or None).utility


def attention(width, depth, length=10):
    net = Network()
    x = net.input(length, width)
    for _ in range(depth):
        x = x + net.multi_head_attention(x, 4)
    net.output(x)
    return net


def pointwise(width, depth, size=16):
    net = Network()
    x = net.input(3, size, size)
    for _ in range(depth):
        x = net.relu(net.conv(x, width, 1))
    net.output(net.global_pool(x))
    return net


def depthwise(width, depth, size=16):
    net = Network()
    x = net.input(width, size, size)
    for _ in range(depth):
        x = net.relu(net.conv(x, width, 3, padding=1, groups=width))
    net.output(net.global_pool(x))
    return net


def recurrent(width, depth, length=6, kind="lstm"):
    net = Network()
    x = net.input(length, 5)
    for _ in range(depth):
        x = getattr(net, kind)(x, width)
    net.output(net.dense(x, 3))
    return net


def graph_network(width, depth, nodes=7):
    """Features of nodes, mixed by a learnable adjacency."""
    net = Network()
    x = net.input(nodes, 5)
    for k in range(depth):
        mixing = net.parameter(1, nodes, nodes, name=f"mixing.{k}")
        x = net.relu(net.matmul(mixing, net.dense(x, width)))
    net.output(net.reduce(x, 1))
    return net


FAMILIES = {
    "attention": attention,
    "1x1 convolutions": pointwise,
    "depthwise": depthwise,
    "lstm": recurrent,
    "gru": lambda *a: recurrent(*a, kind="gru"),
    "rnn": lambda *a: recurrent(*a, kind="rnn"),
    "graph network": graph_network,
    **{
        f"{name}, {skip}": lambda width, depth, skip=skip, make=make: make(16, width, depth, 10, skip=skip)
        for name, make in (("perceptron", mlp), ("convolutions", cnn))
        for skip in ("none", "residual", "dense")
    },
}


def grows(values):
    return all(math.isfinite(value) for value in values) and all(a < b for a, b in pairwise(values))


@pytest.mark.parametrize("family", FAMILIES)
def test_grows_with_width_and_depth(family):
    make = FAMILIES[family]
    assert grows([utility(make(width, 2)) for width in (4, 8, 16, 64)])
    assert grows([utility(make(8, depth)) for depth in (1, 2, 4, 8)])


@pytest.mark.parametrize("make", [attention, recurrent])
def test_grows_with_the_length(make):
    assert grows([utility(make(8, 2, length)) for length in (2, 4, 8, 16)])


@pytest.mark.parametrize("make", [pointwise, depthwise])
def test_never_falls_with_the_size_of_images_and_saturates(make):
    values = [utility(make(8, 2, size)) for size in (2, 4, 16, 64, 256, 1024)]
    assert grows(values[:4]) and values[4] == pytest.approx(values[3], abs=1e-3) == values[5]


def test_the_smallest():
    """One weight, one place: R = 500 (1 - exp(-1/500)), N = 1."""
    net = Network()
    net.output(net.dense(net.input(1), 1, bias=False))
    assert utility(net) == pytest.approx(math.log2(500 * -math.expm1(-1 / 500)))
    gain = Network()
    gain.output(gain.scale(gain.input(3), 3))
    assert utility(gain) is None  # no layer


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrence_by_torch_and_by_the_builder(kind):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = getattr(torch.nn, kind)(5, 8, 2, batch_first=True)
            self.head = torch.nn.Linear(8, 3)

        def forward(self, x):
            return self.head(self.body(x)[0])

    assert utility(Net(), 6, 5) == pytest.approx(utility(recurrent(8, 2, kind=kind.lower())))


def test_a_slice_within_one_part_of_a_concatenation_is_that_part():
    """Two branches, concatenated and taken apart again, are the branches."""

    def net(apart):
        net = Network()
        x = net.input(4, 6)
        parts = [net.relu(net.dense(x, width)) for width in (8, 12)]
        if not apart:
            both = net.permute(net.concatenate(*parts, axis=2), 0, 2, 1)
            halves = net.slice(both, 0, 8), net.slice(both, 8, 20)
            parts = [net.permute(half, 0, 2, 1) for half in halves]
        net.output(net.dense(net.dense(parts[0], 3) + net.dense(parts[1], 3), 2))
        return net

    assert utility(net(apart=False)) == pytest.approx(utility(net(apart=True)))


def test_attention_by_torch_and_by_the_builder():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            parts = [torch.nn.MultiheadAttention(16, 4, batch_first=True) for _ in range(2)]
            self.parts = torch.nn.ModuleList(parts)

        def forward(self, x):
            for part in self.parts:
                x = x + part(x, x, x, need_weights=False)[0]
            return x

    assert utility(Net(), 10, 16) == pytest.approx(utility(attention(16, 2)))


def test_a_batch_is_more_places():
    """Told nothing of batches, U_G counts what a parameter meets: give one sample to compare models."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))
    values = [reprior.analyze(net, torch.zeros(batch, 6)).utility for batch in (1, 2, 8)]
    assert values[0] == utility(net, 6) and grows(values)
    places = Network()
    x = places.relu(places.dense(places.input(8, 6), 8))
    places.output(places.dense(x, 3))
    assert values[2] == pytest.approx(utility(places))


def test_a_model_without_an_output_is_refused():
    with pytest.raises(RepriorError):
        reprior.analyze(Network())
