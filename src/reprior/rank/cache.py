"""Scores on disk, addressed by what they depend on."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..errors import SpecError
from ..frontends.specs import SCHEMES

__all__ = ["Cache", "address", "default_cache"]

_FRAMEWORKS = {"timm": "timm", "torchvision": "torchvision", "hf": "transformers"}
"""The package whose version decides what a spec of a scheme means."""

_BUILT_IN = (frozenset(SCHEMES) - {"dag"}) | {"timm", "torchvision"}
"""Schemes that name no file."""

_SOURCES = ("analysis", "core", "frontends", "lowering", "models", "scalar", "sharing")
"""The packages of reprior that scores are computed with, beside its single modules."""


def default_cache() -> Path:
    """The file of the user's cache: ``$XDG_CACHE_HOME/reprior/scores.sqlite``, or in ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "reprior" / "scores.sqlite"


@lru_cache(maxsize=1)
def _code() -> str:
    """Digest of the source that computes scores: a change of it must not meet old scores."""
    root = Path(__file__).parents[1]
    files = [*root.glob("*.py"), *(file for name in _SOURCES for file in (root / name).rglob("*.py"))]
    digest = hashlib.sha256()
    for name in ("scores.py", "baselines.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    for file in sorted(files):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=16)
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def address(spec: str, way: str = "") -> str | None:
    """What the scores of a spec depend on, as a digest; None where that cannot be known.

    That is this package's source, the spec, the version of the framework that defines the model, and
    the content of the file that a spec names. User code (``py:``) can change in any way.
    """
    scheme, _, rest = spec.partition(":")
    if scheme == "py":
        return None
    digest = hashlib.sha256(
        f"{_code()}\0{spec}\0{_version(_FRAMEWORKS.get(scheme, 'reprior'))}\0{way}".encode()
    )
    if scheme in _FRAMEWORKS:
        digest.update(_version("torch").encode())
    for name in () if scheme in _BUILT_IN else (spec, rest):
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
