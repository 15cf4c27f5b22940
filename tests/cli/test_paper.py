import json
import re

import pytest

from reprior.cli import paper as command
from reprior.lab.paper import ROWS, Figure, reproduce


@pytest.fixture(scope="module")
def figures():
    return reproduce()


def test_every_printed_figure_stands_beside_its_computed_one(runner, figures):
    out = runner.prints("paper")
    assert max(map(len, out.splitlines())) <= 80
    lines = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    for figure in figures:
        places = len(figure.printed.removesuffix("+").partition(".")[2])
        computed = f"{figure.computed:.{places + 3 if places else 0}f}"
        assert any(
            line[-5:-2] == [figure.quantity, figure.printed, computed] and line[-1].startswith(figure.reading)
            for line in lines
        ), figure
    assert f"\n{len(figures)} published figures: " in out
    assert all(row.top1 in out for row in ROWS if row.table in ("Table 3", "Table 4"))
    assert all(note in " ".join(out.split()) for note in {figure.note for figure in figures})


def test_json_holds_every_figure(runner, figures, monkeypatch):
    monkeypatch.setattr(command, "reproduce", lambda **options: figures)
    data = json.loads(runner.prints("paper", "--json", "-"))
    assert len(data["figures"]) == len(figures)
    assert {item["reading"] for item in data["figures"]} <= {
        "rounded",
        "truncated",
        "rounded twice",
        "lower bound",
        "explained",
    }
    resnet = next(i for i in data["figures"] if (i["row"], i["quantity"]) == ("ResNet-50 @380", "P_G"))
    assert resnet["published"] == "27.25" and round(resnet["computed"], 4) == 27.2204
    assert round(resnet["explained"], 4) == 27.2501 and "paper:resnet50@384" in resnet["explained_case"]


def test_a_figure_that_differs_is_a_bug(runner, monkeypatch):
    row = ROWS[-1]
    wrong = Figure(row.table, row.name, "P_G", "9.99", 2.16, "differs", "", None, row.case)
    monkeypatch.setattr(command, "reproduce", lambda **options: [wrong])
    result = runner("paper")
    assert result.status == 1
    assert "differs" in result.out
