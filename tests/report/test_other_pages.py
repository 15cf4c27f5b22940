"""Pages of analyses of every other kind: shared, dead, weighed, exact, scalar."""

import itertools
import json
import re
import subprocess
import sys
from importlib import resources

import pytest

import reprior
from reprior.views.html import to_html, write_html
from tests.browser import Visit

OPTIONS = [
    ("paper:efficientnetv2-b0@32", {"share": "all_but_bn"}),
    ("paper:efficientnetv2-b0@32", {"weighting": "fan_in:1.0"}),
    ("macro:a22222222", {"exact": True, "weighting": "decay:0.5"}),
    ("paper:figure3a", {}),
    ("paper:figure2a", {"weighting": "decay:0.5", "exact": True}),
]


@pytest.fixture(scope="module", params=OPTIONS, ids=lambda param: f"{param[0]} {param[1]}")
def report(request, tmp_path_factory):
    spec, options = request.param
    analysis = reprior.analyze(spec, **options)
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(analysis, path)
    return json.loads(analysis.to_json()), path


def test_the_page_says_what_the_json_says(browser, report):
    data, path = report
    with Visit.to(browser, path) as visit:
        page = visit.page
        shown = page.eval_on_selector_all("data[data-key]", "all => all.map(e => [e.dataset.key, e.value])")
        assert {key: float(value) for key, value in shown} == {key: data[key] for key, _ in shown}
        dead = [row for row in data["parameters"] if row["dead"]]
        assert page.locator("#dead-table tbody tr").count() == min(20, len(dead))
        shared = [row for row in data["parameters"] if row["shared_with"] or row["use_sites"] > 1]
        assert page.locator("#shared-table tbody tr").count() == min(20, len(shared))
        if dead:
            assert f"{data['dead_parameters']:,} scalars" in page.locator("#dead").inner_text()
        assert f"weighting {data['weighting']}" in page.locator("header").inner_text()
        assert "NaN" not in page.locator("body").inner_text()
        assert "undefined" not in page.locator("body").inner_text()
        visit.assert_quiet(path)


def test_accessible_on_a_phone(browser, report):
    with Visit.to(browser, report[1], width=390) as visit:
        assert visit.serious_violations() == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_scalar_graph_is_drawn(browser, tmp_path):
    path = tmp_path / "report.html"
    write_html(reprior.analyze("paper:figure3a"), path)
    with Visit.to(browser, path) as visit:
        marks = visit.page.locator("#graph .mark")
        assert marks.count() == 15
        assert visit.page.locator("#modules").count() == 0


def test_without_optional_packages():
    """Reports need the core alone."""
    script = (
        "import sys\n"
        "for name in ('matplotlib', 'pandas', 'torch', 'networkx', 'scipy'):\n"
        "    sys.modules[name] = None\n"
        "import reprior\n"
        "print(len(reprior.analyze('paper:figure3a').to_html()))\n"
        "print(len(reprior.compare(['paper:figure3a', 'paper:figure2a']).to_html()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(int(size) > 10_000 for size in done.stdout.split())


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_marks_stand_out_in_both_themes():
    style = resources.files("reprior.views.html").joinpath("static", "style.css").read_text(encoding="utf-8")
    themes = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in style.split("}") if "--g0" in block]
    assert len(themes) == 3
    for theme, key in itertools.product(
        themes, [f"g{k}" for k in range(10)] + ["bar", "bar2", "edge", "strong"]
    ):
        assert contrast(theme[key], theme["panel"]) >= 3, key
    for theme, key in itertools.product(themes, ["ink", "soft", "link"]):
        assert contrast(theme[key], theme["panel"]) >= 4.5, key


def test_the_policy_allows_this_script_only():
    html = to_html(reprior.analyze("paper:figure3a"))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http:" not in policy and "https:" not in policy and "*" not in policy
