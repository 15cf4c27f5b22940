"""Fewer sets of parameters than blocks: sequence:M, cycle:M, cycle_rev:M."""

import pytest

import reprior
from reprior import Network
from reprior.errors import SpecError
from reprior.sharing import layer_order, resolve


def test_orders():
    assert layer_order("sequence", 3, 6) == [0, 0, 1, 1, 2, 2]
    assert layer_order("cycle", 3, 6) == [0, 1, 2, 0, 1, 2]
    assert layer_order("cycle_rev", 3, 6) == [0, 1, 2, 2, 1, 0]
    assert layer_order("cycle_rev", 3, 9) == [0, 1, 2, 0, 1, 2, 2, 1, 0]
    with pytest.raises(SpecError, match="cannot use"):
        layer_order("cycle", 7, 6)


def stack(blocks=4):
    net = Network()
    x = net.dense(net.input(5), 6, name="stem")
    for number in range(blocks):
        with net.scope(f"blocks.{number}"):
            x = x + net.dense(net.relu(net.dense(x, 8, name="up")), 6, name="down")
    net.output(net.dense(x, 2, name="head"))
    return net


@pytest.mark.parametrize("order", ["sequence", "cycle", "cycle_rev"])
def test_the_what_if_is_the_tied_network(order):
    """A policy over four blocks of their own, against a network in which the weights are tied."""
    found = reprior.analyze(stack(), share=f"{order}:2", exact=True)
    net = Network()
    x = net.dense(net.input(5), 6, name="stem")
    sets = [[net.parameter(8, 6, name=f"{k}.up"), net.parameter(6, 8, name=f"{k}.down")] for k in range(2)]
    biases = [
        [
            net.parameter(8, name=f"{k}.up_bias", role="bias"),
            net.parameter(6, name=f"{k}.down_bias", role="bias"),
        ]
        for k in range(2)
    ]
    for use in layer_order(order, 2, 4):
        y = net.add(net.dense(x, 8, weight=sets[use][0], bias=False), biases[use][0])
        y = net.add(net.dense(net.relu(y), 6, weight=sets[use][1], bias=False), biases[use][1])
        x = x + y
    net.output(net.dense(x, 2, name="head"))
    tied = reprior.analyze(net, exact=True)
    assert found.num_parameters == tied.num_parameters
    assert found.total_contexts == tied.total_contexts
    assert found.utility == pytest.approx(tied.utility)
    assert found.utility < reprior.analyze(stack()).utility


def test_refusals():
    with pytest.raises(SpecError, match="number of sets"):
        resolve("cycle:many")
    with pytest.raises(SpecError, match="blocks alike"):
        reprior.analyze(stack(2), share="cycle:2")
    with pytest.raises(SpecError, match="cycle_rev:M"):
        resolve("cycles")


def test_in_a_module():
    torch = pytest.importorskip("torch")
    from reprior.sharing import share_parameters

    def net():
        layers = [torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) for _ in range(4)]
        return torch.nn.Sequential(torch.nn.Linear(3, 8), *layers, torch.nn.Linear(8, 2)).eval()

    module = net()
    summary = share_parameters(module, "cycle_rev:2")
    assert module[1].linear1.weight is module[4].linear1.weight
    assert module[2].linear1.weight is module[3].linear1.weight
    assert module[1].linear1.weight is not module[2].linear1.weight
    assert summary.before - summary.after == 2 * sum(p.numel() for p in module[1].parameters())
