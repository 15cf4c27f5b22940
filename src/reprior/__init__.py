"""reprior: compare deep-learning models without training them.

For every learnable parameter, count its contexts (directed paths from its uses to the outputs); from
the counts derive entropy, expected spread, total surprisal and two performance estimates
(Polat & Alpaslan 2023, "The reusability prior").

>>> import reprior
>>> round(reprior.analyze("paper:figure3a").p_g, 2)
2.17
"""

from typing import Any

from . import scalar, sharing
from .analysis import Analysis, Comparison, Options
from .api import analyze, compare, verify
from .core import primitives
from .core.graph import Graph, GraphBuilder, Node
from .core.layers import ParameterInfo
from .core.weighting import Weighting
from .errors import GraphError, RepriorError, ShapeError, SpecError, UnknownOperatorError
from .frontends.network import Feature, Network
from .verification import Verification

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Comparison",
    "Feature",
    "Graph",
    "GraphBuilder",
    "GraphError",
    "Network",
    "Node",
    "Options",
    "ParameterInfo",
    "RepriorError",
    "ShapeError",
    "SpecError",
    "UnknownOperatorError",
    "Verification",
    "Weighting",
    "__version__",
    "analyze",
    "compare",
    "primitives",
    "rule",
    "scalar",
    "sharing",
    "verify",
]


def __getattr__(name: str) -> Any:
    # Rules for PyTorch operators need PyTorch; importing reprior must not.
    if name == "rule":
        from .frontends.torch import rule

        return rule
    raise AttributeError(f"module 'reprior' has no attribute {name!r}")
