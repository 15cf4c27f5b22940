"""Measured latency of a model and of what advice makes of it."""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from typing import Any

from ...core.graph import Graph
from ...errors import RepriorError
from ...registry import describe
from ..latency import Latency, latency_of
from .patch import Patch
from .result import Advice, Proposal

__all__ = ["timed"]

_NOTHING = Patch(())


def timed(advice: Advice, model: Any, input: Any = None, *, most: int = 12) -> Advice:
    """The advice with latencies: of the model and the first proposals that fit and can be run, on this CPU.

    Parameters
    ----------
    advice : Advice
    model, input
        What it was given for.
    most : int
        How many proposals are timed. Sharing computes what it did before, so it is not timed.
    """
    own = _latency(model, input, _NOTHING)
    left = most
    proposals = []
    for item in advice.proposals:
        found = None
        if left and item.fits and item.kind not in ("share", "share sets"):
            found = _latency(model, input, item.patch)
            left -= 1
        proposals.append(_with(item, found))
    notes = advice.notes
    if own is None:
        notes = (*notes, "latency was not measured: give a module, or a model of the builder")
    ms, spread = _numbers(own)
    return replace(advice, proposals=tuple(proposals), milliseconds=ms, spread=spread, notes=notes)


def _latency(model: Any, input: Any, patch: Patch) -> Latency | None:
    torch = sys.modules.get("torch")
    try:
        if torch is not None and isinstance(model, torch.nn.Module):
            from .modules import apply_patch

            module = apply_patch(copy.deepcopy(model), patch)
            return latency_of(module, describe(module, input), input)
        described = describe(model, input)
        if not isinstance(described.graph, Graph):
            return None
        return latency_of(None, replace(described, graph=patch.apply(described.graph)))
    except RepriorError:
        return None


def _with(item: Proposal, found: Latency | None) -> Proposal:
    milliseconds, spread = _numbers(found)
    return replace(item, milliseconds=milliseconds, spread=spread)


def _numbers(found: Latency | None) -> tuple[float | None, float | None]:
    return (None, None) if found is None else (found.median * 1e3, found.spread * 1e3)
