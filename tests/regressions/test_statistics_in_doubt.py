"""Where the search for statistics of themselves gives up, a note says so, and ``--strict`` refuses it."""

from __future__ import annotations

import pytest
import torch

import reprior
from reprior.cli import main
from reprior.core.passes import membership

_SOURCE = """
import torch

class Model(torch.nn.Module):
    def __init__(self, statistics):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(4, 4))
        self.statistics = statistics

    def forward(self, x):
        h = self.weight * 1
        kinds = [h.norm(dim=0), h.abs().amax(dim=0), h.abs().sum(dim=0)]
        scale = kinds[0]
        for other in kinds[1 : self.statistics]:
            scale = scale * other
        return h.T / scale

def one():
    return Model(1), torch.ones(4)

def two():
    return Model(2), torch.ones(4)

def three():
    return Model(3), torch.ones(4)
"""


@pytest.fixture(name="spec")
def _spec(tmp_path, monkeypatch):
    (tmp_path / "partly_own.py").write_text(_SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "py:partly_own"


def test_a_third_statistic_in_places_is_noted(spec, capsys) -> None:
    analysis = reprior.analyze(f"{spec}:three")
    assert [note.kind for note in analysis.notes if not note.is_certain] == ["approximated"]
    assert main(["analyze", f"{spec}:three"]) == 0
    assert "approximated: past 2 statistics" in capsys.readouterr().out
    assert main(["analyze", f"{spec}:three", "--strict"]) == 2
    assert "strict: approximated: past 2 statistics" in capsys.readouterr().err
    for name in ("one", "two"):
        reprior.analyze(f"{spec}:{name}", strict=True)


def test_a_comparison_past_the_cap_is_noted(spec, monkeypatch, capsys) -> None:
    monkeypatch.setattr(membership, "LARGEST", 15)  # 4 rows of 4 are compared
    assert main(["analyze", f"{spec}:one", "--strict"]) == 2
    assert "meet their own elements was not told" in capsys.readouterr().err
    # Each element is divided, and its column's norm reaches all four: 1 + 4.
    assert reprior.analyze(f"{spec}:one", exact=True).counts("weight").tolist()[0][0] == 5


def test_other_models_have_no_such_note() -> None:
    layer = torch.nn.TransformerEncoderLayer(8, 2, 8, batch_first=True)
    reprior.analyze(layer, torch.randn(1, 3, 8), strict=True)
