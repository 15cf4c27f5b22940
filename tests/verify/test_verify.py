"""`reprior verify` finds what is wrong, says what it cannot see, and is content with what is right."""

from __future__ import annotations

import copy
import gc
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import reprior
from reprior.errors import RepriorError, SpecError
from reprior.frontends.torch.verify import run
from reprior.verification import Found, check_parameter


class Applied(nn.Module):
    """A linear layer and a function of its result."""

    def __init__(self, function: Any, width: int = 4) -> None:
        super().__init__()
        self.layer, self.function = nn.Linear(3, width), function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self.layer(x))


def blocked(x: torch.Tensor) -> torch.Tensor:
    """The identity, with a derivative that is wiped out."""
    x = x * 1
    if x.requires_grad:
        x.register_hook(torch.zeros_like)
    return x


class Scaled(torch.autograd.Function):
    """A derivative where there is no dependence: the first column alone is used."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x * torch.tensor([1.0, 0.0, 0.0, 0.0], dtype=x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


def test_a_gradient_of_zero_differs_from_alive() -> None:
    found = reprior.verify(Applied(blocked), (2, 3), name="blocked")
    assert not found.agrees
    kinds = {item.name: (item.kind, item.elements) for item in found.differences}
    assert kinds == {
        "layer.weight": ("alive_without_gradient", 12),
        "layer.bias": ("alive_without_gradient", 4),
    }
    assert found.differences[0].first[:2] == ((0, 0), (0, 1))
    assert "layer.bias: 4 elements counted alive, but have no gradient: [0], [1]" in str(found)


def test_a_gradient_differs_from_dead() -> None:
    found = reprior.verify(Applied(Scaled.apply), (2, 3))
    assert [(item.name, item.kind, item.elements) for item in found.differences] == [
        ("layer.weight", "dead_with_gradient", 9),
        ("layer.bias", "dead_with_gradient", 3),
    ]
    assert found.differences[1].first == ((1,), (2,), (3,))


INVISIBLE = {
    "argmax": lambda x: F.one_hot(x.argmax(-1), 4).to(x.dtype),
    "detach": lambda x: x.detach() * 2,
    "gt": lambda x: (x > 0).to(x.dtype),
}


@pytest.mark.parametrize("operation", INVISIBLE)
def test_what_no_derivative_reaches_is_said(operation: str) -> None:
    """Counted alive, as the outputs do depend on it; no gradient can tell."""
    found = reprior.verify(Applied(INVISIBLE[operation]), (2, 3))
    assert found.agrees and operation in found.unseen_operations
    assert found.undecided == found.total("unseen") + found.total("undecided")
    assert found.total("unseen") in (0, 16) and found.total("unseen") + found.total("dead") == 16


HIDDEN = {
    "never open": lambda x: F.relu(x - 1e3) + 0 * x.sum(),
    "one element": lambda x: x[..., :1].softmax(-1),
    "shift of a softmax": lambda x: (x * 0 + x[..., :1]).softmax(-1),
    "rounding": torch.round,
    "straight through": lambda x: x + (x.round() - x).detach(),
    "one winner": lambda x: x.sort(-1).values[..., :1],
    "clamped": lambda x: x.clamp(-1e-9, 1e-9),
    "layer norm of one": lambda x: F.layer_norm(x[..., None], (1,)),
    "maximum": lambda x: torch.maximum(x, x.detach() + 10),
    "in place": lambda x: torch.relu_(x - 1e3),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_slopes_hide_is_found(name: str) -> None:
    found = reprior.verify(Applied(HIDDEN[name]), (2, 3))
    assert found.agrees and not found.undecided
    assert found.total("plain") + found.total("softened") + found.total("dead") == 16


def test_a_bias_of_keys_is_alive() -> None:
    """Softmax takes the same from all scores: the gradient is zero, the path is there."""
    found = reprior.verify(nn.MultiheadAttention(4, 2, batch_first=True), [(1, 5, 4)] * 3)
    assert found.agrees and not found.undecided
    row = next(item for item in found.parameters if item.name == "in_proj_bias")
    assert (row.plain, row.softened) == (8, 4)


def test_rows_that_were_not_looked_up_are_alive() -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(500, 3), nn.Embedding(9, 3)

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            return self.words(input_ids) + self.places(torch.arange(input_ids.shape[1]))

    found = reprior.verify(Words(), {"input_ids": (1, 4)})
    assert found.agrees
    words, places = found.parameters
    assert words.plain < words.numel == words.plain + words.softened
    assert (places.plain, places.dead) == (12, 15)


def test_the_module_is_left_as_it_is() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).train()
    before = copy.deepcopy(module.state_dict())
    state = torch.random.get_rng_state()
    assert reprior.verify(module, (3, 6, 6)).agrees
    assert module.training and torch.equal(state, torch.random.get_rng_state())
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key]) and value.dtype == before[key].dtype
    assert all(parameter.grad is None for parameter in module.parameters())


def test_meta_tied_and_recurrent_parameters() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.rnn, self.two = nn.Linear(3, 3), nn.LSTM(3, 3, 2), nn.Linear(3, 3)
            self.two.weight = self.one.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.two(self.rnn(self.one(x))[0])

    with torch.device("meta"):
        module = Tied()
    found = reprior.verify(module, [(4, 1, 3)])
    assert found.agrees and found.dtype == "float64"
    assert "two.weight" not in [item.name for item in found.parameters]


def test_single_precision_where_the_model_insists() -> None:
    module = Applied(lambda x: x.float() @ torch.ones(4, 2))
    found = reprior.verify(module, (2, 3))
    assert found.agrees


def test_statistics_alone_are_dead_by_convention() -> None:
    """Weight standardisation: taps that meet padding only still move the mean."""

    class Standardised(nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight = F.layer_norm(self.weight, self.weight.shape[1:])
            return F.conv2d(x, weight, self.bias, padding=1)

    module = Standardised(2, 3, 3)
    found = reprior.verify(module, (2, 1, 1))
    assert found.agrees and found.total("statistics") == 3 * 2 * 8
    found = reprior.verify(module, (2, 1, 1), normalization="coupled")
    assert found.agrees and (found.total("statistics"), found.total("dead")) == (0, 0)


def test_single_precision_where_double_overflows() -> None:
    """A single-precision mask times the lowest double is infinite, and zero times that no number."""

    def masked(x: torch.Tensor) -> torch.Tensor:
        return x + torch.zeros(4, dtype=torch.float32) * torch.finfo(x.dtype).min

    found = reprior.verify(Applied(masked), (2, 3))
    assert found.agrees and found.dtype == "float32"


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(RepriorError, match="FloatingPointError: the forward gives"):
        reprior.verify(Applied(lambda x: x.log()), (2, 3))


def test_analysis_verify() -> None:
    module = nn.Conv2d(1, 2, 3, padding=1)
    analysis = reprior.analyze(module, (1, 1, 1), normalization="coupled")
    found = analysis.verify(draws=1, seed=3)
    assert found.agrees and (found.seed, found.normalization) == (3, "coupled")
    assert (found.total("dead"), found.total("plain")) == (16, 4)
    assert "verifier" not in analysis.to_dict()
    del module
    gc.collect()
    with pytest.raises(RepriorError, match="is gone"):
        analysis.verify()


def test_specs() -> None:
    found = reprior.verify("timm:test_resnet@32")
    assert found.agrees and found.input == {"x": "1x3x32x32:float32"}
    assert reprior.analyze("timm:test_resnet@32").verify().agrees


@pytest.mark.filterwarnings("ignore")  # of the library
def test_expensive_specs_get_a_smaller_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "_CHEAP", 1e6)
    found = reprior.verify("timm:test_resnet", draws=1)
    assert found.agrees and found.input == {"x": "1x3x32x32:float32"}
    assert reprior.verify("timm:test_resnet@64", draws=1).input == {"x": "1x3x64x64:float32"}
    fields = {"model_type": "bert", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = tmp_path / "config.json"
    config.write_text(json.dumps(fields | {"intermediate_size": 16, "vocab_size": 20}))
    found = reprior.verify(f"hf:{config}", draws=1)
    assert found.agrees and found.input["input_ids"] == "1x64:int64"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("paper:figure3a", "is a graph"),
        ("paper:resnet50", "is a graph"),
        ("tim:resnet18", "did you mean timm:resnet18"),
        (3, "cannot run 'int'"),
    ],
)
def test_what_does_not_run_is_refused(model: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        reprior.verify(model)


def test_graphs_are_refused() -> None:
    with pytest.raises(RepriorError, match="is a graph"):
        reprior.analyze("paper:figure3a").verify()


def test_draws_are_refused_below_one() -> None:
    with pytest.raises(SpecError, match="at least one draw"):
        reprior.verify(nn.Linear(2, 2), (2,), draws=0)


def test_memory_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_free_memory", lambda: 1000.0)
    with pytest.raises(RepriorError, match="GiB of memory for real weights"):
        reprior.verify(nn.Linear(100, 100), (100,))


def test_a_model_that_fails_is_named() -> None:
    def fails(x: torch.Tensor) -> torch.Tensor:
        if not x.is_inference():
            raise KeyError("no")
        return x

    with pytest.raises(RepriorError, match="'odd' does not run with random weights: KeyError"):
        reprior.verify(Applied(fails), (2, 3), name="odd")


def test_check_parameter() -> None:
    def mask(text: str) -> np.ndarray:
        return np.array([letter == "1" for letter in text])

    alive = mask("0011111")
    found = Found(
        plain=mask("0110000"), softened=mask("0001000"), unseen=mask("1000100"), faint=mask("0111010")
    )
    check, differences = check_parameter("w", alive, found)
    assert (check.dead, check.plain, check.softened, check.unseen, check.undecided) == (1, 1, 1, 1, 1)
    assert check.different == 2
    assert [(item.kind, item.first) for item in differences] == [
        ("dead_with_gradient", ((1,),)),
        ("alive_without_gradient", ((6,),)),
    ]
