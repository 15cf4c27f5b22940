"""Tables in, correlations out; bad tables are answered, rows that fail are listed."""

import json
import math
from xml.etree import ElementTree

import numpy as np
import pytest

import reprior
from reprior.errors import SpecError
from reprior.models.nasbench201 import without_idle_edges
from reprior.rank import (
    Cache,
    ScoredEntry,
    rank,
    rank_entries,
    read_table,
    score,
    score_models,
    score_uncounted,
)
from reprior.rank import scoring as scoring_module
from reprior.rank.baselines import log_determinant
from reprior.rank.cache import address
from tests.cli.runner import runner

__all__ = ["runner"]

ARCHS = ["00000000", "11111111", "22222222", "01010101", "20100102", "12000000", "00000012"]
ROWS = [f"macro:a{arch},{50 + 3 * i}" for i, arch in enumerate(ARCHS)]


def write(path, rows, header="spec,accuracy"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


@pytest.fixture
def table(tmp_path):
    return write(tmp_path / "table.csv", ROWS)


def test_ranks_a_table(table, tmp_path):
    result = rank(read_table(table), cache=tmp_path / "cache", processes=1, resamples=20)
    assert [entry.spec for entry in result.entries] == [row.split(",")[0] for row in ROWS]
    found = {item.quantity: item for item in result.correlations}
    assert {"utility", "p_g", "p_g_prime", "num_parameters", "macs", "depth", "weighted_layers"} <= set(found)
    utilities = [reprior.analyze(entry.spec).utility for entry in result.entries]
    assert [entry.scores["utility"] for entry in result.entries] == utilities
    concordant = sum(a < b for i, a in enumerate(utilities) for b in utilities[i + 1 :])
    pairs = len(ROWS) * (len(ROWS) - 1) // 2
    assert found["utility"].tau == pytest.approx((2 * concordant - pairs) / pairs)
    assert found["utility"].tau_low <= found["utility"].tau <= found["utility"].tau_high
    taus = [item.tau for item in result.correlations]
    assert taus == sorted(taus, reverse=True)
    data = json.loads(result.to_json())
    assert len(data["models"]) == len(ROWS) and data["rejected"] == []
    assert result.to_csv().count("\n") == 1 + len(result.correlations)


def test_a_score_of_ones_own(table, tmp_path, runner):
    own = tmp_path / "mine.py"
    own.write_text("def width(analysis):\n    return analysis.num_parameters / analysis.costs.depth\n")
    result = rank(read_table(table), processes=1, resamples=0, own=f"{own}:width")
    for entry in result.entries:
        assert entry.scores["width"] == entry.scores["num_parameters"] / entry.scores["depth"]
    out = runner.prints("rank", table, "--score", f"{own}:width", "--cache", "none", "--processes", "1")
    assert "width" in out
    assert "has no function" in runner.refuse("rank", table, "--score", f"{own}:height")
    assert "names no function" in runner.refuse("rank", table, "--score", "mine")


def test_a_score_of_ones_own_that_fails_or_has_the_name_of_a_quantity(table, tmp_path, runner):
    own = tmp_path / "mine.py"
    own.write_text("def macs(a):\n    return 1 / (a.costs.depth - 6)\ndef text(a):\n    return 'a'\n")
    result = rank(read_table(table), processes=1, resamples=0, own=f"{own}:macs")
    depths = {spec: reprior.analyze(spec).costs.depth for spec in (row.split(",")[0] for row in ROWS)}
    assert {row.model for row in result.rejected} == {spec for spec, depth in depths.items() if depth == 6}
    assert all("mine.py:macs' failed: ZeroDivisionError" in row.reason for row in result.rejected)
    for entry in result.entries:
        assert entry.scores["mine.macs"] == 1 / (depths[entry.spec] - 6) != entry.scores["macs"]
    told = runner.refuse("rank", table, "--score", f"{own}:text", "--cache", "none", "--processes", "1")
    assert "which is no number" in told


def test_uncounted_scores_are_those_of_the_count():
    for spec in ("macro:a01210020", "mnasnet:" + "_".join(["3.3.1.1"] * 7), "open_lm:d96_l4_h4"):
        counted, quick = score(spec), score_uncounted(spec)
        assert quick == {key: counted[key] for key in quick}
    assert quick["num_parameters"] - quick["parameters_without_embeddings"] == 50432 * 96


def test_specs_of_several_columns_and_less_is_better(tmp_path):
    path = write(tmp_path / "t.csv", ["cycle,2,4,30.5", "none,4,4,20.0"], "order,sets,layers,ppl")
    found = read_table(path, spec="{order}:{sets}:{layers}:64:4", accuracy="-ppl", prefix="shared_lm:")
    assert [entry.spec for entry in found.entries] == ["shared_lm:cycle:2:4:64:4", "shared_lm:none:4:4:64:4"]
    assert [entry.accuracy for entry in found.entries] == [-30.5, -20.0]


def test_log_determinant_against_a_random_matrix():
    generator = np.random.default_rng(0)
    for outputs, inputs in ((300, 200), (150, 400), (256, 256)):
        weight = generator.normal(0, math.sqrt(2 / (outputs + inputs)), (outputs, inputs))
        found = np.linalg.slogdet(np.eye(inputs) + weight.T @ weight)[1]
        assert log_determinant(outputs, inputs) == pytest.approx(found, rel=0.01)


def test_two_processes_score_as_one(tmp_path):
    specs = [f"macro:a{a}{b}{c}00000" for a in range(3) for b in range(3) for c in range(3)]
    specs += ["macro:a9", "paper:figure3a"]
    seen = []
    alone = score_models(specs, processes=1)
    together = score_models(specs, processes=2, report=seen.append)
    assert together == alone
    assert "not an architecture" in alone["macro:a9"]
    assert "no baselines" in alone["paper:figure3a"]
    assert seen[0] == 0 and seen[-1] == len(specs) and seen == sorted(seen)


def test_the_cache_spares_the_work_and_resumes(table, tmp_path, monkeypatch):
    cache = tmp_path / "deep" / "cache.sqlite"
    specs = [entry.spec for entry in read_table(table).entries]
    calls = []
    real = scoring_module.score

    def interrupted(spec, own=None):
        calls.append(spec)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(spec)

    monkeypatch.setattr(scoring_module, "score", interrupted)
    with pytest.raises(KeyboardInterrupt):
        score_models(specs, cache=Cache(cache), processes=1)
    first = score_models(specs, cache=Cache(cache), processes=1)
    assert calls[4:] == specs[3:]  # the three that were done are not done again
    assert score_models(specs, cache=Cache(cache), processes=1) == first
    assert len(calls) == 4 + len(specs) - 3


def test_the_address_follows_the_content(tmp_path):
    dag = tmp_path / "graph.json"
    dag.write_text("{}")
    before = address(f"dag:{dag}")
    assert before == address(f"dag:{dag}") != address("macro:a00000000")
    dag.write_text("{ }")
    assert address(f"dag:{dag}") != before
    assert address("py:module:function") is None
    assert address(f"hf:{tmp_path}") is None
    assert address("nb201:" + "x" * 5000) is not None  # longer than any path may be


def test_rows_that_cannot_take_part_are_listed(tmp_path):
    rows = [*ROWS, "macro:a123,50", "macro:a00000000,51", "macro:a00000001,nan", ",60", "nb201:x,61"]
    path = write(tmp_path / "t.csv", rows)
    result = rank(read_table(path), processes=1, resamples=0)
    assert len(result.entries) == len(ROWS)
    reasons = {(item.row, item.model): item.reason for item in result.rejected}
    assert "already" in reasons[(10, "macro:a00000000")]
    assert "finite" in reasons[(11, "macro:a00000001")]
    assert reasons[(12, "")] == "no model"
    assert "a123" in reasons[(0, "macro:a123")]
    assert "nb201:x" in dict((model, model) for _, model in reasons)


def test_groups_and_prefixes(tmp_path):
    rows = [f"{arch},{i},{'long' if i < 5 else 'one'}" for i, arch in enumerate(ARCHS[:6])]
    path = write(tmp_path / "t.csv", rows, "arch,top1,recipe")
    table = read_table(path, spec="arch", accuracy="top1", group="recipe", prefix="macro:")
    result = rank(table, processes=1, resamples=0)
    assert result.groups["one"]["models"] == 1
    assert result.groups["one"]["tau"]["utility"] is None
    assert -1 <= result.groups["long"]["tau"]["utility"] <= 1
    assert all(item.within is None for item in result.correlations)  # no group of ten


def entries(values, **more):
    return [ScoredEntry(str(i), float(i), "", {"x": v, **more}) for i, v in enumerate(values)]


def test_constant_and_missing_scores():
    found = {c.quantity: c for c in rank_entries(entries([1.0, None, 2.0, 3.0], y=1.0)).correlations}
    assert found["y"].tau is None and found["y"].rho is None and found["y"].tau_low is None
    # The model without a score ranks below all: order 1, -, 2, 3 has one discordant pair of six.
    assert found["x"].tau == pytest.approx(4 / 6)
    assert "utility" not in found
    assert "nan" not in rank_entries(entries([1.0, None, 2.0, 3.0])).to_csv().lower()


def test_refusals(tmp_path):
    with pytest.raises(SpecError, match="3"):
        rank_entries(entries([1.0, 2.0]))
    same = [ScoredEntry(str(i), 1.0, "", {"x": float(i)}) for i in range(4)]
    with pytest.raises(SpecError, match="same accuracy"):
        rank_entries(same)
    with pytest.raises(SpecError, match="cache"):
        Cache(write(tmp_path / "no.sqlite", ["x"] * 200))


def test_command(runner, table, tmp_path):
    cache = str(tmp_path / "cache")
    svg, scores = tmp_path / "plot.svg", tmp_path / "scores.csv"
    out = runner.prints(
        "rank", table, "--cache", cache, "--processes", "1", "--resamples", "10",
        "--plot", str(svg), "--scores", str(scores),
    )  # fmt: skip
    assert "utility" in out and "7 models" in out
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    lines = scores.read_text().splitlines()
    assert len(lines) == 1 + len(ROWS)
    written = dict(zip(lines[0].split(","), lines[2].split(","), strict=True))
    assert float(written["utility"]) == reprior.analyze("macro:a11111111").utility
    data = json.loads(runner.prints("rank", table, "--cache", cache, "--json", "-"))
    assert math.isfinite(data["correlations"][0]["tau"])


@pytest.mark.parametrize(
    ("rows", "header", "options", "says"),
    [
        (ROWS, "model,accuracy", (), "no column 'spec'"),
        (ROWS, "spec,acc", (), "no column 'accuracy'"),
        (ROWS, "spec,accuracy", ("--group", "recipe"), "no column 'recipe'"),
        ([], "spec,accuracy", (), "no row"),
        (["macro:a00000000,nan"], "spec,accuracy", (), "finite"),
        (ROWS[:1], "spec,accuracy", (), "at least 3"),
        (["macro:x,1", "macro:y,2", "macro:z,3"], "spec,accuracy", (), "too few"),
        ([row.split(",")[0] + ",1" for row in ROWS], "spec,accuracy", (), "same accuracy"),
        (ROWS, "spec,accuracy", ("--plot", "x.gif"), ".png"),
        (ROWS, "spec,accuracy", ("--plot", "x.png", "--quantity", "beauty"), "no quantity 'beauty'"),
    ],
)
def test_bad_tables(runner, tmp_path, monkeypatch, rows, header, options, says):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "t.csv", rows, header)
    assert says in runner.refuse(
        "rank", path, "--cache", "none", "--processes", "1", "--resamples", "0", *options
    )


