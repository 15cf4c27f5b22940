"""``reprior advise``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import reprior
from reprior.search.advice import Patch
from reprior.sharing import load_sets

from .runner import Runner

SPEC = "macro:11111111"


def test_a_table_and_what_is_not_attempted(runner: Runner) -> None:
    out = runner.prints("advise", SPEC)
    assert "changes, most utility first" in out
    assert "sets against all_but_bn" in out
    assert "not attempted" in out


def test_json_patches_and_a_plot(tmp_path: Path, runner: Runner) -> None:
    pytest.importorskip("matplotlib", reason="plots need matplotlib")
    data = json.loads(
        runner.prints(
            "advise", SPEC, "--json", "-", "--plot", str(tmp_path / "front.svg"), "--max-macs", "53300000"
        )
    )
    assert data["max_params"] == reprior.analyze(SPEC).num_parameters
    assert all(item["figures"]["macs"] <= 53_300_000 for item in data["proposals"] if item["fits"])
    assert "<svg" in (tmp_path / "front.svg").read_text()
    sets = next(item for item in data["proposals"] if item["kind"] == "share sets")
    file = tmp_path / "patch.json"
    file.write_text(json.dumps(sets["patch"]))
    assert Patch.load(str(file)).sharing.sets == load_sets(str(file)).sets
    shared = runner.prints("analyze", SPEC, "--share", f"sets:{file}", "--json", "-")
    assert json.loads(shared)["utility"] == sets["figures"]["utility"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["paper:figure3a"], "scalar graph"),
        ([SPEC, "--max-params", "-5"], "positive number"),
        ([SPEC, "--max-params", "7"], "no change brings it to 7 parameters"),
        ([SPEC, "--plot", "front.gif"], "a plot ends in .png, .svg, .pdf"),
        (["no:such"], "is no model spec"),
    ],
)
def test_mistakes(arguments: list[str], message: str, runner: Runner) -> None:
    assert message in runner.refuse("advise", *arguments)
