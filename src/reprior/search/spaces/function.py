"""Spaces that a function of the user's makes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import SpecError
from .base import Candidate, Chooser

__all__ = ["CallableSpace", "FunctionSpace"]

_Build = Callable[[Any], Candidate]


@dataclass(frozen=True, slots=True)
class FunctionSpace:
    """What ``FILE.py:build`` makes of a trial: a torch module, a `Network`, a spec, or anything to analyse.

    Attributes
    ----------
    name : str
        ``FILE.py:function``; the function is ``build`` where none is named.

    Raises
    ------
    SpecError
        If there is no such file.
    """

    name: str
    trusted: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        file, function = _split(self.name)
        if not file.endswith(".py") or not function.isidentifier():
            raise SpecError(f"'{self.name}' names no function: give it as FILE.py:build")
        if not Path(file).is_file():
            raise SpecError(f"there is no file '{file}'")
        # Workers run elsewhere: they need to know where the file is, and notice when it changes.
        object.__setattr__(self, "name", f"{Path(file).resolve()}:{function}")

    @property
    def label(self) -> str:
        """The file's own name and the function's."""
        file, function = _split(self.name)
        return f"{Path(file).name}:{function}"

    def suggest(self, trial: Chooser) -> Candidate:
        """What the function returns."""
        return self.function()(trial)

    def check(self) -> None:
        """Load the function.

        Raises
        ------
        SpecError
            If the file does not run or has no such function.
        """
        self.function()

    def function(self) -> _Build:
        """The function itself.

        Raises
        ------
        SpecError
            If the file does not run or has no such function.
        """
        file, function = _split(self.name)
        try:
            changed = Path(file).stat().st_mtime_ns
        except OSError:
            raise SpecError(f"there is no file '{file}' here") from None
        return _load(file, function, changed)


@dataclass(frozen=True, slots=True)
class CallableSpace:
    """What a function object makes of a trial, in this process: nothing stops it when it hangs."""

    build: _Build
    trusted: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        """The function's name."""
        return getattr(self.build, "__qualname__", type(self.build).__qualname__)

    @property
    def label(self) -> str:
        """The same."""
        return self.name

    def suggest(self, trial: Chooser) -> Candidate:
        """What the function returns."""
        return self.build(trial)


def _split(name: str) -> tuple[str, str]:
    file, colon, function = name.rpartition(":")
    return (file, function) if colon and not function.endswith(".py") else (name, "build")


@lru_cache(maxsize=8)
def _load(file: str, function: str, changed: int) -> _Build:
    name = f"reprior_space_{Path(file).stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise SpecError(f"'{file}' does not run: {type(error).__name__}: {error}") from error
    found = getattr(module, function, None)
    if not callable(found):
        raise SpecError(f"'{file}' has no function '{function}'")
    return found  # type: ignore[no-any-return]
