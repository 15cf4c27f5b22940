"""How far an order by U_G can be trusted: the calibration, and where it is shown."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

import reprior
from reprior import Network
from reprior.analysis import Comparison
from reprior.analysis.calibration import DOUBT, kind_of, right_share
from reprior.views.html import to_html
from tests.cli.runner import runner

__all__ = ["runner"]

KINDS = ("any", "images", "vision transformers", "language")


@pytest.mark.parametrize("kind", [*KINDS, "unknown"])
@pytest.mark.parametrize("alike", [True, False])
def test_shares_grow_with_the_difference_from_one_half(kind, alike):
    differences = [0.0, 0.01, 0.03, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0]
    shares = [right_share(d, alike, kind) for d in differences]
    assert shares[0] == 0.5 and shares[-1] < 1
    assert all(a <= b for a, b in pairwise(shares))
    assert right_share(-0.3, alike, kind) == right_share(0.3, alike, kind)


def cnn(width):
    net = Network()
    x = net.relu(net.conv(net.input(3, 16, 16), width, 3, padding=1))
    net.output(net.dense(net.global_pool(x), 10))
    return net


def test_kinds():
    assert kind_of(reprior.analyze(cnn(4))) == "images"
    assert kind_of(reprior.analyze("open_lm:d96_l4_h4")) == "language"
    vit = 'autoformer:{"depth": 1, "hidden_dim": 192, "mlp_ratio": [4], "num_heads": [3]}'
    assert kind_of(reprior.analyze(vit)) == "vision transformers"
    assert kind_of(reprior.analyze("paper:figure2a")) == "any"


def test_neighbours_in_the_order_of_utility_whatever_the_rows_are_in():
    models = {"small": cnn(4), "large": cnn(64), "twin": cnn(65)}
    analyses = [replace(reprior.analyze(net), model=name) for name, net in models.items()]
    found = Comparison(tuple(analyses))
    (first, second) = found.evidence
    assert (first.better, first.worse, second.worse) == ("twin", "large", "small")
    assert first.alike and not second.alike
    assert first.right < second.right and second.right > 0.9
    assert first.text == "cannot tell" and first.right < DOUBT
    assert second.text == f"{second.right * 100:.0f} %"
    data = json.loads(found.to_json())
    assert data["evidence"][1]["text"] == second.text
    page = to_html(found)
    assert "cannot tell" in page and second.text in page


def test_no_evidence_without_two_utilities(runner):
    assert reprior.compare(["macro:a11111111", "paper:figure3a"]).evidence == ()
    out = runner.prints("compare", "macro:a11111111", "macro:a22222222")
    assert "%: macro:a22222222 over macro:a11111111" in out
    assert "bear out" not in runner.prints("compare", "macro:a11111111")