def test_no_such_table(runner):
    assert "cannot read 'nowhere.csv'" in runner.refuse("rank", "nowhere.csv")


def test_cells_that_differ_in_idle_edges_are_scored_once(monkeypatch):
    """Their scores are equal, to the last digit; a convolution of nothing is not idle: it has a shift."""
    full = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    pairs = {
        "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|skip_connect~0|none~1|none~2|":
            "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
        "|none~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|skip_connect~1|skip_connect~2|":
            "|none~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|skip_connect~2|",
        full: full,
        "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|":
            "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|none~1|skip_connect~2|",
    }  # fmt: skip
    calls = []
    monkeypatch.setattr(
        scoring_module, "score_uncounted", lambda spec: calls.append(spec) or score_uncounted(spec)
    )
    specs = [f"nb201:{cell}" for pair in pairs.items() for cell in pair]
    seen: list[int] = []
    found = score_models(specs, processes=1, uncounted=True, report=seen.append)
    assert len(calls) == len(pairs) == len(set(calls)) and seen[-1] == len(found) == 6
    for cell, simple in pairs.items():
        assert without_idle_edges(cell) == simple
        assert score(f"nb201:{cell}") == score(f"nb201:{simple}")
        assert found[f"nb201:{cell}"] == score_uncounted(f"nb201:{cell}")
    assert isinstance(score_models(["nb201:|none~0|"], processes=1)["nb201:|none~0|"], str)
