"""Every code block of the site's pages runs and shows what is written."""

from pathlib import Path

import pytest

from tests.docs.markdown import run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["index.md", "quickstart.md", "theory.md", "command-line.md"]
PAGES += ["../CONTRIBUTING.md"]
PAGES += sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / "how-to").glob("*.md"))
NEEDS = dict.fromkeys(("score-my-own-network", "add-an-operator", "CONTRIBUTING"), "torch")
NEEDS["rank-a-table"] = "scipy"


@pytest.mark.parametrize("page", PAGES)
def test_blocks_run(page, tmp_path, monkeypatch):
    pytest.importorskip(NEEDS.get(Path(page).stem, "numpy"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(DOCS / page) > 0
