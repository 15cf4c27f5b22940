"""Model specs that need PyTorch: ``timm:``, ``torchvision:``, ``hf:`` and ``py:``."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ...errors import RepriorError, SpecError
from ...model import Model
from ...naming import split_size, suggest
from ...verification import Verification
from .build import build
from .trace import describe_module

__all__ = ["Loaded", "load", "load_module"]


class Loaded(NamedTuple):
    """A module built from a spec, and what is fed to it unless the user says otherwise."""

    module: torch.nn.Module
    input: Any = None


def load(spec: str, input: Any = None) -> Model:
    """The traced model that a spec names.

    Raises
    ------
    SpecError
        If there is no such model; the message suggests near names.
    """
    start = time.perf_counter()
    module, default = load_module(spec)
    model = describe_module(module, default if input is None else input, name=spec)
    return replace(model, seconds=time.perf_counter() - start, verifier=partial(_verify, spec, input))


def _verify(spec: str, input: Any, **options: Any) -> Verification:
    from .verify import verify_spec

    return verify_spec(spec, input, **options)


def load_module(spec: str) -> Loaded:
    """The module that a spec names, with parameters on the meta device."""
    scheme, _, rest = spec.partition(":")
    return _SCHEMES[scheme](rest, spec)


def _timm(rest: str, spec: str) -> Loaded:
    import timm

    name, size = split_size(rest, spec)
    if not timm.is_model(name):
        raise SpecError(f"unknown model '{spec}': {suggest(name, timm.list_models())}")
    if size is None:
        return Loaded(_built(spec, lambda: timm.create_model(name, pretrained=False)))
    try:  # attention models must know the size, most others do not take it
        module = _built(spec, lambda: timm.create_model(name, pretrained=False, img_size=size))
    except SpecError:
        module = _built(spec, lambda: timm.create_model(name, pretrained=False))
    channels = module.default_cfg["input_size"][0]
    return Loaded(module, (channels, size, size))


def _built(spec: str, make: Callable[[], torch.nn.Module]) -> torch.nn.Module:
    """The module, or an error that says why it cannot be built."""
    try:
        return build(make)
    except RepriorError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise SpecError(f"'{spec}' cannot be built: {type(error).__name__}: {lines[0]}") from error


def _torchvision(rest: str, spec: str) -> Loaded:
    from .torchvision import load_torchvision

    name, size = split_size(rest, spec)
    return Loaded(*load_torchvision(name, size, spec, _built))


def _hf(rest: str, spec: str) -> Loaded:
    from .transformers import load_transformers

    return Loaded(load_transformers(rest, spec, _built))


def _py(rest: str, spec: str) -> Loaded:
    """``package.module:callable``: runs the user's code, which returns a module, perhaps with its input."""
    path, colon, name = rest.partition(":")
    if not colon or not path or not name:
        raise SpecError(f"'{spec}' does not read py:package.module:callable")
    try:
        target: Any = _imported(path)
        for part in name.split("."):
            target = getattr(target, part)
    except ModuleNotFoundError as error:
        raise SpecError(f"'{spec}': there is no module '{error.name}'") from None
    except AttributeError:
        raise SpecError(f"'{spec}': module '{path}' has no '{name}'") from None
    made: list[Any] = []

    def make() -> torch.nn.Module:
        result = target if isinstance(target, torch.nn.Module) else target()
        module, *rest = result if isinstance(result, tuple) else (result,)
        if not isinstance(module, torch.nn.Module):
            raise SpecError(f"'{spec}' gives {type(module).__name__!r}, not a torch.nn.Module")
        made.extend(rest[:1])
        return module

    return Loaded(_built(spec, make), made[0] if made else None)


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
"""Held while the search path is another, so that no other thread finds it so or takes it back."""


_SCHEMES: dict[str, Callable[[str, str], Loaded]] = {
    "timm": _timm,
    "torchvision": _torchvision,
    "hf": _hf,
    "py": _py,
}
