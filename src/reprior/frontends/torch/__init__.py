"""Any PyTorch model: one recorded forward pass on the meta device, lowered to primitives."""

from .describe import describe_module
from .inputs import make_inputs
from .loaded import Loaded, loaded_module
from .lower import Lower
from .registry import module_rule, pathless, rule, view
from .trace import Traced, trace
from .values import Value

__all__ = [
    "Loaded",
    "Lower",
    "Traced",
    "Value",
    "describe_module",
    "loaded_module",
    "make_inputs",
    "module_rule",
    "pathless",
    "rule",
    "trace",
    "view",
]
