"""Names are text, whatever they look like."""

import pytest

import reprior
from reprior.views.html import to_html, write_html
from tests.browser import Visit

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'&amp;`${alert(1)}",
    "<!--",
    "模型-μ-עברית-🧠",
    "\u202eright to left",
    "__proto__",
    "constructor",
    "x" * 10_000,
    "$style $data",
]


def model():
    net = reprior.Network()
    x = net.input(4)
    for name in HOSTILE:
        with net.scope(name):
            x = net.relu(net.dense(x, 4, name="layer"))
            x = net.dense(x, 4, name="layer")
    net.output(net.dense(x, 2, name=HOSTILE[0]))
    return net


def long_path():
    """A path of ten thousand characters in five thousand parts."""
    net = reprior.Network()
    with net.scope(".".join("a" * 5_000)):
        x = net.dense(net.input(3), 3, name="deep")
    net.output(net.dense(x, 2, name="shallow"))
    return net


@pytest.fixture(scope="module")
def page_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    write_html(reprior.analyze(model(), name=HOSTILE[1]), path)
    return path


def test_every_name_is_shown_as_text(browser, page_path):
    with Visit.to(browser, page_path) as visit:
        page = visit.page
        visit.assert_quiet(page_path)
        assert page.locator("h1").text_content() == HOSTILE[1]
        page.click("#open-all")
        shown = set(page.locator("#modules .name").all_text_contents())
        titles = set(page.eval_on_selector_all("#modules .name", "all => all.map(e => e.title)"))
        for name in HOSTILE:
            assert name in shown or name in titles
        assert page.locator("img").count() == 0
        assert page.locator("script").count() == 2
        assert visit.noise == []
        assert page.title() == f"{HOSTILE[1]} - reprior"


def test_a_phone_still_fits(browser, page_path):
    with Visit.to(browser, page_path, width=390) as visit:
        visit.page.click("#open-all")
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_path_of_ten_thousand_characters(browser, tmp_path):
    path = tmp_path / "long.html"
    write_html(reprior.analyze(long_path()), path)
    with Visit.to(browser, path) as visit:
        visit.page.click("#open-all")
        visit.assert_quiet(path)
        titles = visit.page.eval_on_selector_all("#parameter-table span", "all => all.map(e => e.title)")
        assert ".".join("a" * 5_000) + ".deep.weight" in titles


def test_comparison_shows_names_as_text(browser, tmp_path):
    path = tmp_path / "comparison.html"
    analyses = [reprior.analyze(model(), name=name) for name in HOSTILE[:4]]
    write_html(reprior.Comparison(tuple(analyses)), path)
    with Visit.to(browser, path) as visit:
        visit.assert_quiet(path)
        assert visit.page.locator("#model-table tbody th").all_text_contents() == HOSTILE[:4]


def test_no_markup_from_names_reaches_the_source():
    html = to_html(reprior.analyze(model(), name=HOSTILE[1]))
    assert "<script>alert" not in html
    assert html.count("<script") == 2
    assert html.count("<!--") == 0


def test_notebook_summary_escapes():
    html = reprior.analyze(model(), name=HOSTILE[0])._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
