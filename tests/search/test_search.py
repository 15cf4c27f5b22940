"""Searches: what they find, and that they keep to what was asked."""

import csv
import io
import json
from functools import cache
from pathlib import Path

import pytest

from reprior import RepriorError, SpecError
from reprior.core.canonical import canonicalise
from reprior.core.utility import utility_of_graph
from reprior.registry import describe
from reprior.search import SAMPLERS, Choice, ChoiceSpace, graph_key, run
from reprior.search.models import write_models
from reprior.search.report import plot_data, to_html, write_plot

FUNCTIONS = Path(__file__).with_name("functions.py")


def channels(setting):
    return "channels:a" + "".join(str(setting[k]) for k in "abcdefg")


SMALL = ChoiceSpace("small", {k: Choice((1, 2) if k in "abc" else (1,)) for k in "abcdefg"}, channels)
"""Eight networks."""


@cache
def utilities():
    return {spec: utility_of_graph(canonicalise(describe(spec).graph)) for spec in SMALL.candidates()}


@pytest.mark.parametrize("sampler", [name for name in sorted(SAMPLERS) if name != "gp"])
def test_every_sampler_finds_the_best_of_eight(sampler):
    found = run(SMALL, sampler=sampler, trials=60, workers=1, seed=0)
    assert len(found.trials) == 60
    assert found.best.quantities["utility"] == max(utilities().values())
    assert found.best.candidate == max(utilities(), key=utilities().get)
    assert found.history()[-1] == found.best.quantities["utility"]


def test_gaussian_processes():
    found = run(SMALL, sampler="gp", trials=14, workers=1, seed=0)
    assert len(found.trials) == 14
    assert {trial.candidate for trial in found.trials} <= set(utilities())


def test_equal_candidates_are_measured_once(monkeypatch):
    from reprior.search import study

    measured = []
    original = study.evaluate_candidate

    def counted(candidate, *rest):
        measured.append(candidate)
        return original(candidate, *rest)

    monkeypatch.setattr(study, "evaluate_candidate", counted)
    found = run(SMALL, sampler="random", trials=40, workers=1, seed=0)
    assert len(measured) == len(set(measured)) == len({trial.candidate for trial in found.trials})


def test_equal_graphs_are_counted_once(monkeypatch):
    from reprior.search import evaluation

    counted = []
    original = evaluation.analyze_model
    monkeypatch.setattr(evaluation, "analyze_model", lambda *a: counted.append(1) or original(*a))
    # Two interchangeable nodes: twelve of the sixteen cells are equal to another one.
    edges = {"a": Choice(("skip_connect", "nor_conv_1x1")), "b": Choice(("skip_connect", "nor_conv_1x1"))}

    def cell(setting):
        return f"nb201:|{setting['a']}~0|+|{setting['b']}~0|none~1|+|none~0|avg_pool_3x3~1|avg_pool_3x3~2|"

    found = run(ChoiceSpace("cells", edges, cell), "p_g", trials=12, workers=1, seed=0, sampler="random")
    assert len({trial.candidate for trial in found.trials}) == 4
    assert len(counted) == len({trial.graph for trial in found.trials}) == 3


def test_a_front_is_what_no_other_beats():
    found = run(SMALL, ["utility", "-macs"], trials=60, workers=1, seed=1)
    assert {trial.candidate for trial in found.trials} == set(utilities())
    points = {
        trial.candidate: (trial.quantities["utility"], trial.quantities["macs"]) for trial in found.trials
    }
    best = {
        name
        for name, (u, m) in points.items()
        if not any(v >= u and n <= m and (v, n) != (u, m) for v, n in points.values())
    }
    assert {trial.candidate for trial in found.front} == best
    assert len(found.front) == len({trial.graph for trial in found.front})
    utilities_of_front = [trial.quantities["utility"] for trial in found.front]
    assert utilities_of_front == sorted(utilities_of_front, reverse=True)


def test_limits_are_kept():
    sizes = {
        spec: run(lambda trial, spec=spec: spec, trials=1, workers=1).best.quantities["params"]
        for spec in utilities()
    }
    most = sorted(sizes.values())[3]
    found = run(SMALL, limits={"params": most}, trials=60, workers=1, seed=0)
    within = {spec: value for spec, value in utilities().items() if sizes[spec] <= most}
    assert found.best.candidate == max(within, key=within.get)
    assert {t.candidate for t in found.trials if t.feasible} == set(within)


def test_limits_that_nothing_keeps_are_told_with_the_nearest():
    found = run(SMALL, limits={"macs": "1k"}, trials=5, workers=1, seed=0)
    assert found.front == ()
    with pytest.raises(RepriorError, match="none of 5 trials keeps macs <= 1k; the nearest has macs "):
        found.best  # noqa: B018 - the property raises


@pytest.mark.parametrize("sampler", ["evolution", "tpe", "nsga2", "random"])
def test_a_seed_repeats_a_search_by_one_worker(sampler):
    a, b = (run(SMALL, sampler=sampler, trials=25, workers=1, seed=3) for _ in range(2))
    assert [trial.candidate for trial in a.trials] == [trial.candidate for trial in b.trials]


def test_processes_find_the_same():
    found = run("macro", trials=12, workers=2, seed=0, sampler="random")
    assert len(found.trials) == 12
    for trial in found.trials:
        canonical = canonicalise(describe(trial.candidate).graph)
        assert trial.quantities["utility"] == utility_of_graph(canonical)
        assert trial.graph == graph_key(canonical)


def test_a_function_object():
    found = run(lambda trial: f"vit:d{trial.suggest_int('depth', 1, 3)}w32h2r2", "-macs", trials=20, seed=0)
    assert found.best.candidate == "vit:d1w32h2r2"


