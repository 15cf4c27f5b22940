"""The benchmark for OptunaHub, loaded as its registry loads it."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from typing import Any

import pytest

import reprior
from reprior.errors import SpecError

REGISTRY = Path(__file__).parents[2] / "contrib" / "optunahub" / "package"
DATA = Path(os.environ.get("REPRIOR_DATA") or "nowhere")
CELLS = DATA / "nasbench201_cifar10.csv"
DEAD = dict.fromkeys(("1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2"), "none")

optuna = pytest.importorskip("optuna", reason="Optuna is missing: pip install 'reprior[optunahub]'")
optunahub = pytest.importorskip("optunahub", reason="optunahub is missing: pip install 'reprior[optunahub]'")


@pytest.fixture
def tables() -> Any:
    return optunahub.load_local_module("benchmarks/reprior_tables", registry_root=str(REGISTRY))


def study(problem: Any, seed: int = 0, trials: int = 20) -> Any:
    made = optuna.create_study(directions=problem.directions, sampler=optuna.samplers.RandomSampler(seed))
    made.optimize(problem, n_trials=trials)
    return made


def test_a_study_of_20_trials_has_the_values_of_reprior(tables: Any) -> None:
    problem = tables.Problem()
    done = study(problem)
    assert len(done.trials) == 20
    live = 0
    for trial in done.trials:
        expected = reprior.analyze(problem.spec(trial.params)).utility
        assert (trial.state.name == "COMPLETE") == (expected is not None)
        if expected is not None:
            live += 1
            assert trial.value == pytest.approx(expected, rel=1e-12)
    assert live > 10


@pytest.mark.skipif(not CELLS.is_file(), reason="no nasbench201_cifar10.csv: set REPRIOR_DATA to its folder")
def test_the_truth_is_the_tables(tables: Any) -> None:
    problem = tables.Problem(data=DATA)
    with CELLS.open() as file:
        rows = {f"nb201:{row['arch']}": float(row["cifar10_val_acc"]) for row in csv.DictReader(file)}
    assert len(rows) == math.prod(len(d.choices) for d in problem.search_space.values()) == 15_625
    for trial in study(problem).trials:
        assert problem.accuracy(trial.params) == rows[problem.spec(trial.params)]


@pytest.mark.parametrize(
    ("table", "file"), [("macro", "nasbench_macro_cifar10"), ("channels", "channel_bench_resnet")]
)
def test_the_other_tables_know_the_networks_of_their_space(tables: Any, table: str, file: str) -> None:
    path = DATA / f"{file}.csv"
    if not path.is_file():
        pytest.skip(f"no {path.name}: set REPRIOR_DATA to its folder")
    problem = tables.Problem(table, ["params", "-macs"], data=DATA)
    trials = study(problem, trials=40).trials
    trained = [trial for trial in trials if problem.accuracy(trial.params) is not None]
    assert len(trained) == 40 if table == "macro" else 0 < len(trained) < 40
    for trial in trials[:3]:
        found = reprior.analyze(problem.spec(trial.params))
        assert trial.values == [found.num_parameters, found.costs.macs]


def test_limits_are_constraints(tables: Any) -> None:
    problem = tables.Problem("channels", ["utility", "-macs"], limits={"params": "3M"})
    assert [direction.name for direction in problem.directions] == ["MAXIMIZE", "MINIMIZE"]
    small, large = (dict.fromkeys(problem.search_space, width) for width in (1, 4))
    most = {name: reprior.analyze(problem.spec(p)).num_parameters for name, p in (("s", small), ("l", large))}
    assert problem.evaluate_constraints(small) == {"params": most["s"] / 3e6 - 1}
    assert problem.evaluate_constraints(large) == {"params": most["l"] / 3e6 - 1}
    assert problem.evaluate_constraints(small)["params"] < 0 < problem.evaluate_constraints(large)["params"]
    assert all(math.isfinite(value) for value in problem.evaluate(large))


def test_a_cell_without_utility_has_no_number(tables: Any) -> None:
    assert math.isnan(tables.Problem().evaluate(DEAD))


def test_a_missing_table_is_told_and_not_downloaded(tables: Any, tmp_path: Path) -> None:
    problem = tables.Problem(data=tmp_path)
    assert math.isfinite(problem.evaluate(DEAD | {"3<-0": "nor_conv_3x3"}))
    with pytest.raises(SpecError, match=r"there is no 'nasbench201_cifar10\.csv'"):
        problem.accuracy(DEAD)
    assert not list(tmp_path.iterdir())


def test_an_unknown_table_is_told(tables: Any) -> None:
    with pytest.raises(SpecError, match="there is no table 'cifar'"):
        tables.Problem("cifar")
