"""The page of an analysis, opened in a real browser and used."""

import json
import re

import pytest

import reprior
from reprior.views.html import write_html
from reprior.views.html.headline import BASELINES, QUANTITIES
from tests.browser import Visit

MODELS = ["paper:resnet50", "paper:efficientnetv2-l", "timm:vit_base_patch16_224", "hf:GPT2Config"]


@pytest.fixture(scope="module", params=MODELS)
def report(request, tmp_path_factory):
    """An analysis as its JSON, and the path of its page."""
    if request.param.startswith(("timm", "hf")):
        pytest.importorskip("timm" if request.param.startswith("timm") else "transformers")
    analysis = reprior.analyze(request.param)
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(analysis, path)
    return json.loads(analysis.to_json()), path


@pytest.fixture(scope="module")
def opened(browser, report):
    with Visit.to(browser, report[1]) as found:
        yield found


@pytest.fixture
def visit(opened, report):
    """One page for all tests of a model: each leaves the table as later tests expect it, and silence."""
    yield opened
    opened.assert_quiet(report[1])


def figures(page):
    """Every figure that the page shows exactly, by its name in the JSON."""
    script = "all => all.map(e => [e.dataset.key, e.value])"
    return {key: float(value) for key, value in page.eval_on_selector_all("data[data-key]", script)}


def column(page, label, table="#parameter-table"):
    """The texts of one column of a table."""
    heads = page.locator(f"{table} thead th").all_inner_texts()
    place = next(k for k, head in enumerate(heads) if head.strip(" ▲▼") == label)
    script = "(rows, k) => rows.map(row => row.children[k].innerText)"
    return page.eval_on_selector_all(f"{table} tbody tr", script, place)


def test_figures_equal_the_json(visit, report):
    data, _ = report
    shown = figures(visit.page)
    assert set(shown) == {*QUANTITIES, *BASELINES}
    assert shown == {key: data[key] for key in shown}


def test_table_rows_equal_the_json(visit, report):
    data, _ = report
    page = visit.page
    for key, label, digits in [
        ("numel", "Scalars", 0),
        ("log2_contexts_mean", "mean", 3),
        ("dead", "Dead", 0),
    ]:
        expected = [f"{row[key]:,.{digits}f}" for row in data["parameters"][:50]]
        assert column(page, label) == expected
    assert f"of {len(data['parameters']):,}" in page.locator("#parameter-table [role=status]").inner_text()


def test_surprisal_of_the_rows_adds_up(visit, report):
    data, _ = report
    shown = visit.page.evaluate("JSON.parse(document.getElementById('data').textContent).parameters")
    assert sum(row["surprisal"] for row in shown) == pytest.approx(data["total_surprisal"], rel=1e-9)
    total = visit.page.evaluate("JSON.parse(document.getElementById('data').textContent).layers")
    assert sum(layer["surprisal"] for layer in total) == pytest.approx(data["total_surprisal"], rel=1e-9)


def test_search_and_pages(visit, report):
    data, _ = report
    page = visit.page
    page.fill("#parameter-table input", "BIAS")
    expected = [row["name"] for row in data["parameters"] if "bias" in row["name"].lower()]
    assert expected
    assert column(page, "Parameter") == expected[:50]
    if len(expected) > 50:
        page.click("#parameter-table button:text('Next')")
        assert column(page, "Parameter") == expected[50:100]
    page.fill("#parameter-table input", "no such parameter")
    assert column(page, "Parameter") == []
    assert page.locator("#parameter-table [role=status]").inner_text() == "nothing found"
    page.fill("#parameter-table input", "")


def test_sort(visit, report):
    data, _ = report
    page = visit.page
    page.click("#parameter-table [data-sort=numel]")
    expected = sorted((row["numel"] for row in data["parameters"]), reverse=True)
    assert column(page, "Scalars") == [f"{n:,}" for n in expected[:50]]
    assert page.locator("#parameter-table th[aria-sort=descending]").count() == 1
    page.click("#parameter-table [data-sort=numel]")
    assert column(page, "Scalars") == [f"{n:,}" for n in expected[::-1][:50]]


def test_sort_by_keyboard(visit, report):
    data, _ = report
    page = visit.page
    page.focus("#parameter-table [data-sort=name]")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    names = column(page, "Parameter")
    assert len(names) == min(50, len(data["parameters"]))
    assert names == page.evaluate(
        "names => [...names].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))", names
    )


def test_hover_over_the_layers(visit, report):
    data, _ = report
    page = visit.page
    holder = page.locator("#layers-chart")
    holder.scroll_into_view_if_needed()
    marks = page.locator("#layers-chart .layer")
    layers = {row["name"].rpartition(".")[0] or row["name"] for row in data["parameters"]}
    assert marks.count() == len(layers)
    marks.last.hover(force=True)
    said = page.locator("#depth .readout").inner_text()
    last = data["parameters"][-1]["name"].rpartition(".")[0] or data["parameters"][-1]["name"]
    assert said.startswith(last)
    assert f"layer {len(layers)} of {len(layers)}" in said


def test_layers_by_keyboard(visit, report):
    data, _ = report
    page = visit.page
    page.focus("#layers-chart")
    page.keyboard.press("Home")
    first = page.locator("#depth .readout").inner_text()
    assert first.startswith(data["parameters"][0]["name"].rpartition(".")[0])
    assert float(re.search(r"mean log2 contexts ([\d,.]+\d)", first)[1].replace(",", "")) > 0
    page.keyboard.press("ArrowRight")
    assert page.locator("#depth .readout").inner_text() != first


def test_distribution_says_every_parameter(visit, report):
    data, _ = report
    page = visit.page
    page.focus("#distribution-chart")
    total, said = 0, None
    for _ in range(400):
        page.keyboard.press("ArrowRight")
        now = page.locator("#distribution .readout").inner_text()
        if now == said:
            break
        said = now
        total += int(re.search(r"([\d,]+) parameters", now)[1].replace(",", ""))
    assert total == data["num_parameters"]
    page.check("#distribution input[value=contexts]")
    assert "% of all contexts" in page.locator("#distribution-chart").text_content()


def test_modules_open_and_close(visit, report):
    page = visit.page
    rows = page.locator("#modules .flow li:visible")
    closed = rows.count()
    page.click("#open-all")
    opened = rows.count()
    assert opened > closed
    assert page.locator("#modules path.tip").count() > closed
    summary = page.locator("#modules summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert rows.count() < opened
    page.click("#close-all")
    assert rows.count() == closed


def test_theme_switch(visit):
    page = visit.page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("#theme")
    dark = page.evaluate(ground)
    assert dark != light
    assert page.locator("#theme").inner_text() == "Light theme"
    page.click("#theme")
    assert page.evaluate(ground) == light


def test_accessible(visit):
    visit.page.click("#modules summary >> nth=0")
    assert visit.serious_violations() == []


def test_accessible_on_a_phone_in_the_dark(browser, report):
    with Visit.to(browser, report[1], width=390, scheme="dark") as visit:
        visit.page.click("#modules summary >> nth=0")
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
        assert visit.serious_violations() == []