def test_a_function_object_that_fails_fails_trials():
    def half(trial):
        if trial.suggest_int("x", 0, 1):
            raise KeyError("x")
        return "macro:00000000"

    found = run(half, trials=10, seed=0)
    assert {trial.error for trial in found.trials} == {None, "KeyError: 'x'"}


@pytest.mark.parametrize("name", ["build", "conditional"])
@pytest.mark.parametrize("sampler", ["evolution", "tpe", "nsga2"])
def test_functions_in_files(name, sampler):
    found = run(f"{FUNCTIONS}:{name}", limits={"params": 600}, sampler=sampler, trials=40, workers=1, seed=0)
    assert len(found.trials) == 40
    assert all(trial.error is None for trial in found.trials)
    assert found.best.quantities["params"] <= 600
    if name == "build":
        # (8 + 1) w + (w + 1) 4 parameters
        assert all(t.quantities["params"] == 13 * t.params["width"] + 4 for t in found.trials)


def test_a_torch_module_in_a_file_with_its_input():
    found = run(f"{FUNCTIONS}:module", "latency", trials=3, workers=1, seed=0, input=(8,))
    assert [trial.error for trial in found.trials] == [None] * 3
    assert all(0 < trial.quantities["latency"] < 1 for trial in found.trials)
    assert all(trial.quantities["latency_spread"] >= 0 for trial in found.trials)


def test_latency_of_networks_and_its_limit():
    found = run(SMALL, ["utility", "latency"], limits={"latency": "10s"}, trials=6, seed=0, sampler="random")
    assert all(trial.feasible and 0 < trial.quantities["latency"] < 10 for trial in found.trials)
    by_graph = {}
    for trial in found.trials:  # equal graphs are timed once
        assert by_graph.setdefault(trial.graph, trial.quantities["latency"]) == trial.quantities["latency"]


@pytest.mark.parametrize(
    ("asked", "options", "reason"),
    [
        ("nope", {}, "there is no space"),
        ("nb201", {"objective": ["utility", "utility"]}, "each once"),
        ("nb201", {"objective": []}, "needs objectives"),
        ("nb201", {"trials": 0}, "at least 1"),
        ("nb201", {"sampler": "annealing"}, "no sampler"),
        ("nb201", {"sampler": "evolution", "objective": ["utility", "-macs"]}, "takes one objective"),
        (f"{FUNCTIONS}:no_such", {}, "no function 'no_such'"),
        (3, {}, "is no space"),
    ],
)
def test_what_cannot_be_searched_is_refused(asked, options, reason):
    with pytest.raises(SpecError, match=reason):
        run(asked, **options)


@pytest.fixture(scope="module")
def two_objectives():
    return run("macro", ["utility", "-params"], limits={"macs": "300M"}, trials=40, workers=1, seed=0)


def test_json_and_csv(two_objectives):
    data = json.loads(two_objectives.to_json())
    assert data["trials"] == 40 == len(data["history"])
    assert len(data["front"]) == len(two_objectives.front) > 1
    rows = list(csv.DictReader(io.StringIO(two_objectives.history_to_csv())))
    assert len(rows) == 40
    assert {row["candidate"] for row in rows} == {trial.candidate for trial in two_objectives.trials}
    assert [float(row["utility"]) for row in csv.DictReader(io.StringIO(two_objectives.to_csv()))] == [
        trial.quantities["utility"] for trial in two_objectives.front
    ]


def test_plot_and_page(two_objectives, tmp_path):
    data = plot_data(two_objectives)
    assert (data.x, data.y) == ("params", "utility")
    assert len(data.front) == len(two_objectives.front)
    for kind in ("png", "svg"):
        write_plot(two_objectives, tmp_path / f"front.{kind}")
        assert (tmp_path / f"front.{kind}").stat().st_size > 1000
    page = to_html(two_objectives)
    assert two_objectives.front[0].candidate in page
    with pytest.raises(SpecError, match="must end in"):
        write_plot(two_objectives, tmp_path / "front.txt")


def test_found_models_are_written_and_read_again(two_objectives, tmp_path):
    files = write_models(two_objectives, tmp_path / "models")
    assert {file.suffix for file in files} == {".json", ".py"}
    assert len(files) == 2 * len(two_objectives.front)
    for file, trial in zip(files[::2], two_objectives.front, strict=True):
        again = canonicalise(describe(f"network:{file}").graph)
        assert graph_key(again) == trial.graph
        assert utility_of_graph(again) == trial.quantities["utility"]


def test_optunas_own_tools_read_the_study(two_objectives):
    study = two_objectives.study
    assert len(study.trials) == 40
    assert study.metric_names == ["utility", "params"]
    best = {trial.user_attrs["graph"] for trial in study.best_trials}
    assert best == {trial.graph for trial in two_objectives.front}
    assert set(study.trials[0].distributions) == {f"layer{k}" for k in range(8)}


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_approximated_is_said_in_every_output(workers):
    """As `reprior analyze` does; of equal choices the second says it too, though it was not counted again."""
    found = run(f"{FUNCTIONS}:approximated", trials=8, workers=workers, seed=0, input=(8,))
    assert all("approximated: some terms of a sum" in trial.notes[0] for trial in found.trials)
    assert found.notes == found.best.notes
    assert json.loads(found.to_json())["notes"] == list(found.notes)
    assert found.notes[0] in to_html(found)
    for row in csv.DictReader(io.StringIO(found.history_to_csv())):
        assert row["notes"] == found.notes[0]
    assert run(SMALL, trials=3, workers=1, seed=0).notes == ()
