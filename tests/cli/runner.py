"""Running the command line inside a test."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from reprior.cli import main

__all__ = ["Result", "Runner", "runner"]


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


class Runner:
    """Calls the program; `refuse` expects it to say what is wrong as it promises."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Result:
        self._capsys.readouterr()
        status = main(arguments)
        return Result(status, *self._capsys.readouterr())

    def prints(self, *arguments: str) -> str:
        result = self(*arguments)
        assert (result.status, result.err) == (0, ""), result
        assert not re.search(r"\b(nan|inf)\b", result.out, re.IGNORECASE)
        return result.out

    def refuse(self, *arguments: str) -> str:
        """Exit status 2, nothing on standard output, one line on standard error."""
        result = self(*arguments)
        assert result.status == 2, result
        assert result.out == ""
        assert result.err.startswith("reprior: error: ") and result.err.endswith("\n")
        assert result.err.count("\n") == 1 and "Traceback" not in result.err
        return result.err.removeprefix("reprior: error: ").rstrip("\n")


@pytest.fixture
def runner(capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(capsys)
