"""The page of a comparison, opened in a real browser and used."""

import json

import pytest

import reprior
from reprior.views.html import write_html
from tests.browser import Visit

MODELS = ["paper:efficientnetv2-b0", "paper:resnet50", "paper:efficientnetv2-s", "paper:figure3a"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    comparison = reprior.compare(MODELS)
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    write_html(comparison, path)
    return json.loads(comparison.to_json())["models"], path


@pytest.fixture
def visit(browser, report):
    with Visit.to(browser, report[1]) as found:
        yield found
        found.assert_quiet(report[1])


def rows(page):
    script = """all => all.map(row => [row.children[0].innerText,
        Object.fromEntries([...row.querySelectorAll('data')].map(e => [e.dataset.key, Number(e.value)]))])"""
    return page.eval_on_selector_all("#model-table tbody tr", script)


def test_cells_equal_the_json(visit, report):
    models, _ = report
    shown = rows(visit.page)
    assert [name for name, _ in shown] == [model["model"] for model in models]
    for (_, cells), model in zip(shown, models, strict=True):
        assert len(cells) >= 11
        assert cells == {key: model[key] for key in cells}


def test_a_scalar_graph_has_no_costs(visit):
    cells = dict(rows(visit.page))
    assert "macs" not in cells["paper:figure3a"]
    assert "macs" in cells["paper:resnet50"]


def test_sort(visit, report):
    models, _ = report
    visit.page.click("#model-table [data-sort=entropy]")
    expected = sorted(models, key=lambda model: -model["entropy"])
    assert [name for name, _ in rows(visit.page)] == [model["model"] for model in expected]


def test_scatter_of_any_two(visit, report):
    models, _ = report
    page = visit.page
    chart = page.locator("#scatter-chart")
    assert chart.locator(".point").count() == len(models)
    page.select_option("#scatter-x", "macs")
    page.select_option("#scatter-y", "expected_spread")
    assert chart.locator(".point").count() == len(models) - 1  # the scalar graph has no MACs
    page.focus("#scatter-chart")
    page.keyboard.press("Home")
    said = page.locator("#scatter .readout").inner_text()
    first = next(model for model in models if "macs" in model)
    assert said.startswith(first["model"])
    assert f"{first['expected_spread']:,.4f}" in said
    assert f"{first['macs']:,.4f}" in said


def test_accessible_and_fits(browser, report):
    for width, scheme in ((1440, "light"), (390, "dark")):
        with Visit.to(browser, report[1], width=width, scheme=scheme) as visit:
            assert visit.serious_violations() == []
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width
