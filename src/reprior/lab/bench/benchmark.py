"""What a benchmark is: a table of trained models, and where it can be made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...rank import ScoredEntry

__all__ = ["Benchmark", "Population", "Source", "everything"]

Population = Callable[[ScoredEntry], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table can be made from.

    Attributes
    ----------
    urls : mapping of str to str
        Addresses of the published files, by the names that `make` knows them by.
    make : callable
        From the contents of these files to the table as CSV.
    """

    urls: Mapping[str, str]
    make: Callable[[Mapping[str, bytes]], str]


def everything(entry: ScoredEntry) -> bool:
    """The population of all."""
    return True


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One table of trained models.

    Attributes
    ----------
    name, title : str
    file : str
        Name of the table in the data directory.
    origin : str
        Where it comes from, with its licence.
    spec, accuracy, prefix, group, size, extra
        How `reprior.rank.read_table` reads it.
    digest : str
        SHA-256 of the models and accuracies (`reprior.lab.bench.data.digest_of`).
    kind : str
        What kind of population it is: cells, networks, zoo, vision transformers or language.
    populations : mapping
        Which models each table of the report is about.
    source : Source or None
        What to download where the table is missing.
    because : str
        Where there is no source: why the table is read from the data directory alone.
    """

    name: str
    title: str
    file: str
    origin: str
    spec: str
    accuracy: str
    prefix: str
    digest: str
    group: str | None = None
    size: str | None = None
    extra: tuple[str, ...] = ()
    kind: str = "cells"
    populations: Mapping[str, Population] = field(default_factory=lambda: {"all": everything})
    source: Source | None = None
    because: str = ""
