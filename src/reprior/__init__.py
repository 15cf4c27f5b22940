"""reprior: compare deep-learning models without training them.

For every learnable parameter, count its contexts (directed paths from its uses to the outputs); from
the counts derive entropy, expected spread, total surprisal and two performance estimates
(Polat & Alpaslan 2023, "The reusability prior").

>>> import reprior
>>> round(reprior.analyze("paper:figure3a").p_g, 2)
2.17
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import scalar, sharing
from . import views as _views  # puts them into the results  # noqa: F401
from .analysis import Analysis, Comparison, Options, load
from .api import analyze, compare, verify
from .core import primitives
from .core.graph import Graph, GraphBuilder, Node
from .core.layers import ParameterInfo
from .core.weighting import Weighting
from .errors import GraphError, RepriorError, ShapeError, SpecError, UnknownOperatorError
from .frontends.network import Feature, Network
from .model import Model
from .verification import Verification
from .version import __version__

if TYPE_CHECKING:
    from .frontends.torch import rule
    from .frontends.torch.sharing import share_parameters

__all__ = [
    "Analysis",
    "Comparison",
    "Feature",
    "Graph",
    "GraphBuilder",
    "GraphError",
    "Model",
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
    "advise",
    "analyze",
    "compare",
    "load",
    "primitives",
    "rule",
    "scalar",
    "share_parameters",
    "sharing",
    "verify",
]


# Rules and sharing in modules need PyTorch, advice the search; importing reprior must not.
_LAZY = {
    "advise": "reprior.search.advice",
    "rule": "reprior.frontends.torch",
    "share_parameters": "reprior.frontends.torch.sharing",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    if name == "search":
        return import_module("reprior.search")
    raise AttributeError(f"module 'reprior' has no attribute {name!r}")
