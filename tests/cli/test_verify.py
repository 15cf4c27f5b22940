"""`reprior verify` on the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.runner import Runner

MODELS = """
import torch
from torch import nn

class Wrong(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        x = self.layer(x)
        if x.requires_grad:
            x.register_hook(torch.zeros_like)
        return x

def right():
    return nn.Conv1d(1, 2, 3, padding=1), (1, 1)
"""


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    (tmp_path / "verified_models.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


def test_agreement(runner: Runner) -> None:
    out = runner.prints("verify", "py:verified_models:right", "--all")
    assert "Count and gradients agree." in out
    assert "fed input 1x1x1:float32; weights float64, normalization local" in out
    assert "weight" in out


def test_a_difference_is_status_3(runner: Runner) -> None:
    result = runner("verify", "py:verified_models:Wrong", "--input", "3", "--draws", "1")
    assert (result.status, result.err) == (3, "")
    assert "layer.weight: 6 elements counted alive, but have no gradient" in result.out
    assert "DIFFER" in result.out


def test_json(runner: Runner, tmp_path) -> None:
    data = json.loads(runner.prints("verify", "py:verified_models:right", "--json", "-"))
    assert data["agrees"]
    some = {key: value for key, value in data["elements"].items() if value}
    assert some == {"numel": 8, "dead": 4, "plain": 4}
    assert [row["name"] for row in data["parameters"]] == ["weight", "bias"]
    assert runner("verify", "py:verified_models:Wrong", "--input", "3", "--json", "out.json").status == 3
    data = json.loads((tmp_path / "out.json").read_text())
    assert data["differences"][0]["kind"] == "alive_without_gradient"


def test_refusals(runner: Runner) -> None:
    assert "is a graph" in runner.refuse("verify", "paper:figure3a")
    assert "does not say what it takes" in runner.refuse("verify", "py:verified_models:Wrong")
    runner.refuse("verify", "py:verified_models:right", "--draws", "0")
