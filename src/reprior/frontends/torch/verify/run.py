"""Verify an analysis of a PyTorch module against automatic differentiation."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import torch

from ....analysis import Analysis, Options, analyze_model
from ....errors import RepriorError, SpecError
from ....naming import split_size
from ....verification import Mask, Verification, check_parameter
from ..inputs import Inputs, make_inputs
from ..specs import load_module
from ..trace import trace_model
from .gradients import Draws
from .realise import realise

__all__ = ["verify_module", "verify_spec"]

_CHEAP = 3e9
"""Multiply-accumulates of a pass that runs as it is; more, and a spec is tried at smaller sizes."""

_SIZES = (128, 64, 32)
_WORDS = (64, 16)

_COPIES = 6
"""Tensors of a parameter's size that are held at once: its values, gradients, what was found of it."""

_FEATURES = 20
"""Tensors of a feature map's size per weighted layer: functions between layers, noise of softened passes."""


def verify_module(
    module: torch.nn.Module,
    input: Any = None,
    *,
    outputs: Sequence[str] | None = None,
    name: str | None = None,
    normalization: str = "local",
    draws: int = 4,
    seed: int = 0,
) -> Verification:
    """Compare dead and alive elements of a module's parameters with gradients; see `reprior.verify`."""
    start = time.perf_counter()
    analysis = _analysed(module, input, outputs, name, normalization)
    return _verified(analysis, module, input, outputs, draws, seed, start)


def verify_spec(
    spec: str,
    input: Any = None,
    *,
    normalization: str = "local",
    draws: int = 4,
    seed: int = 0,
) -> Verification:
    """The same of the module that a spec names, at a smaller input where its own is expensive."""
    start = time.perf_counter()
    module, default = load_module(spec)
    chosen = default if input is None else input
    analysis = _analysed(module, chosen, None, spec, normalization)
    if input is None and _macs(analysis) > _CHEAP:
        for other, smaller in _smaller(spec, module):
            try:
                again = _analysed(other, smaller, None, spec, normalization)
            except RepriorError:
                continue  # too small for it
            if _macs(again) < _macs(analysis):
                analysis, module, chosen = again, other, smaller
            if _macs(analysis) <= _CHEAP:
                break
    return _verified(analysis, module, chosen, None, draws, seed, start)


def _smaller(spec: str, module: torch.nn.Module) -> Iterator[tuple[torch.nn.Module, Any]]:
    """Modules and inputs of smaller sizes, the largest first."""
    scheme, _, rest = spec.partition(":")
    if scheme in ("timm", "torchvision") and split_size(rest, spec)[1] is None:
        for size in _SIZES:
            try:
                yield load_module(f"{spec}@{size}")
            except RepriorError:
                continue
    elif scheme == "hf":
        tensors = make_inputs(module).tensors
        for words in _WORDS:
            yield (
                module,
                {name: one if one.is_floating_point() else one[:, :words] for name, one in tensors.items()},
            )


def _macs(analysis: Analysis) -> int:
    return analysis.costs.macs if analysis.costs is not None else 0


def _analysed(
    module: torch.nn.Module, input: Any, outputs: Sequence[str] | None, name: str | None, normalization: str
) -> Analysis:
    options = Options(normalization=normalization)  # type: ignore[arg-type]
    return analyze_model(trace_model(module, input, outputs=outputs, name=name), options)


def _verified(
    analysis: Analysis,
    module: torch.nn.Module,
    input: Any,
    outputs: Sequence[str] | None,
    draws: int,
    seed: int,
    start: float,
) -> Verification:
    if draws < 1:
        raise SpecError(f"verifying takes at least one draw, not {draws}")
    alive = {row.name: _alive(analysis, row.name) for row in analysis.parameters}
    drawn = _drawn(
        analysis.model,
        _kinds(analysis),
        module,
        make_inputs(module, input, real=True),
        outputs,
        alive,
        draws,
        seed,
    )
    # Counted only if needed: most models have no parameter that reaches a statistic and nothing else.
    statistics = cache(lambda: _analysed(module, input, outputs, analysis.model, "coupled"))
    checks, differences = [], []
    for name, found in drawn.found.items():
        coupled = None
        if found.beyond(alive[name]) and analysis.normalization == "local":
            coupled = _alive(statistics(), name)
        check, wrong = check_parameter(name, alive[name], found, coupled)
        checks.append(check)
        differences += wrong
    return Verification(
        model=analysis.model,
        input={name: _shape(one) for name, one in drawn.fed.tensors.items()},
        dtype=str(drawn.dtype).removeprefix("torch."),
        normalization=analysis.normalization,
        seed=seed,
        plain_draws=drawn.plain,
        softened_draws=drawn.softened,
        parameters=tuple(checks),
        differences=tuple(differences),
        unseen_operations=tuple(sorted(drawn.unseen)),
        seconds=time.perf_counter() - start,
    )


def _alive(analysis: Analysis, name: str) -> Mask:
    alive: Mask = analysis.log2_counts(name) != -math.inf
    return alive


def _shape(tensor: torch.Tensor) -> str:
    return f"{'x'.join(map(str, tensor.shape))}:{str(tensor.dtype).removeprefix('torch.')}"


def _drawn(
    name: str,
    kinds: Sequence[torch.dtype],
    module: torch.nn.Module,
    fed: Inputs,
    outputs: Sequence[str] | None,
    alive: Mapping[str, Mask],
    draws: int,
    seed: int,
) -> Draws:
    """The draws in the first type in which the model runs: some insist on single precision."""
    for kind in kinds:
        try:
            drawn = Draws(realise(module, kind), fed, outputs, seed)
            drawn.run(alive, draws, draws)
            return drawn
        except RepriorError:
            raise
        except Exception as error:
            failure = error
    lines = str(failure).strip().splitlines() or [""]
    raise RepriorError(
        f"'{name}' does not run with random weights: {type(failure).__name__}: {lines[0]}"
    ) from failure


def _kinds(analysis: Analysis) -> list[torch.dtype]:
    """Double precision and single, where they fit into the memory that is free."""
    free = _free_memory()
    kinds = [kind for kind in (torch.float64, torch.float32) if _bytes(analysis, kind) <= free]
    if not kinds:
        needed = _bytes(analysis, torch.float32)
        raise RepriorError(
            f"verifying '{analysis.model}' takes about {needed / 2**30:.1f} GiB of memory for real weights, "
            f"and {free / 2**30:.1f} are free; give a smaller configuration or input"
        )
    return kinds


def _bytes(analysis: Analysis, dtype: torch.dtype) -> int:
    scalars = sum(row.numel for row in analysis.parameters)
    features = analysis.costs.activations if analysis.costs is not None else 0
    size: int = dtype.itemsize
    return size * (_COPIES * scalars + _FEATURES * features)


def _free_memory() -> float:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not said by this system
        return math.inf
