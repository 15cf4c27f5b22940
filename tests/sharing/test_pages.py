"""The page on sharing runs as written; the page of the experiment says what its table says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import run
from tests.sharing.test_table2_parameters import ROWS, STATISTICS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("timm")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(DOCS / "sharing.md") > 10


def test_the_table_of_parameters_is_the_tested_one() -> None:
    text = (DOCS / "sharing.md").read_text(encoding="utf-8")
    lines = [line.replace("*", "").split(" | ") for line in text.splitlines() if line.startswith("| V2-")]
    found = [(cells[1], *(int(re.sub(r"\D", "", cell)) for cell in cells[2:])) for cells in lines]
    expected = [
        (r.published, r.text, r.text + STATISTICS[r.model], r.code, r.code + STATISTICS[r.model])
        for r in ROWS
    ]
    assert found == expected
