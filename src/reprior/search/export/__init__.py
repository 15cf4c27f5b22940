"""Models of the builder as PyTorch code, as modules that train, and as ONNX."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .source import to_source

__all__ = ["example_inputs", "to_onnx", "to_source", "to_torch"]

_OF_TORCH = {"example_inputs": "module", "to_torch": "module", "to_onnx": "onnx"}


def __getattr__(name: str) -> Any:
    # Modules need PyTorch; their source does not.
    if name in _OF_TORCH:
        return getattr(import_module(f".{_OF_TORCH[name]}", __package__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
