"""The tables of docs/benchmarks say what docs/benchmarks/results say."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("leaderboard", "macro", "nasbench201", "timm")


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("pages", ROOT / "benchmarks" / "pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", PAGES)
def test_tables_follow_the_results(pages, name):
    text = (ROOT / "docs" / "benchmarks" / f"{name}.md").read_text(encoding="utf-8")
    assert len(pages.MARK.findall(text)) == {"leaderboard": 3, "nasbench201": 2}.get(name, 1)
    assert pages.written(text) == text
    assert pages.written(text.replace("| `utility` | 0.", "| `utility` | 1.")) == text
