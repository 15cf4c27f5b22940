"""How long one forward pass takes on this machine's CPU."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import RepriorError
from ..model import Model

__all__ = ["Latency", "latency_of", "measure_latency"]

_WARM_UP, _RUNS, _ENOUGH = 3, 20, 2.0
"""Passes before and while timing, and after how many seconds no more are begun."""
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of single passes, in seconds.

    Attributes
    ----------
    median, spread : float
        The spread is half the distance of the quartiles.
    runs : int
    """

    median: float
    spread: float
    runs: int


def measure_latency(run: Callable[[], object], *, warm_up: int = _WARM_UP, runs: int = _RUNS) -> Latency:
    """Time a call: first some that do not count, then up to `runs` (fewer, at least 5, of a slow one)."""
    for _ in range(warm_up):
        run()
    times: list[float] = []
    while len(times) < runs and (len(times) < _FEWEST or sum(times) < _ENOUGH):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    low, middle, high = statistics.quantiles(times, n=4)
    return Latency(middle, (high - low) / 2, len(times))


def latency_of(candidate: Any, model: Model, input: Any = None, *, threads: int = 1) -> Latency:
    """Latency of a candidate with one image or sequence, by PyTorch on the CPU.

    Parameters
    ----------
    candidate : torch.nn.Module or anything with a graph
        A graph is made a module first (`to_torch`).
    model : Model
        Its description.
    input : optional
        What is fed to a module, a shape without the batch axis or example tensors.
    threads : int
        That PyTorch uses for one operation.

    Raises
    ------
    RepriorError
        If PyTorch is missing or the candidate cannot be run.
    """
    try:
        import torch
    except ImportError:
        raise RepriorError("measuring latency needs PyTorch: pip install 'reprior[torch]'") from None
    if isinstance(candidate, torch.nn.Module):
        from ..frontends.torch.inputs import make_inputs

        inputs = make_inputs(candidate, input, real=True)
        module, args, kwargs = candidate, inputs.args, inputs.kwargs
    else:
        from .export import example_inputs, to_torch

        module, args, kwargs = to_torch(model.graph), example_inputs(model.graph), {}
    before = torch.get_num_threads()
    module.eval()
    try:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            return measure_latency(lambda: module(*args, **kwargs))
    finally:
        torch.set_num_threads(before)
