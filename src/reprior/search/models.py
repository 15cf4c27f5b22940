"""The models that a search has found, as graphs and as files."""

from __future__ import annotations

import re
from pathlib import Path

from ..core.graph import Graph
from ..errors import RepriorError, SpecError
from ..files import write_text
from ..frontends.network.files import graph_to_json
from ..registry import describe
from .export import to_source
from .result import Found, SearchResult

__all__ = ["graph_of", "write_models"]


def graph_of(trial: Found) -> Graph:
    """The graph of a trial whose candidate has a spec.

    Raises
    ------
    RepriorError
        If it has none: what a function of the user's made, only that function can make again.
    """
    if trial.candidate is None:
        raise RepriorError(f"trial {trial.number} has no spec: its function makes it from {trial.params}")
    graph = describe(trial.candidate).graph
    assert isinstance(graph, Graph)
    return graph


def write_models(result: SearchResult, folder: str | Path) -> list[Path]:
    """Write each model of the front, as JSON and as PyTorch code.

    ``network:FILE.json`` is then a spec of it.

    Raises
    ------
    RepriorError
        If a model has no spec, or the folder cannot be written.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(f"cannot write '{folder}': {error.strerror or error}") from None
    written = []
    for trial in result.front:
        graph = graph_of(trial)
        name = f"{trial.number}-" + re.sub(r"[^\w.-]+", "_", trial.candidate or "").strip("_")[:80]
        for kind, text in ((".json", graph_to_json(graph)), (".py", to_source(graph))):
            written.append(place / (name + kind))
            write_text(written[-1], text)
    return written
