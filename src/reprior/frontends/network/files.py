"""Networks as JSON: every node with its primitive, settings and operands."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ...core import primitives
from ...core.graph import Graph, Node
from ...core.primitives import Primitive
from ...core.runs import Runs
from ...errors import RepriorError, SpecError

__all__ = ["graph_from_json", "graph_to_json", "load_graph"]

_FORMAT, _VERSION = "reprior network", 1


def graph_to_json(graph: Graph, *, indent: int | None = None) -> str:
    """A graph as JSON.

    Returns
    -------
    str
        An object with ``nodes``, in topological order (``op`` is the primitive, ``settings`` are its
        fields, ``inputs`` the positions of its operands), and ``outputs``, positions of nodes.
    """
    nodes = [
        {
            "op": type(node.op).__name__,
            "settings": {item.name: _plain(getattr(node.op, item.name)) for item in fields(node.op)},  # type: ignore[arg-type]
            "inputs": list(node.inputs),
            "scope": node.scope,
        }
        for node in graph.nodes
    ]
    data = {"format": _FORMAT, "schema_version": _VERSION, "nodes": nodes, "outputs": list(graph.outputs)}
    return json.dumps(data, indent=indent, allow_nan=False)


def graph_from_json(text: str) -> Graph:
    """The graph that `graph_to_json` wrote.

    Raises
    ------
    SpecError
        If the text is no such JSON.
    GraphError, ShapeError
        If the graph it says is none.
    """
    try:
        data = json.loads(text)
        if data["format"] != _FORMAT or data["schema_version"] != _VERSION:
            raise SpecError(f"this is no '{_FORMAT}' of version {_VERSION}")
        nodes: list[Node] = []
        for item in data["nodes"]:
            kind = _primitive(item["op"])
            op = kind(**{name: _restored(value) for name, value in item["settings"].items()})
            inputs = tuple(item["inputs"])
            if any(not 0 <= k < len(nodes) for k in inputs):
                raise SpecError(f"node {len(nodes)} reads {list(inputs)}, which do not all stand before it")
            shape = op.infer_shape(tuple([nodes[k].shape for k in inputs]))
            nodes.append(Node(op, inputs, shape, item.get("scope", "")))
        graph = Graph(tuple(nodes), tuple(data["outputs"]))
    except RepriorError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SpecError(f"this is no network in JSON: {type(error).__name__}: {error}") from None
    graph.check()
    return graph


def load_graph(path: str) -> Graph:
    """Read a file.

    Raises
    ------
    SpecError
        If it cannot be read or is no network.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"cannot read '{path}': {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise SpecError(f"'{path}' is no text") from None
    return graph_from_json(text)


def _primitive(name: str) -> type[Primitive]:
    found = getattr(primitives, name, None)
    if not (isinstance(found, type) and issubclass(found, Primitive)):
        raise SpecError(f"there is no primitive '{name}'")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Runs):
        # All that primitives hold are masks, and scaled numbers are told by their logarithms.
        return {"mask": np.isfinite(value.to_dense()).astype(int).tolist()}
    if isinstance(value, np.ndarray):
        return {"integers": value.tolist()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if "mask" in value:
            return Runs.from_dense(np.asarray(value["mask"], dtype=np.float64))
        return np.asarray(value["integers"], dtype=np.int64)
    if isinstance(value, list):
        return tuple([_restored(item) for item in value])
    return value
