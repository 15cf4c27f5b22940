"""Which parameters count as one: what if a model shared its layers.

`share_parameters` does it in a real module; it belongs to that module's front-end and is found here too.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import RepriorError
from .by_module import ByModule, by_module
from .orders import ORDERS, RepeatedBlocks, layer_order
from .policies import POLICIES, Policy, SharedParameter, all_but_bn, none, original_code, resolve, share
from .sets import SharingSets, load_sets

__all__ = [
    "ORDERS",
    "POLICIES",
    "ByModule",
    "Policy",
    "RepeatedBlocks",
    "SharedParameter",
    "SharingSets",
    "all_but_bn",
    "by_module",
    "layer_order",
    "load_sets",
    "none",
    "original_code",
    "resolve",
    "share",
]

_OF_TORCH = ("SharedParameters", "SharedSet", "share_parameters")


def __getattr__(name: str) -> Any:
    # For users alone: nothing of this package reaches up to a front-end this way.
    if name not in _OF_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module("reprior.frontends.torch.sharing"), name)
    except ImportError as error:
        if error.name != "torch":
            raise
        raise RepriorError("sharing in real modules needs PyTorch: pip install 'reprior[torch]'") from None
