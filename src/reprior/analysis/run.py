"""Analyse a model: what cannot be right is refused at once, the rest is worked out when asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.counting import Facts
from ..core.graph import Graph
from ..errors import GraphError, RepriorError, SpecError
from ..model import Model
from ..notes import Note
from ..scalar import Dag
from ..sharing import resolve
from .options import Options
from .result import Analysis
from .stages import ScalarStages, Stages, TensorStages

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
            _refuse_doubts(model.notes)
        weighting = options.paths
        share, policy = resolve(options.share)
        if options.exact and not weighting.is_exact:
            raise SpecError(f"weighting {weighting} has no exact numbers; count without --exact")
        seconds = {"trace": model.seconds, "count": 0.0, "quantities": 0.0}
        stages: Stages
        notes = tuple(model.notes)
        if isinstance(model.graph, Dag):
            if share != "none":
                raise SpecError(f"a scalar graph has no layers to share; leave out --share {options.share}")
            if weighting.needs_tensors:
                raise SpecError(f"nodes of a scalar graph have no size; weighting {weighting} needs tensors")
            scalar = stages = ScalarStages(seconds, model.graph, weighting, options.exact)
            fed = scalar.summary.num_inputs, scalar.summary.num_outputs
        else:
            tensors = stages = TensorStages(seconds, model, model.graph, options, weighting, share, policy)
            _refuse_uncountable(tensors.canonical, tensors.facts, model.graph)
            notes = (*notes, *tensors.notes)
            if options.strict:
                _refuse_doubts(notes)
            fed = model.graph.num_inputs, model.graph.num_outputs
            if share != "none":
                tensors.shared  # noqa: B018 - a policy that cannot be followed is refused at once
    except RepriorError as error:
        raise error.of_model(model.name) from error.__cause__
    return Analysis(
        model=model.name,
        preset=options.preset,
        share=share,
        weighting=str(weighting),
        normalization=options.normalization,
        exact=options.exact,
        num_inputs=fed[0],
        num_outputs=fed[1],
        stages=stages,
        notes=notes,
        graph=model.graph,
        verifier=model.verifier,
    )


def _refuse_doubts(notes: Sequence[Note]) -> None:
    doubts = [note for note in notes if not note.is_certain]
    if doubts:
        raise RepriorError(f"strict: {'; '.join(doubts)}")


def _refuse_uncountable(graph: Graph, facts: Facts, written: Graph) -> None:
    """What every stage would stumble over."""
    if not graph.outputs:
        raise GraphError("the graph has no output")
    if not any(facts.learnable):
        # A tensor that no output depends on is dead; where all are, there is nothing to count.
        dead = [leaf.name for _, leaf in written.parameters if leaf.role != "running_statistic"]
        if dead:
            raise GraphError(
                f"no output depends on any of the {len(dead)} learnable tensors: {', '.join(dead)}"
            )
        raise GraphError("the graph has no learnable parameter")
    there = [facts.supports[k] for k in graph.outputs if facts.learnable[k]]
    if not any([support is None or support.nonzero().any() for support in there]):
        raise GraphError("no learnable parameter has a path to an output")
