"""``reprior search``."""

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="needs optuna")

FUNCTIONS = Path(__file__).parents[1] / "search" / "functions.py"


@pytest.fixture
def search(runner, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*more, space="macro", trials=8):
        return runner(
            "search", "--space", space, "--trials", str(trials), "--workers", "1", "--seed", "0", *more
        )

    return call


def test_a_table_and_where_trials_are_kept(search):
    done = search("--max-params", "2M")
    assert (done.status, done.err) == (0, "")
    assert "macro by +utility" in done.out
    assert "8 trials in 'reprior-search.journal'" in done.out
    assert "within params <= 2M" in done.out
    assert search("--max-params", "2M", trials=10).out.count("10 trials") == 1


def test_all_results_as_files(search, tmp_path):
    done = search(
        "--objective", "utility", "--objective=-macs", "--storage", "memory:", "--json", "a.json",
        "--csv", "a.csv", "--html", "a.html", "--plot", "a.png", "--history", "h.csv", "--models", "models",
    )  # fmt: skip
    assert done.status == 0, done.err
    data = json.loads((tmp_path / "a.json").read_text())
    assert [item["direction"] for item in data["objectives"]] == ["maximize", "minimize"]
    assert len(list(csv.DictReader((tmp_path / "h.csv").read_text().splitlines()))) == 8
    assert len(list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))) == len(data["front"])
    assert len(list((tmp_path / "models").iterdir())) == 2 * len(data["front"])
    assert data["front"][0]["candidate"] in (tmp_path / "a.html").read_text()
    assert not (tmp_path / "reprior-search.journal").exists()


def test_failed_trials_are_told_beside_the_best(search):
    done = search("--storage", "memory:", space=f"{FUNCTIONS}:sometimes")
    assert done.status == 0
    assert "trials failed; the last: RuntimeError: too wide to be built" in done.out


def test_limits_that_nothing_keeps_end_in_one_line_after_the_results(search):
    done = search("--max-macs", "1k", "--json", "-")
    assert done.status == 2
    assert json.loads(done.out)["front"] == []
    assert done.err.startswith("reprior: error: none of 8 trials keeps macs <= 1k; the nearest has macs ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (("--space", "mcro"), "did you mean macro"),
        (("--sampler", "x"), "there is no sampler 'x'"),
        (("--objective", "accuracy"), "there is no quantity 'accuracy'"),
        (("--max-latency", "5M"), "is no limit of latency"),
        (("--storage", "nowhere/x"), "cannot open 'nowhere/x': No such file"),
        (("--executor", "dask://127.0.0.1:1"), "no Dask scheduler answers"),
        (("--executor", "cloud"), "there is no executor 'cloud'"),
        (("--plot", "nowhere/x.png"), "there is no directory"),
        (("--trials", "0"), "--trials"),
    ],
)
def test_what_is_refused(runner, more, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pytest.importorskip("distributed", reason="needs distributed")
    said = runner.refuse("search", "--space", "macro", "--trials", "1", *more)
    assert reason in said


def test_notes_are_printed(search):
    done = search("--storage", "memory:", "--input", "8", space=f"{FUNCTIONS}:approximated")
    assert "note: approximated: some terms of a sum" in done.out
