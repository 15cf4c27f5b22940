"""Scalar graphs in JSON files.

The format is one object::

    {
      "nodes": [
        {"name": "x", "kind": "input"},
        {"name": "w", "kind": "parameter"},
        {"name": "h", "kind": "function", "sources": ["x", "w", {"name": "h", "delay": 1}]},
        {"name": "y", "kind": "output", "sources": ["h"]}
      ],
      "length": 3,
      "outputs": "last"
    }

``kind`` is one of ``input``, ``parameter``, ``function`` and ``output``. ``sources`` lists what a node
takes, in any order; a source with a delay comes from that many time steps before. ``origin`` of a node
(optional) names the parameter that it is a copy of. ``length`` and ``outputs`` (``last`` or ``all``)
say how to unroll in time and are needed only where there are delays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, cast

from ..errors import RepriorError, SpecError
from .builder import DagBuilder
from .dag import KINDS, Dag
from .recurrence import TIME_LIMIT, TimeOutputs

__all__ = ["from_json", "load", "save", "to_json"]


def load(path: str | PathLike[str], length: int | None = None, limit: int = TIME_LIMIT) -> Dag:
    """Read a graph from a JSON file.

    Parameters
    ----------
    path : path
    length : int, optional
        Number of time steps, in place of the one in the file.
    limit : int
        Largest number of nodes that unrolling in time may make.

    Raises
    ------
    SpecError
        If the file cannot be read or understood; the message names the file and the place in it.
    GraphError
        If it describes no acyclic graph; the message names the file.
    """
    try:
        return from_json(_parse(Path(path)), length, limit)
    except RepriorError as error:
        raise type(error)(f"{path}: {error}") from None


def save(dag: Dag, path: str | PathLike[str]) -> None:
    """Write a graph to a JSON file that `load` reads."""
    Path(path).write_text(json.dumps(to_json(dag), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def to_json(dag: Dag) -> dict[str, Any]:
    """The graph as the object that a JSON file holds."""
    nodes = []
    for node, own in zip(dag.nodes, dag.sources, strict=True):
        entry: dict[str, Any] = {"name": node.name, "kind": node.kind}
        if node.origin != node.name:
            entry["origin"] = node.origin
        if own:
            entry["sources"] = [dag.nodes[source].name for source in own]
        nodes.append(entry)
    return {"nodes": nodes}


def from_json(data: object, length: int | None = None, limit: int = TIME_LIMIT) -> Dag:
    """The graph that an object in the format of this module describes.

    Raises
    ------
    SpecError
        If the object is not in that format; the message names the place.
    GraphError
        If it describes no acyclic graph.
    """
    top = _object(data, "the file", required=("nodes",), optional=("length", "outputs"))
    builder = DagBuilder()
    for number, entry in enumerate(_list(top["nodes"], "nodes")):
        _add_node(builder, entry, f"nodes[{number}]")
    return builder.build(  # checks length and outputs
        length=cast("int | None", top.get("length")) if length is None else length,
        outputs=cast("TimeOutputs", top.get("outputs", "last")),
        limit=limit,
    )


def _parse(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError(error.strerror or "cannot be read") from None
    except json.JSONDecodeError as error:
        raise SpecError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise SpecError("is nested too deeply") from None
    except ValueError as error:  # not UTF-8, or a number of too many digits
        raise SpecError(str(error)) from None


def _add_node(builder: DagBuilder, entry: object, place: str) -> None:
    fields = _object(entry, place, required=("name", "kind"), optional=("sources", "origin"))
    name = _string(fields["name"], f"{place}.name")
    kind = _string(fields["kind"], f"{place}.kind")
    if kind not in KINDS:
        raise SpecError(f"{place}.kind is '{kind}', which is none of {', '.join(KINDS)}")
    origin = _string(fields["origin"], f"{place}.origin") if "origin" in fields else ""
    builder.node(name, kind, origin=origin)
    for number, source in enumerate(_list(fields.get("sources", []), f"{place}.sources")):
        where = f"{place}.sources[{number}]"
        if isinstance(source, str):
            builder.edge(source, name)
        else:
            ends = _object(source, where, required=("name",), optional=("delay",))
            builder.edge(_string(ends["name"], f"{where}.name"), name, _delay(ends, where))


def _object(
    value: object, place: str, required: Iterable[str], optional: Iterable[str]
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SpecError(f"{place} is {_called(value)}, not an object")
    for key in required:
        if key not in value:
            raise SpecError(f"{place} has no '{key}'")
    for key in value:
        if key not in (*required, *optional):
            raise SpecError(f"{place} has an unknown key '{key}'")
    return value


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        raise SpecError(f"{place} is {_called(value)}, not a list")
    return value


def _string(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise SpecError(f"{place} is {_called(value)}, not a name")
    return value


def _delay(ends: Mapping[str, object], place: str) -> int:
    delay = ends.get("delay", 0)
    if isinstance(delay, bool) or not isinstance(delay, int) or delay < 0:
        raise SpecError(f"{place}.delay is {_called(delay)}, not a whole number of at least 0")
    return delay


def _called(value: object) -> str:
    """The value as JSON, short enough for a line."""
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
