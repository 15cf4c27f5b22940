"""Which parameters count as one: what if a model shared its layers, and sharing them in a real module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RepriorError
from .by_module import ByModule, by_module
from .orders import ORDERS, RepeatedBlocks, layer_order
from .policies import POLICIES, Policy, SharedParameter, all_but_bn, none, original_code, resolve, share

if TYPE_CHECKING:
    from .torch_modules import SharedParameters, SharedSet, share_parameters

__all__ = [
    "ORDERS",
    "POLICIES",
    "ByModule",
    "Policy",
    "RepeatedBlocks",
    "SharedParameter",
    "SharedParameters",
    "SharedSet",
    "all_but_bn",
    "by_module",
    "layer_order",
    "none",
    "original_code",
    "resolve",
    "share",
    "share_parameters",
]

_OF_TORCH = ("SharedParameters", "SharedSet", "share_parameters")


def __getattr__(name: str) -> Any:
    """Load what needs PyTorch when it is asked for."""
    if name not in _OF_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from . import torch_modules
    except ImportError as error:
        if error.name != "torch":
            raise
        raise RepriorError("sharing in real modules needs PyTorch: pip install 'reprior[torch]'") from None
    return getattr(torch_modules, name)
