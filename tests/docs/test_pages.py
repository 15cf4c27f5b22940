"""Every code block of the pages runs and shows what is written."""

from pathlib import Path

import pytest

from tests.docs.markdown import blocks, run

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "docs/walkthrough.md",
    "docs/conventions.md",
    "docs/search.md",
    "docs/benchmarks/paper.md",
]


@pytest.mark.parametrize("page", PAGES)
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert run(ROOT / page) > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\n>>> 1 + 1\n3\n```\n", "Expected:"),
        ("```console\n$ reprior list paper:figure2a\npaper:figure2b\n```\n", "expected:"),
        ("```console\n$ rm -r x\n```\n", "rm is not run"),
        ("```sh\nreprior paper\n```\n", r"page\.md:2"),
        ("```json\n{,}\n```\n", "Expecting"),
        ("```\nanything\n```\n", "nothing runs"),
        ("```python\nprint(1)\n```\n", "without >>>"),
    ],
)
def test_a_wrong_block_is_noticed(text, message, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises((AssertionError, ValueError), match=message):
        run(page)


def test_blocks_share_a_namespace(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\n>>> x = 3\n```\nand\n```python\n>>> x\n3\n```\n")
    assert run(page) == 2
    assert [block.line for block in blocks(page)] == [1, 5]
