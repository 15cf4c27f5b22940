import csv
import io
import json

import pytest

from reprior import analyze

SPECS = ("paper:efficientnetv2-b0@64", "paper:resnet50@64", "macro:00000000")


def names(out):
    return [line.split()[0] for line in out.splitlines() if line.startswith(("paper:", "macro:"))]


def test_models_stand_in_descending_order(runner):
    scores = {spec: analyze(spec).p_g for spec in SPECS}
    out = runner.prints("compare", *SPECS)
    assert names(out) == sorted(SPECS, key=scores.__getitem__, reverse=True)
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("key", ["expected_spread", "entropy", "macs", "depth", "activations"])
def test_the_key_of_the_order_is_shown(runner, monkeypatch, key):
    monkeypatch.setenv("COLUMNS", "100")  # long names would be folded
    data = {spec: analyze(spec).to_dict()[key] for spec in SPECS}
    out = runner.prints("compare", *SPECS, "--sort", key)
    assert names(out) == sorted(SPECS, key=data.__getitem__, reverse=True)
    heads = {"expected_spread": "E", "entropy": "H", "macs": "MACs"}
    assert heads.get(key, key) in out.splitlines()[1].split()


def test_given_keeps_the_order(runner):
    assert names(runner.prints("compare", *SPECS, "--sort", "given")) == list(SPECS)


def test_json_and_csv_hold_every_model(runner, tmp_path):
    out = runner.prints("compare", *SPECS, "--json", "-", "--csv", str(tmp_path / "c.csv"))
    data = json.loads(out)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "c.csv").read_text())))
    assert {item["model"] for item in data["models"]} == set(SPECS)
    assert [row["model"] for row in rows] == [item["model"] for item in data["models"]]
    assert float(rows[0]["p_g"]) == data["models"][0]["p_g"]


def test_graphs_of_scalars_have_no_costs(runner):
    lines = runner.prints("compare", "paper:figure2a", "paper:figure2b").splitlines()
    assert all(line.split()[-1] == "-" for line in lines if line.startswith("paper:"))


def test_an_unknown_key_is_refused_before_any_work(runner):
    message = runner.refuse("compare", "paper:no-such-model", "--sort", "accuracy")
    assert message.startswith("cannot sort by 'accuracy': there are model, p_g")


def test_the_model_that_fails_is_named(runner):
    assert "'paper:resnet51'" in runner.refuse("compare", "paper:figure3a", "paper:resnet51")


def test_it_wants_a_model(runner):
    assert "SPEC" in runner.refuse("compare")
