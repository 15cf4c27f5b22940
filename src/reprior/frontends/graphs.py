"""The front-end of what is a graph already: `Graph`, `Dag`, `Network`, and files of either."""

from __future__ import annotations

import time
from typing import Any

from ..core.graph import Graph
from ..errors import SpecError
from ..model import Model
from ..scalar import Dag, load
from .network import Network
from .network.files import load_graph
from .registry import Frontend, Scheme

__all__ = ["GRAPHS", "refuse_input"]


def _describe(model: Any, input: Any, name: str | None, real: bool) -> Model | None:
    start = time.perf_counter()
    if isinstance(model, Network):
        return Model(name or "network", model.graph(), time.perf_counter() - start)
    if isinstance(model, Graph | Dag):
        if isinstance(model, Graph):
            model.check()
        return Model(name or type(model).__name__.lower(), model, time.perf_counter() - start)
    return None


def refuse_input(spec: str, input: Any) -> None:
    """For schemes whose specs say all.

    Raises
    ------
    SpecError
        If something is to be fed.
    """
    if input is not None:
        scheme = spec.partition(":")[0]
        raise SpecError(
            f"'{spec}' fixes its input; give a size as {scheme}:NAME@SIZE instead of --input", model=spec
        )


def _dag(spec: str, input: Any, real: bool) -> Model:
    refuse_input(spec, input)
    start = time.perf_counter()
    graph = load(spec.partition(":")[2])
    return Model(spec, graph, time.perf_counter() - start)


def _network(spec: str, input: Any, real: bool) -> Model:
    refuse_input(spec, input)
    start = time.perf_counter()
    graph = load_graph(spec.partition(":")[2])
    return Model(spec, graph, time.perf_counter() - start)


GRAPHS = Frontend(
    name="graphs",
    schemes=(
        Scheme(
            name="network",
            form="network:FILE.json",
            what="a network in JSON, as `reprior search --models` writes",
            load=_network,
        ),
        Scheme(name="dag", form="dag:FILE.json", what="a graph of scalars", load=_dag),
    ),
    objects="a Graph, a Network, a Dag",
    describe=_describe,
)
"""Nothing to read, nothing to run."""
