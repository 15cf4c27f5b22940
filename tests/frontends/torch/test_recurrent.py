"""Recurrent layers: unrolled like the same thing written out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import reprior
from reprior.frontends.torch import describe_module
from tests.frontends.torch.dependence import by_differentiation, by_graph

LAYERS = {
    "lstm": nn.LSTM(2, 3),
    "lstm of two layers": nn.LSTM(2, 3, num_layers=2, batch_first=True),
    "lstm both ways": nn.LSTM(2, 2, bidirectional=True, bias=False),
    "lstm projected": nn.LSTM(2, 3, proj_size=2),
    "gru": nn.GRU(2, 3, num_layers=2, bidirectional=True),
    "rnn": nn.RNN(2, 3),
    "rnn relu": nn.RNN(2, 3, nonlinearity="relu", bias=False, batch_first=True),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("shape", [(3, 2, 2), (3, 2)], ids=["batched", "unbatched"])
@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_dependence(name: str, shape: tuple[int, ...]) -> None:
    """Outputs and last states depend on inputs and weights as differentiation says."""
    layer = LAYERS[name]
    names = [key for key, _ in layer.named_parameters()]
    shapes = [shape, *(tuple(parameter.shape) for parameter in layer.parameters())]

    def run(x: torch.Tensor, *weights: torch.Tensor) -> Any:
        out, state = torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))
        return [out, *(state if isinstance(state, tuple) else [state])]

    # Small weights, so that no gate saturates.
    assert (by_graph(run, shapes) == by_differentiation(run, shapes, size=0.2)).all()


class Unrolled(nn.Module):
    """An LSTM layer from cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state, outputs = None, []
        for step in x.unbind(1):
            state = self.cell(step, state)
            outputs.append(state[0])
        return torch.stack(outputs, 1)


class ByHand(nn.Module):
    """An LSTM layer from linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer = nn.Linear(4, 20), nn.Linear(5, 20)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = cell = torch.zeros(x.shape[0], 5)
        outputs = []
        for time in range(x.shape[1]):
            i, f, g, o = (self.inner(x[:, time]) + self.outer(hidden)).chunk(4, 1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
            outputs.append(hidden)
        return torch.stack(outputs, 1)


def totals(module: nn.Module) -> list[int]:
    found = reprior.analyze(describe_module(module, (3, 4)), exact=True)
    return [found.counts(row.name).sum() for row in found.parameters]


def test_layer_and_cells_agree() -> None:
    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.LSTM(4, 5, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x)[0]

    assert totals(Layer()) == totals(Unrolled())


def test_weights_of_an_lstm_written_by_hand() -> None:
    """Where the state is zero no product of it is counted; biases are named in another order."""
    cells, linear = totals(Unrolled()), totals(ByHand())
    assert cells[0] == linear[0]
    assert cells[1] == linear[2]


def test_contexts_of_a_plain_recurrence() -> None:
    """``h_t = act(W x_t + U h_(t-1))`` with one unit: U reaches T outputs once per earlier step."""
    layer = nn.RNN(1, 1, bias=False, batch_first=True)
    model = describe_module(layer, {"input": (1, 4, 1)}, outputs=["0"])
    found = reprior.analyze(model, exact=True)
    # W at step t reaches the outputs t..4, one way each; U is first used at step 2.
    assert found.counts("weight_ih_l0").tolist() == [[4 + 3 + 2 + 1]]
    assert found.counts("weight_hh_l0").tolist() == [[3 + 2 + 1]]
