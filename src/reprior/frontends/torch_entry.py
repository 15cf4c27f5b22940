"""What the table of front-ends knows of PyTorch, without importing it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from typing import Any

from ..errors import SpecError
from ..model import Model
from ..verification import Verification
from .registry import Frontend, Scheme

__all__ = ["TORCH"]

_TORCH = "pip install 'reprior[torch]'"
_TRANSFORMERS = "pip install 'reprior[hf]'"


def _load(spec: str, input: Any, real: bool) -> Model:
    from .torch.describe import load

    return load(spec, input, real)


def _verify(spec: str, input: Any = None, **options: Any) -> Verification:
    from .torch.verify import verify_spec

    return verify_spec(spec, input, **options)


def _list(package: str) -> Iterable[str]:
    try:
        names: Iterable[str] = import_module(package).list_models()
    except ImportError as error:
        raise SpecError(f"listing needs {error.name}: {_TORCH}") from None
    return names


def _describe(model: Any, input: Any, name: str | None, real: bool) -> Model | None:
    if "torch" not in sys.modules:  # who has a module has imported it
        return None
    from .torch import describe_module, loaded_module

    loaded = loaded_module(model)
    if loaded is None:
        return None
    given = loaded.input if input is None else input
    return describe_module(loaded.module, given, name=name, real=real)


def _verify_module(
    model: Any, input: Any = None, name: str | None = None, **options: Any
) -> Verification | None:
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(model, torch.nn.Module):
        return None
    from .torch.verify import verify_module

    return verify_module(model, input, name=name, **options)


TORCH = Frontend(
    name="torch",
    schemes=(
        Scheme(
            name="timm",
            form="timm:NAME[@SIZE]",
            what="image models of timm",
            load=_load,
            verify=_verify,
            names=partial(_list, "timm"),
            packages=("timm", "torch", "torchvision"),
            install=_TORCH,
            reads="nothing",
        ),
        Scheme(
            name="torchvision",
            form="torchvision:NAME[@SIZE]",
            what="models of torchvision",
            load=_load,
            verify=_verify,
            names=partial(_list, "torchvision.models"),
            packages=("torchvision", "torch"),
            install=_TORCH,
            reads="nothing",
        ),
        Scheme(
            name="hf",
            form="hf:PATH-or-CONFIG-NAME",
            what="transformers, built from their configuration",
            load=_load,
            verify=_verify,
            packages=("transformers", "torch"),
            install=_TRANSFORMERS,
        ),
        Scheme(
            name="py",
            form="py:PACKAGE.MODULE:CALLABLE",
            what="what your function returns, a torch.nn.Module",
            load=_load,
            verify=_verify,
            packages=("torch",),
            install=_TORCH,
            reads="code",
        ),
    ),
    objects="a torch module",
    describe=_describe,
    verify=_verify_module,
)
"""Modules and exported programs; specs of timm, torchvision, transformers and the user's own code."""
