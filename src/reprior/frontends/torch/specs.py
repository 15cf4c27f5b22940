"""Model specs that need PyTorch: ``timm:``, ``torchvision:``, ``hf:`` and ``py:``."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ...errors import RepriorError, SpecError
from ...naming import split_size, suggest
from .build import build
from .loaded import Loaded

__all__ = ["load_module"]


def load_module(spec: str, real: bool = False) -> Loaded:
    """The module that a spec names, with parameters on the meta device, or with real ones."""
    scheme, _, rest = spec.partition(":")
    with _importing:
        for package in _PACKAGES.get(scheme, ()):
            importlib.import_module(package)
    return _SCHEMES[scheme](rest, spec, partial(_built, real=real))


Built = Callable[[str, Callable[[], torch.nn.Module]], torch.nn.Module]


def _timm(rest: str, spec: str, built: Built) -> Loaded:
    import timm

    name, size = split_size(rest, spec)
    if not timm.is_model(name):
        raise SpecError(f"unknown model '{spec}': {suggest(name, timm.list_models())}", model=spec)
    if size is None:
        return Loaded(built(spec, lambda: timm.create_model(name, pretrained=False)))
    try:  # attention models must know the size, most others do not take it
        module = built(spec, lambda: timm.create_model(name, pretrained=False, img_size=size))
    except SpecError:
        module = built(spec, lambda: timm.create_model(name, pretrained=False))
    channels = module.default_cfg["input_size"][0]
    return Loaded(module, (channels, size, size))


def _built(spec: str, make: Callable[[], torch.nn.Module], real: bool = False) -> torch.nn.Module:
    """The module, or an error that says why it cannot be built."""
    try:
        return make() if real else build(make)
    except RepriorError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SpecError(
            f"'{spec}' cannot be built: {type(error).__name__}: {lines[0]}", model=spec
        ) from error


def _torchvision(rest: str, spec: str, built: Built) -> Loaded:
    from .torchvision import load_torchvision

    name, size = split_size(rest, spec)
    return Loaded(*load_torchvision(name, size, spec, built))


def _hf(rest: str, spec: str, built: Built) -> Loaded:
    from .transformers import load_transformers

    return Loaded(load_transformers(rest, spec, built))


def _py(rest: str, spec: str, built: Built) -> Loaded:
    """``package.module:callable``: runs the user's code, which returns a module, perhaps with its input."""
    path, colon, name = rest.partition(":")
    if not colon or not path or not name:
        raise SpecError(f"'{spec}' does not read py:package.module:callable", model=spec)
    try:
        target: Any = _imported(path)
        for part in name.split("."):
            target = getattr(target, part)
    except ModuleNotFoundError as error:
        raise SpecError(f"'{spec}': there is no module '{error.name}'", model=spec) from None
    except AttributeError:
        raise SpecError(f"'{spec}': module '{path}' has no '{name}'", model=spec) from None
    made: list[Any] = []

    def make() -> torch.nn.Module:
        result = target if isinstance(target, torch.nn.Module) else target()
        module, *rest = result if isinstance(result, tuple) else (result,)
        if not isinstance(module, torch.nn.Module):
            raise SpecError(f"'{spec}' gives {type(module).__name__!r}, not a torch.nn.Module", model=spec)
        made.extend(rest[:1])
        return module

    return Loaded(built(spec, make), made[0] if made else None)


def _imported(path: str) -> Any:
    """The user's module; the working directory is searched first, as ``python -m`` does."""
    here = str(Path.cwd())
    with _importing:
        added = here not in sys.path
        if added:
            sys.path.insert(0, here)
        try:
            return importlib.import_module(path)
        finally:
            if added:
                sys.path.remove(here)


_importing = threading.RLock()
"""Held while the search path is another, so that no other thread finds it so or takes it back, and while
packages are imported for the first time: another thread would see them half made."""

_PACKAGES = {
    "timm": ("timm",),
    "torchvision": ("torchvision", "torchvision.models"),
    "hf": ("transformers", "transformers.modeling_utils", "transformers.models.auto"),
}
"""What a scheme needs."""


_SCHEMES: dict[str, Callable[[str, str, Built], Loaded]] = {
    "timm": _timm,
    "torchvision": _torchvision,
    "hf": _hf,
    "py": _py,
}
