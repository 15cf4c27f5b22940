"""Modules and specs as models that can be analysed and verified."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from ...errors import RepriorError
from ...model import Model
from ...verification import Verification
from .specs import load_module
from .trace import trace_model

__all__ = ["describe_module", "load"]


def describe_module(
    module: torch.nn.Module,
    input: Any = None,
    *,
    name: str | None = None,
    outputs: Sequence[str] | None = None,
    real: bool = False,
) -> Model:
    """A module as a model to analyse; see `trace`."""
    verifier = partial(_verify_module, weakref.ref(module), input, outputs, name)
    return trace_model(module, input, name=name, outputs=outputs, real=real, verifier=verifier)


def load(spec: str, input: Any = None, real: bool = False) -> Model:
    """The traced model that a spec names, with weights if the forward is to be computed for real.

    Raises
    ------
    SpecError
        If there is no such model; the message suggests near names.
    """
    start = time.perf_counter()
    module, default = load_module(spec, real)
    given = default if input is None else input
    model = trace_model(module, given, name=spec, real=real, verifier=partial(_verify_spec, spec, input))
    return replace(model, seconds=time.perf_counter() - start)


def _verify_module(
    module: weakref.ref[torch.nn.Module],
    input: Any,
    outputs: Sequence[str] | None,
    name: str | None,
    **options: Any,
) -> Verification:
    """Verify a module that was analysed; an analysis does not keep its weights in memory."""
    from .verify import verify_module

    alive = module()
    if alive is None:
        raise RepriorError("the module that was analysed is gone; give it to reprior.verify")
    return verify_module(alive, input, outputs=outputs, name=name, **options)


def _verify_spec(spec: str, input: Any, **options: Any) -> Verification:
    from .verify import verify_spec

    return verify_spec(spec, input, **options)
