"""A graph beside its unrolling, in a real browser."""

import pytest

from reprior.errors import GraphError
from reprior.models.figures import figure_3a
from reprior.scalar import DagBuilder, count_contexts
from reprior.views.html import unrolling_html, write_unrolling
from tests.browser import Visit


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("unrolling") / "page.html"
    write_unrolling(figure_3a(), "paper:figure3a", path)
    return path


def test_pointing_at_a_parameter_shows_its_copies(browser, path):
    with Visit.to(browser, path) as visit:
        page = visit.page
        original, unrolled = page.locator(".pair section").all()
        for name, contexts in count_contexts(figure_3a()).items():
            original.locator(f".mark[data-origin={name}]").hover()
            assert unrolled.locator(".mark.near").count() == contexts
            assert f"{contexts} in the unrolled graph" in page.locator("#readout").inner_text()
        unrolled.locator(".mark[data-origin=f1]").first.focus()
        assert original.locator(".mark.near").count() == 1
        assert unrolled.locator(".mark.near").count() == 2
        visit.assert_quiet(path)


def test_accessible_and_fits(browser, path):
    for width, scheme in ((1440, "light"), (390, "dark")):
        with Visit.to(browser, path, width=width, scheme=scheme) as visit:
            assert visit.serious_violations() == []
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width


def test_names_are_text(browser, tmp_path):
    name = "</script><script>alert(1)</script>"
    dag = DagBuilder().inputs("x").parameters(name).output("y", "x", name).build()
    write_unrolling(dag, name, tmp_path / "page.html")
    with Visit.to(browser, tmp_path / "page.html") as visit:
        visit.assert_quiet(tmp_path / "page.html")
        assert name in visit.page.locator("h1").text_content()


def test_too_large():
    builder = DagBuilder().inputs("x").parameters("w").function("f0", "x", "w")
    for k in range(12):
        for side in "ab":
            builder = builder.function(f"{side}{k}", f"f{k}")
        builder = builder.function(f"f{k + 1}", f"a{k}", f"b{k}")
    with pytest.raises(GraphError, match="too large to draw"):
        unrolling_html(builder.output("y", "f12").build(), "deep")
