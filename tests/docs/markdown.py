"""Running the code blocks of a Markdown page.

``python`` blocks are interactive sessions, all of a page in one namespace. ``console`` blocks are
``$ reprior ...`` commands with their output. In both, ``...`` stands for anything. ``json`` blocks must
be JSON. Other languages are refused, save ``sh``, which is for setting up (``make``, ``pip``, ``git``), and
``py``, code that needs a setting of its own, which a test named beside it runs.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprior.cli import main

__all__ = ["Block", "blocks", "run"]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_SETUP = ("make ", "pip ", "git ", "cd ", "#")


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        yield Block(match[1], match[2], text.count("\n", 0, match.start(2)))


def run(page: Path) -> int:
    """Run a page in the working directory; the number of examples that were checked."""
    namespace: dict[str, object] = {}
    checked = 0
    for block in blocks(page):
        where = f"{page.name}:{block.line + 1}"
        if block.language == "python":
            checked += _run_python(block, page.name, namespace)
        elif block.language == "console":
            checked += _run_console(block, where)
        elif block.language == "json":
            json.loads(block.text)
            checked += 1
        elif block.language == "sh":
            assert all(line.startswith(_SETUP) for line in block.text.splitlines() if line), where
        elif block.language != "py":
            raise AssertionError(f"{where}: nothing runs a block of language '{block.language}'")
    return checked


def _run_python(block: Block, name: str, namespace: dict[str, object]) -> int:
    test = doctest.DocTestParser().get_doctest(block.text, namespace, name, name, block.line)
    assert test.examples, f"{name}:{block.line + 1}: a python block without >>>"
    test.globs = namespace  # the parser copies it; later blocks must see what this one defines
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=_FLAGS)
    result = runner.run(test, out=report.write, clear_globs=False)
    assert result.failed == 0, report.getvalue()
    return result.attempted


def _run_console(block: Block, where: str) -> int:
    commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not commands[0].strip(), f"{where}: a console block begins with '$ '"
    for command in commands[1:]:
        line, _, expected = command.partition("\n")
        while line.endswith("\\"):
            more, _, expected = expected.partition("\n")
            line = line[:-1] + more
        program, *arguments = shlex.split(line)
        assert program == "reprior", f"{where}: {program} is not run"
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(arguments)
        # Trailing spaces of tables are not written into pages.
        got = "\n".join(text.rstrip() for text in (out.getvalue() + err.getvalue()).splitlines()).strip("\n")
        wanted = "\n".join(text.rstrip() for text in expected.splitlines()).strip("\n")
        checker = doctest.OutputChecker()
        if not checker.check_output(wanted + "\n", got + "\n", doctest.ELLIPSIS):
            raise AssertionError(f"{where}: $ {line}\nexpected:\n{wanted}\n\ngot:\n{got}")
    return len(commands) - 1
