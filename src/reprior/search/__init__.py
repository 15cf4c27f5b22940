"""Searching architectures by what can be counted, without training (docs/search.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RepriorError
from .keys import graph_key
from .spaces import SPACES, CallableSpace, Choice, ChoiceSpace, Chooser, FunctionSpace, Space, space

if TYPE_CHECKING:
    from .exact_space import SpaceOptimum, optimum
    from .export import to_onnx, to_source, to_torch
    from .latency import Latency, measure_latency
    from .objectives import QUANTITIES, Limit, Objective
    from .result import Found, SearchResult
    from .samplers import SAMPLERS
    from .study import run

__all__ = [
    "QUANTITIES",
    "SAMPLERS",
    "SPACES",
    "CallableSpace",
    "Choice",
    "ChoiceSpace",
    "Chooser",
    "Found",
    "FunctionSpace",
    "Latency",
    "Limit",
    "Objective",
    "SearchResult",
    "Space",
    "SpaceOptimum",
    "graph_key",
    "measure_latency",
    "optimum",
    "run",
    "space",
    "to_onnx",
    "to_source",
    "to_torch",
]

_EXPORT = ("to_onnx", "to_source", "to_torch")
_EXACT = ("SpaceOptimum", "optimum")

_WITH_OPTUNA = {
    "Found": "result",
    "Latency": "latency",
    "Limit": "objectives",
    "Objective": "objectives",
    "QUANTITIES": "objectives",
    "SAMPLERS": "samplers",
    "SearchResult": "result",
    "measure_latency": "latency",
    "run": "study",
}


def __getattr__(name: str) -> Any:
    """Load what needs Optuna when it is asked for: spaces do not."""
    if name in _EXPORT:
        from . import export

        return getattr(export, name)
    if name in _EXACT:
        from . import exact_space

        return getattr(exact_space, name)
    if name not in _WITH_OPTUNA:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f".{_WITH_OPTUNA[name]}", __name__), name)
    except ImportError as error:
        if error.name != "optuna":
            raise
        raise RepriorError("searching needs Optuna: pip install 'reprior[search]'") from None
