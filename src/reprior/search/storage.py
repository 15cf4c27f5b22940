"""Where the trials of a study are kept: a journal file, SQLite, PostgreSQL, or memory."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from ..errors import RepriorError, SpecError

if sys.platform != "win32":
    import fcntl

__all__ = ["DEFAULT_STORAGE", "StorageError", "explained", "kept_in", "open_storage", "patiently"]

DEFAULT_STORAGE = "reprior-search.journal"
"""A journal in the working directory."""

_JOURNAL = "journal:///"
_PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds between attempts."""

T = TypeVar("T")


class StorageError(RepriorError):
    """The place that keeps the trials can no longer be read or written."""


def open_storage(url: str) -> BaseStorage:
    """Open a storage, made if it is not there.

    Parameters
    ----------
    url : str
        A file, or ``journal:///FILE``, ``sqlite:///FILE``, ``postgresql://USER@HOST/NAME``, or ``memory:``.

    Raises
    ------
    StorageError
        If it cannot be opened.
    SpecError
        If what it needs is not installed.
    """
    if url == "memory:":
        return InMemoryStorage()
    with explained(url, "open"):
        if url.startswith(_JOURNAL) or "://" not in url:
            return JournalStorage(_Journal(url.removeprefix(_JOURNAL)))
        from sqlalchemy.exc import IntegrityError, ProgrammingError
        from sqlalchemy.pool import NullPool

        # No connection stays open between trials: none is stale when a server has been away.
        options = {"poolclass": NullPool}
        for pause in _PAUSES:
            try:
                return optuna.storages.get_storage(RDBStorage(_with_driver(url), engine_kwargs=options))
            except (IntegrityError, ProgrammingError):
                time.sleep(pause)  # another process makes the same tables at this moment
        return optuna.storages.get_storage(RDBStorage(_with_driver(url), engine_kwargs=options))


def kept_in(url: str) -> str:
    """A storage as it may be printed: without a password."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", url)


def patiently(url: str, what: str, act: Callable[[], T]) -> T:
    """Do something with a storage; a database that does not answer, or was changed meanwhile, is asked again.

    Raises
    ------
    StorageError
        If it fails for good.
    """
    for pause in (*_PAUSES, None):
        try:
            with explained(url, what):
                return act()
        except StorageError as error:
            if pause is None or isinstance(error.__cause__, OSError):
                raise
            time.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def explained(url: str, what: str) -> Iterator[None]:
    """Errors of storages as one line."""
    try:
        yield
    except ImportError as error:
        raise SpecError(
            f"the storage '{kept_in(url)}' needs {error.name}: pip install 'reprior[search]'"
        ) from None
    except OSError as error:
        raise StorageError(f"cannot {what} '{kept_in(url)}': {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        raise StorageError(f"cannot {what} '{kept_in(url)}': it is no journal of trials") from error
    except _database_errors() as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = str(getattr(cause, "orig", None) or cause or error).strip().splitlines()[0]
        raise StorageError(f"cannot {what} '{kept_in(url)}': {reason}") from error


def _database_errors() -> tuple[type[Exception], ...]:
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        return (StorageInternalError,)
    return StorageInternalError, SQLAlchemyError


def _with_driver(url: str) -> str:
    """PostgreSQL by psycopg 3, which is what the extra brings, unless another driver is named."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


class _Journal(JournalFileBackend):
    """A journal whose half-written last record, left by a full disk or a killed process, is cut off."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)
        with open(path, "ab"):
            pass  # refuse now what cannot be written later

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append records, all or none."""
        if sys.platform == "win32":
            super().append_logs(logs)
            return
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with open(self.path, "r+b", buffering=0) as file:
            # The kernel lets go of its lock when a process is killed; a lock file would stay.
            fcntl.flock(file, fcntl.LOCK_EX)
            end = _end_of_records(file)
            file.truncate(end)
            file.seek(end)
            try:
                _write_all(file, text.encode())
                os.fsync(file.fileno())
            except OSError:
                file.truncate(end)
                raise


def _write_all(file: Any, data: bytes) -> None:
    while data:
        data = data[file.write(data) :]


def _end_of_records(file: Any) -> int:
    """Where the last whole line ends."""
    end: int = file.seek(0, os.SEEK_END)
    position = end
    while position > 0:
        start = max(0, position - 4096)
        file.seek(start)
        found: int = file.read(position - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        position = start
    return 0
