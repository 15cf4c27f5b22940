"""Item 18 (notes): what a trace assumed or could not know reaches whoever reads the figures.

``Traced.notes`` used to end in the trace: neither the analysis, nor its JSON, nor the terminal showed it. And
errors were told apart by how their text began.
"""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
import torch
from torch import nn

import reprior
from reprior import RepriorError
from reprior.cli.app import main
from reprior.frontends.torch import describe_module, trace
from reprior.notes import Note


class Branching(nn.Linear):
    """Goes one of two ways, by what it is fed."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x if x.sum() > 0 else -x)


class Indexing(nn.Module):
    """Picks rows by a buffer; on the meta device its values are lost."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 4)
        self.register_buffer("order", torch.tensor([0, 0]))

    def forward(self, x: torch.Tensor, spare: torch.Tensor) -> torch.Tensor:
        return self.linear(x)[:, self.order]


def branching() -> tuple[nn.Module, Any]:
    """For the command line."""
    return Branching(3, 2), (3,)


SPEC = f"py:{__name__}:branching"


def test_item_18_notes_reach_the_analysis_and_its_json() -> None:
    found = reprior.analyze(Branching(3, 2), (3,), real=True)
    assert "assumed: control flow follows that of one example" in found.notes
    assert "the forward was computed for real, not on the meta device" in found.notes
    assert json.loads(found.to_json())["notes"] == list(found.notes)
    assert all(note in found.to_html() and note in found._repr_html_() for note in found.notes)
    assert reprior.analyze(nn.Linear(3, 2), (3,)).notes == ()


def test_item_18_unknown_buffers_and_inputs_that_reach_nothing_are_named() -> None:
    with torch.device("meta"):
        module = Indexing()
    given = {"x": (1, 3), "spare": (1, 5)}
    assert reprior.analyze(module, given).notes == (
        "unknown: values of buffer 'order'",
        "input 'spare' reaches no output",
    )
    assert reprior.analyze(Indexing(), given).notes == ("input 'spare' reaches no output",)


def test_item_18_the_terminal_shows_notes_and_strict_refuses_doubts(capsys: Any) -> None:
    assert main(["analyze", SPEC, "--real"]) == 0
    assert "note: assumed: control flow follows that of one example" in capsys.readouterr().out
    assert main(["compare", SPEC, "--real"]) == 0
    assert f"note on {SPEC}: assumed" in " ".join(capsys.readouterr().out.split())
    assert main(["analyze", SPEC, "--real", "--strict"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "strict: assumed: control flow" in error
    assert main(["analyze", "paper:figure3a", "--strict"]) == 0


def test_item_18_the_refusal_of_control_flow_names_the_way_out() -> None:
    with pytest.raises(RepriorError, match="real=True") as caught:
        reprior.analyze(nn.Sequential(nn.ReLU(), Branching(3, 2)), (3,))
    assert caught.value.module == "1"


def test_item_18_a_note_is_a_string_that_knows_its_kind() -> None:
    for note in (Note("assumed", "a: b"), Note("stated", "c: d")):
        for same in (copy.deepcopy(note), pickle.loads(pickle.dumps(note))):
            assert same == note and same.kind == note.kind
    assert not Note("unknown", "x").is_certain and Note("stated", "x").is_certain


def test_item_18_errors_are_told_apart_by_fields_not_by_text() -> None:
    class Failing(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RepriorError("in the beginning was a message")

    with pytest.raises(RepriorError, match=r"^in module '0': in the beginning") as caught:
        trace(nn.Sequential(Failing(3, 2)), (3,))
    assert caught.value.module == "0"
    same = pickle.loads(pickle.dumps(caught.value))
    assert same.module == "0" and str(same) == str(caught.value)
    with pytest.raises(RepriorError) as caught:
        reprior.analyze("timm:no_such_model")
    assert caught.value.model == "timm:no_such_model"
    assert str(caught.value).count("no_such_model") == 1


def test_item_18_a_model_named_like_a_word_of_the_message_is_named() -> None:
    with pytest.raises(RepriorError, match=r"^'weight': "):
        reprior.analyze(
            describe_module(nn.Linear(3, 2), (3,), name="weight"), weighting="decay:2", exact=True
        )
