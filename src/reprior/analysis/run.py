"""Analyse a model: canonical form, count, sharing, quantities."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..core.canonical import Preset, canonicalise
from ..core.counting import Counts, ParameterCount, count
from ..core.graph import Graph
from ..core.layers import describe_parameters
from ..core.quantities import ContextDistribution, p_g, p_g_prime
from ..core.runs import Number, Runs
from ..core.weighting import Weighting
from ..errors import RepriorError, SpecError
from ..model import Model
from ..scalar import Dag, count_contexts, summarise
from ..sharing import Policy, SharedParameter, resolve, share
from .distributions import largest, of_parameters
from .evidence import ScalarEvidence, TensorEvidence
from .options import Options
from .result import Analysis

__all__ = ["analyze_model"]


def analyze_model(model: Model, options: Options) -> Analysis:
    """Analyse a model that a front-end has described.

    Raises
    ------
    RepriorError
        If nothing can be counted; the message names the model.
    """
    try:
        if options.strict:
            _refuse_doubts(model)
        if isinstance(model.graph, Dag):
            return _analyze_dag(model, model.graph, options)
        return _analyze_graph(model, model.graph, options)
    except RepriorError as error:
        raise error.of_model(model.name) from error.__cause__


def _refuse_doubts(model: Model) -> None:
    doubts = [note for note in model.notes if not note.is_certain]
    if doubts:
        raise RepriorError(f"strict: {'; '.join(doubts)}")


def _analyze_graph(model: Model, graph: Graph, options: Options) -> Analysis:
    weighting = Weighting.parse(options.weighting)
    share_name, policy = resolve(options.share)
    start = time.perf_counter()
    number: Number = "exact" if options.exact else "scaled"
    canonical = canonicalise(graph, options.normalization, options.preset)
    counts = count(canonical, weighting, number)
    counted = time.perf_counter()
    found = [*counts.parameters, *_unreached(graph, counts, options.preset, number)]
    shared = _share(found, canonical, graph, policy, share_name, model)
    distribution = of_parameters([item.contexts for item in shared], options.exact)
    weight_nodes = sum([item.weight_nodes for item in counts.parameters])
    num_inputs, num_outputs = graph.num_inputs, graph.num_outputs
    values = _Values(distribution, num_inputs, num_inputs + num_outputs + weight_nodes)
    most = max((largest(item.contexts) for item in shared), default=None) if options.exact else None
    return Analysis(
        model=model.name,
        preset=options.preset,
        share=share_name,
        weighting=str(weighting),
        normalization=options.normalization,
        exact=options.exact,
        num_inputs=num_inputs,
        num_outputs=num_outputs,
        num_weight_nodes=weight_nodes,
        dead_parameters=sum([item.numel for item in shared]) - distribution.num_parameters,
        max_contexts=most,
        seconds={
            "trace": model.seconds,
            "count": counted - start,
            "quantities": time.perf_counter() - counted,
        },
        evidence=TensorEvidence(
            canonical,
            shared,
            weighting,
            number,
            model.aliases,
            graph if options.normalization == "coupled" else None,
        ),
        notes=model.notes,
        graph=graph,
        verifier=model.verifier,
        **values.as_fields(),
    )


def _unreached(graph: Graph, counts: Counts, preset: Preset, number: Number) -> list[ParameterCount]:
    """Parameters that no output depends on: wholly dead."""
    known = {item.name for item in counts.parameters}
    return [
        ParameterCount(leaf.name, leaf.shape, leaf.role, Runs.zeros(leaf.shape, number), 0, 0)
        for _, leaf in graph.parameters
        if leaf.name not in known and (preset == "paper" or leaf.role != "running_statistic")
    ]


def _share(
    found: Sequence[ParameterCount], canonical: Graph, graph: Graph, policy: Policy, name: str, model: Model
) -> list[SharedParameter]:
    if name == "none":
        return [SharedParameter((item,), item.contexts) for item in found]
    infos = {info.name: info for info in describe_parameters(graph, dict(model.module_types))}
    infos |= {info.name: info for info in describe_parameters(canonical, dict(model.module_types))}
    return share(found, list(infos.values()), policy)


def _analyze_dag(model: Model, dag: Dag, options: Options) -> Analysis:
    if options.share != "none":
        raise SpecError(f"a scalar graph has no layers to share; leave out --share {options.share}")
    weighting = Weighting.parse(options.weighting)
    if options.exact and not weighting.is_exact:
        raise SpecError(f"weighting {weighting} has no exact numbers; count without --exact")
    start = time.perf_counter()
    counts = count_contexts(dag, weighting)
    counted = time.perf_counter()
    summary = summarise(dag, weighting)
    exact = options.exact
    return Analysis(
        model=model.name,
        preset=options.preset,
        share="none",
        weighting=str(weighting),
        normalization=options.normalization,
        exact=exact,
        num_inputs=summary.num_inputs,
        num_outputs=summary.num_outputs,
        num_weight_nodes=summary.num_weight_nodes,
        dead_parameters=len(summary.dead_parameters),
        max_contexts=max(counts.values()) if exact else None,  # type: ignore[type-var,arg-type]
        seconds={
            "trace": model.seconds,
            "count": counted - start,
            "quantities": time.perf_counter() - counted,
        },
        evidence=ScalarEvidence(counts),
        notes=model.notes,
        graph=dag,
        **_Values(summary.distribution, summary.num_inputs, summary.graph_size).as_fields(keep_total=exact),
    )


@dataclass(frozen=True, slots=True)
class _Values:
    """The quantities of a distribution, under the names that an analysis gives them."""

    distribution: ContextDistribution
    num_inputs: int
    graph_size: int

    def as_fields(self, *, keep_total: bool = True) -> dict[str, Any]:
        found = self.distribution
        return {
            "num_parameters": found.num_parameters,
            "log2_total_contexts": found.log2_total,
            "total_contexts": found.total if keep_total else None,
            "expected_spread": found.expected_spread,
            "entropy": found.entropy,
            "total_surprisal": found.total_surprisal,
            "p_g": p_g(found.total_surprisal, self.num_inputs, self.graph_size),
            "p_g_prime": p_g_prime(
                found.num_parameters, found.expected_spread, self.num_inputs, self.graph_size
            ),
            "distribution": found,
        }
