"""``reprior train`` and ``reprior table2``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import torch

import reprior
from reprior.cli import main
from reprior.lab.training import load_recipe
from tests.training.small import CHANGES

SETTINGS = [item for change in (*CHANGES, "training.epochs=1") for item in ("--set", change)]


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def _run(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_train_and_collect(capsys, tmp_path: Path) -> None:
    for seed in ("0", "1"):
        out = str(tmp_path / seed)
        status, text, errors = _run(
            capsys, "train", "digits", *SETTINGS, "--seed", seed, "--out", out, "--threads", "1"
        )
        assert (status, errors) == (0, "")
        assert "after 1 epochs" in text
        assert "saved by sharing" in text
    runs = [str(tmp_path / "0"), str(tmp_path / "1")]
    status, text, _ = _run(capsys, "table2", *runs, "--json", "-")
    (row,) = json.loads(text)
    scores = [json.loads((tmp_path / seed / "result.json").read_text())["accuracy"] for seed in "01"]
    assert row["score"] == pytest.approx(sum(scores) / 2)
    assert row["deviation"] == pytest.approx(abs(scores[0] - scores[1]) / 2**0.5)
    assert (row["runs"], row["published_score"]) == (2, None)
    status, text, _ = _run(capsys, "table2", *runs)
    assert status == 0
    assert "digits" in text


def test_table2_stands_beside_the_published_one(capsys, tmp_path: Path) -> None:
    """A result as a run on a GPU would leave it."""
    recipe = load_recipe("cifar100-s-shared")
    prediction = {
        "parameters": 3145524, "parameters_unshared": 20305588, "macs": 8_400_000_000, "p_g": 25.6,
        "p_g_prime": 26.6, "expected_spread": 1502.2, "entropy": 9.8,
    }  # fmt: skip
    result = {
        "recipe": recipe.to_tables(), "prediction": prediction, "accuracy": 80.0, "epochs": 300,
        "seconds": 1e5, "device": "cuda", "versions": {},
    }  # fmt: skip
    (tmp_path / "result.json").write_text(json.dumps(result))
    _, text, _ = _run(capsys, "table2", str(tmp_path), "--csv", "-")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["model"], row["data"], row["augmentation"]) == ("V2-S-shared", "CIFAR-100", "AutoAug")
    assert (row["published_parameters"], row["published_score"]) == ("3.2", "81.5")
    _, text, _ = _run(capsys, "table2", str(tmp_path))
    assert "published" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "81.5" in text


def test_a_dry_run_plans_and_predicts(capsys, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, text, errors = _run(capsys, "train", "imagenet-b0-shared", "--dry-run", "--json", "-")
    assert (status, errors) == (0, "")
    plan = json.loads(text)
    assert plan["steps_per_epoch"] == 1_281_167 // 400
    assert plan["steps"] == 352 * plan["steps_per_epoch"]
    assert [stage["size"] for stage in plan["stages"]] == [144, 160, 176, 192]
    found = plan["prediction"]
    assert (found["parameters"], found["parameters_unshared"]) == (2_958_192, 7_139_704)
    what_if = reprior.analyze("paper:efficientnetv2-b0@224", preset="paper", share="all_but_bn")
    assert found["p_g"] == pytest.approx(what_if.p_g, abs=1e-9)
    assert found["p_g_prime"] == pytest.approx(what_if.p_g_prime, abs=1e-9)
    assert sum(len(names) - 1 for names in plan["shared"]) > 50
    assert not list(tmp_path.iterdir())
    status, text, _ = _run(capsys, "train", "digits", "--dry-run")
    assert status == 0
    assert "training images" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "cifar10-b1"], "there is no recipe 'cifar10-b1': did you mean cifar10-b0"),
        (["train", "cifar10-b0"], "'cifar10' needs a folder: give --data DIR"),
        (["train", "imagenet-b0", "--data", "nowhere"], "there is no folder 'nowhere'"),
        (["train", "digits", "--set", "x"], "does not read section.setting=value"),
        (["train", "digits", "--set", "model.share=evrything"], "'evrything' is not one of"),
        (["table2", "nowhere"], "'nowhere' holds no run"),
    ],
)
def test_mistakes_are_one_line(capsys, tmp_path: Path, monkeypatch, arguments, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    status, text, errors = _run(capsys, *arguments)
    assert (status, text) == (2, "")
    assert errors.startswith("reprior: error: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_an_unfinished_run_is_no_row(capsys, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text("{}")
    status, _, errors = _run(capsys, "table2", str(tmp_path))
    assert status == 2
    assert "is not finished" in errors
    (tmp_path / "result.json").write_text("{")
    status, _, errors = _run(capsys, "table2", str(tmp_path))
    assert status == 2
    assert "cannot be read" in errors
