"""The option ``--executor`` of the commands that work in parallel."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Annotated

import typer

__all__ = ["ExecutorName", "chosen_executor"]

ExecutorName = Annotated[
    str,
    typer.Option("--executor", metavar="local|dask://HOST:PORT", help="Where the work is done."),
]


@contextmanager
def chosen_executor(name: str) -> Iterator[tuple[Executor | None, int | None]]:
    """The executor of that name and how many workers it has; None for ``local``, which commands make."""
    if name == "local":
        yield None, None
        return
    from ..executors import open_executor

    with open_executor(name) as found:
        yield found
