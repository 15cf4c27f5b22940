"""What the page of an analysis shows, as plain data; nothing here draws."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...analysis import Analysis, ParameterRow
from ...core.graph import Graph
from ...core.primitives import Parameter
from .flow import edges, place_operations, scopes
from .headline import baselines, headline
from .histogram import histogram
from .layers import layer_profiles, owner
from .spread import gather, surprisal
from .tree import Tree, grow

__all__ = ["analysis_data", "settings"]


def analysis_data(analysis: Analysis) -> dict[str, Any]:
    """The data of the page; figures under their names in the JSON are those of the JSON."""
    return {
        "kind": "analysis",
        "model": analysis.model,
        "settings": settings(analysis),
        "notes": [str(note) for note in analysis.notes],
        "log2Total": analysis.log2_total_contexts,
        "headline": [asdict(item) for item in headline(analysis)],
        "baselines": [asdict(item) for item in baselines(analysis)],
        "layers": [
            {"name": item.name, "group": item.group, "parameters": item.parameters, **asdict(item.spread)}
            for item in layer_profiles(analysis)
        ],
        "histogram": asdict(histogram(analysis.distribution)),
        "parameters": [_parameter(row, analysis.log2_total_contexts) for row in analysis.parameters],
        "modules": _modules(analysis),
    }


def settings(analysis: Analysis) -> dict[str, str]:
    """How the model was counted."""
    return {
        "preset": analysis.preset,
        "share": analysis.share,
        "weighting": analysis.weighting,
        "normalization": analysis.normalization,
        "numbers": "exact integers" if analysis.exact else "floating point with exponents",
        "seconds": f"{sum(analysis.seconds.values()):.3f}",
    }


def _parameter(row: ParameterRow, log2_total: float) -> dict[str, Any]:
    return {
        "name": row.name,
        "shape": list(row.shape),
        "numel": row.numel,
        "dead": row.dead,
        "low": row.log2_contexts_min,
        "mean": row.log2_contexts_mean,
        "high": row.log2_contexts_max,
        "surprisal": surprisal(row, log2_total),
        "sites": row.use_sites,
        "sharedWith": list(row.shared_with),
    }


def _modules(analysis: Analysis) -> dict[str, Any] | None:
    """The tree of modules and the edges within each; None for a graph that has no modules."""
    graph = analysis.graph
    if not isinstance(graph, Graph):
        return None
    names = [name for row in analysis.parameters for name in (row.name, *row.shared_with)]
    owners = [owner(name) for name in names]
    tree = grow([*scopes(graph), *owners], kept=owners)
    places = place_operations(graph, tree)
    return {
        "parents": [entry.parent for entry in tree.entries],
        "labels": [analysis.model, *(entry.label for entry in tree.entries[1:])],
        "kinds": [entry.kind for entry in tree.entries],
        "order": _order(tree, places),
        "outputs": sorted({places[k] for k in _shown_outputs(graph, places)}),
        "spreads": _spreads(analysis, tree, _homes(graph, tree, places, names)),
        "operations": _operations(graph, tree, places),
        "edges": edges(graph, tree, places),
    }


def _shown_outputs(graph: Graph, places: list[int]) -> list[int]:
    """The shown nodes behind each output."""
    found, pending = [], list(graph.outputs)
    while pending:
        k = pending.pop()
        if places[k] >= 0:
            found.append(k)
        else:
            pending.extend(graph.nodes[k].inputs)
    return found


def _order(tree: Tree, places: list[int]) -> list[int]:
    """When each entry is first computed; entries that compute nothing come last."""
    last = len(places)
    order = [last] * len(tree.entries)
    for step, place in enumerate(places):
        for above in tree.ancestors(place):
            order[above] = min(order[above], step)
    return order


def _homes(graph: Graph, tree: Tree, places: list[int], names: list[str]) -> dict[str, int]:
    """Where each parameter is: an entry of its own, or the module that owns it."""
    homes = {name: tree.places[owner(name)] for name in names}
    return homes | {leaf.name: places[k] for k, leaf in graph.parameters if places[k] >= 0}


def _spreads(analysis: Analysis, tree: Tree, homes: dict[str, int]) -> list[dict[str, Any] | None]:
    """Totals of the parameters below each entry; None below which there are none.

    A parameter that several modules share is in the totals of each of them, once.
    """
    below: dict[int, dict[int, ParameterRow]] = {}
    for number, row in enumerate(analysis.parameters):
        for name in (row.name, *row.shared_with):
            for place in tree.ancestors(homes[name]):
                below.setdefault(place, {})[number] = row
    total = analysis.log2_total_contexts
    return [
        asdict(gather(below[k].values(), total)) if k in below else None for k in range(len(tree.entries))
    ]


def _operations(graph: Graph, tree: Tree, places: list[int]) -> list[dict[str, Any] | None]:
    """What the lowest entries compute: the names of their operations and the shape of the last."""
    branches = tree.branches()
    found: dict[int, dict[str, Any]] = {}
    for node, place in zip(graph.nodes, places, strict=True):
        if place < 0 or place in branches:
            continue
        entry = found.setdefault(place, {"names": [], "shape": []})
        if node.op.label not in entry["names"] and not isinstance(node.op, Parameter):
            entry["names"].append(node.op.label)
        entry["shape"] = list(node.shape)
    return [found.get(k) for k in range(len(tree.entries))]
