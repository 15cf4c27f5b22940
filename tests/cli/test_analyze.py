import csv
import io
import json

import pytest

from reprior import analyze


def test_every_headline_quantity_is_printed(runner):
    out = runner.prints("analyze", "paper:efficientnetv2-b0@32", "--preset", "paper")
    analysis = analyze("paper:efficientnetv2-b0@32", preset="paper")
    for text in (
        f"{analysis.p_g:.4f}",
        f"{analysis.p_g_prime:.4f}",
        f"{analysis.expected_spread:.4f}",
        f"{analysis.entropy:.4f}",
        f"{analysis.num_parameters:,}",
        f"{analysis.num_inputs:,}",
        f"{analysis.num_outputs:,}",
        f"{analysis.costs.macs:,}",
        "preset paper, share none, weighting unit, normalization local, scaled",
    ):
        assert text in out
    assert max(map(len, out.splitlines())) <= 80


def test_dead_parameters_are_named_with_their_number(runner):
    out = runner.prints("analyze", "paper:efficientnetv2-b0@32")
    dead = [
        line.split() for line in out.splitlines() if "depthwise.conv.weight" in line and "1152x1x3x3" in line
    ]
    assert ["stages.5.7.depthwise.conv.weight", "1152x1x3x3", "9,216", "10,368"] in dead
    assert "67,872" in out


def test_all_shows_every_parameter(runner, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")  # long names would be folded
    analysis = analyze("paper:efficientnetv2-b0@32")
    short = runner.prints("analyze", "paper:efficientnetv2-b0@32")
    long = runner.prints("analyze", "paper:efficientnetv2-b0@32", "--all")
    assert "classifier.bias" not in short
    assert all(row.name in long for row in analysis.parameters)


def test_few_contexts_are_written_out(runner):
    assert "contexts N_C         12" in runner.prints("analyze", "paper:figure3a")


def test_shares_of_a_scalar_graph(runner):
    lines = [line.split() for line in runner.prints("analyze", "paper:figure3a").splitlines()]
    assert ["w1", "1", "1.00", "16.7", "10.5"] in lines  # 2 of 12 contexts; log2(6) of 24.68 bits
    assert ["w8", "1", "0.00", "8.3", "14.5"] in lines


def test_json_to_standard_output_is_nothing_but_json(runner):
    out = runner.prints("analyze", "paper:figure3a", "--json", "-")
    data = json.loads(out)
    assert (data["num_parameters"], data["model"]) == (8, "paper:figure3a")


def test_csv_has_a_row_per_parameter(runner):
    out = runner.prints("analyze", "paper:efficientnetv2-b0@32", "--csv", "-", "--share", "all_but_bn")
    rows = list(csv.DictReader(io.StringIO(out)))
    analysis = analyze("paper:efficientnetv2-b0@32", share="all_but_bn")
    assert [row["name"] for row in rows] == [row.name for row in analysis.parameters]
    assert rows[0]["shape"] == "32x3x3x3" and int(rows[0]["numel"]) == 864
    shared = next(row for row in analysis.parameters if row.shared_with)
    assert next(row for row in rows if row["name"] == shared.name)["shared_with"] == ";".join(
        shared.shared_with
    )


def test_files_are_written_beside_the_tables(runner, tmp_path):
    json_file, csv_file = tmp_path / "a.json", tmp_path / "a.csv"
    out = runner.prints("analyze", "paper:figure2b", "--json", str(json_file), "--csv", str(csv_file))
    assert "P'_G" in out
    assert json.loads(json_file.read_text())["num_parameters"] == 8
    assert csv_file.read_text().startswith("name,shape,")


@pytest.mark.parametrize("option", ["unit", "fan_in:1.0", "fan_in:0.5", "decay:0.9"])
def test_weightings_reach_the_analysis(runner, option):
    data = json.loads(runner.prints("analyze", "paper:figure3a", "--weighting", option, "--json", "-"))
    expected = analyze("paper:figure3a", weighting=option)
    assert data["weighting"] == option
    assert data["log2_total_contexts"] == expected.log2_total_contexts


def test_options_reach_the_analysis(runner):
    arguments = ("--preset", "paper", "--share", "original_code", "--exact", "--normalization", "coupled")
    data = json.loads(runner.prints("analyze", "paper:efficientnetv2-b0@32", *arguments, "--json", "-"))
    assert [data[key] for key in ("preset", "share", "exact", "normalization")] == [
        "paper",
        "original_code",
        True,
        "coupled",
    ]
    assert data["num_parameters"] == 2_960_144
    assert int(data["total_contexts"]).bit_length() == 632


def test_a_single_parameter_has_no_estimate(runner, tmp_path):
    graph = tmp_path / "one.json"
    graph.write_text(
        json.dumps(
            {
                "nodes": [
                    {"name": "x", "kind": "input"},
                    {"name": "w", "kind": "parameter"},
                    {"name": "y", "kind": "output", "sources": ["x", "w"]},
                ]
            }
        )
    )
    lines = runner.prints("analyze", f"dag:{graph}").splitlines()
    assert next(line for line in lines if line.startswith("P_G")).split()[1] == "-"
    assert json.loads(runner.prints("analyze", f"dag:{graph}", "--json", "-"))["p_g"] is None


def test_html_is_written_by_the_report(runner, tmp_path):
    pytest.importorskip("reprior.views.html", reason="the report is not there")
    page = tmp_path / "a.html"
    runner.prints("analyze", "paper:figure3a", "--html", str(page))
    assert page.read_text().lstrip().lower().startswith("<!doctype html>")
