"""Finding the tables of benchmarks, or downloading them."""

from __future__ import annotations

import hashlib
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ...errors import RepriorError, SpecError
from ...files import write_text
from ...rank import Table, read_table
from .benchmark import Benchmark, Source

__all__ = ["data_directory", "digest_of", "load", "with_urls"]

_TIMEOUT = 60.0


def data_directory(given: str | Path | None = None) -> Path:
    """Where tables are: as given, else ``REPRIOR_DATA``, else ``~/.cache/reprior/data``."""
    if given is not None:
        return Path(given)
    named = os.environ.get("REPRIOR_DATA")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reprior" / "data"


def load(benchmark: Benchmark, directory: str | Path | None = None) -> Table:
    """The table of a benchmark, downloaded where it is missing.

    Raises
    ------
    SpecError
        If the table is not the one this package knows, or is missing and cannot be downloaded.
    """
    path = data_directory(directory) / benchmark.file
    if path.is_file():
        table = _read(benchmark, path)
        _check(benchmark, table, str(path))
        return table
    if benchmark.source is None:
        raise SpecError(
            f"there is no '{benchmark.file}' in '{path.parent}', and it is not downloaded: "
            f"{benchmark.because}. Its source: {benchmark.origin}. "
            "Name the directory that has it by --data or REPRIOR_DATA"
        )
    text = _made(benchmark.source)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    write_text(part, text)
    try:
        table = _read(benchmark, part)
        _check(benchmark, table, "what was downloaded")
    except RepriorError:
        part.unlink()
        raise
    part.replace(path)
    return table


def digest_of(table: Table) -> str:
    """SHA-256 of what is compared: specs, groups, accuracies to six decimals, in sorted order."""
    lines = sorted(f"{item.spec}\t{item.group}\t{item.accuracy:.6f}" for item in table.entries)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def with_urls(benchmark: Benchmark, urls: Mapping[str, str]) -> Benchmark:
    """The benchmark with other addresses to download from: a mirror."""
    if benchmark.source is None:
        raise SpecError(f"'{benchmark.name}' has no source to download from")
    return replace(benchmark, source=replace(benchmark.source, urls=dict(urls)))


def _read(benchmark: Benchmark, path: Path) -> Table:
    return read_table(
        path,
        spec=benchmark.spec,
        accuracy=benchmark.accuracy,
        group=benchmark.group,
        prefix=benchmark.prefix,
        size=benchmark.size,
        extra=benchmark.extra,
    )


def _check(benchmark: Benchmark, table: Table, where: str) -> None:
    if digest_of(table) != benchmark.digest:
        raise SpecError(
            f"{where} is not the table of '{benchmark.name}' that this version knows (checksum differs); "
            f"--data names a directory that has it"
        )


def _made(source: Source) -> str:
    """The table, made from what its source has published."""
    files = _download(source)
    try:
        return source.make(files)
    except (LookupError, ValueError, TypeError, OSError, EOFError, tarfile.TarError) as error:
        where = ", ".join(source.urls.values())
        raise SpecError(
            f"{where}: not what this version knows how to read ({type(error).__name__}: {error}); "
            f"give the table by --data"
        ) from error


def _download(source: Source) -> dict[str, bytes]:
    files = {}
    for name, url in source.urls.items():
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:
                files[name] = response.read()
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise SpecError(f"cannot download {url}: {error}") from None
    return files
