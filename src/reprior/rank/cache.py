"""Scores on disk, addressed by what they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..registry import find_scheme, versions
from ..version import __version__

__all__ = ["Cache", "address", "default_cache"]


def default_cache() -> Path:
    """The file of the user's cache: ``$XDG_CACHE_HOME/reprior/scores.sqlite``, or in ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "reprior" / "scores.sqlite"


@cache
def _package() -> str:
    """The version of reprior, and a digest of its source: a change must not meet old scores."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return f"{__version__} {digest.hexdigest()}"


def address(spec: str, way: str = "") -> str | None:
    """What the scores of a spec depend on, as a digest; None where that cannot be known.

    That is this package, the spec, the versions of the packages that define the model, and the content of
    the file that a spec names. User code (``py:``) can change in any way.
    """
    try:
        scheme = find_scheme(spec)
    except SpecError:
        return None
    if scheme.reads == "code":
        return None
    parts = [_package(), spec, way, *versions(scheme)]
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in (spec, spec.partition(":")[2]) if scheme.reads == "files" else ():
        if os.path.isfile(name):
            digest.update(Path(name).read_bytes())
        elif os.path.isdir(name):
            return None
    return digest.hexdigest()


class Cache:
    """Values by address, in one SQLite file. Several processes may read while one writes.

    Parameters
    ----------
    path : path or None
        The file, made if missing; None keeps nothing.

    Raises
    ------
    SpecError
        If the file cannot be opened or is no cache.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.path = None if path is None else Path(path)
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as file, file:
                file.execute("CREATE TABLE IF NOT EXISTS entries (address TEXT PRIMARY KEY, value TEXT)")
        except (OSError, sqlite3.Error) as error:
            raise SpecError(f"cannot use '{self.path}' as a cache: {error}") from None

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(str(self.path), timeout=60)

    def get(self, addresses: Iterable[str]) -> dict[str, Any]:
        """The values that are there."""
        if self.path is None:
            return {}
        wanted = list(addresses)
        found: dict[str, Any] = {}
        with closing(self._open()) as file:
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                marks = ",".join("?" * len(some))
                query = f"SELECT address, value FROM entries WHERE address IN ({marks})"
                found |= {key: json.loads(value) for key, value in file.execute(query, some)}
        return found

    def put(self, values: Mapping[str, Any]) -> None:
        """Keep values."""
        if self.path is None or not values:
            return
        rows = [(key, json.dumps(value, allow_nan=False)) for key, value in values.items()]
        with closing(self._open()) as file, file:
            file.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", rows)
