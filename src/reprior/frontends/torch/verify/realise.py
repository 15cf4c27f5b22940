"""A copy of a module on the CPU with random weights, from one that may have no values at all."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch

from ....errors import SpecError
from ..buffers import known_buffers

__all__ = ["draw_weights", "realise"]

_COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}


def realise(module: torch.nn.Module, dtype: torch.dtype) -> torch.nn.Module:
    """A copy in evaluation mode whose tensors lie on the CPU; its parameters are not set yet.

    Parameters
    ----------
    module : torch.nn.Module
        Is left as it is. Its parameters may lie on the meta device.
    dtype : torch.dtype
        Of the copy's floating parameters and buffers.

    Raises
    ------
    SpecError
        If it cannot be copied, or a buffer has no values that are known.
    """
    constants = {buffer.name: buffer.constant for buffer in known_buffers(dict(module.named_modules()))}
    try:
        twin = copy.deepcopy(module, _detached(module))
    except Exception as error:
        raise SpecError(f"{type(module).__name__} cannot be copied to be verified: {error}") from error
    twins: dict[torch.nn.Parameter, torch.nn.Parameter] = {}
    for path, owner in list(twin.named_modules()):
        for name, parameter in list(owner._parameters.items()):
            if parameter is not None:
                if parameter not in twins:
                    twins[parameter] = _empty(parameter, dtype)
                setattr(owner, name, twins[parameter])
        for name, buffer in list(owner._buffers.items()):
            if buffer is not None:
                full = f"{path}.{name}" if path else name
                owner._buffers[name] = _buffer(full, buffer, constants.get(full), dtype)
    config = getattr(twin, "config", None)
    if config is not None and getattr(config, "use_cache", False):
        config.use_cache = False  # caches are no outputs, and filling them in place stops gradients
    return twin.eval()


def _detached(module: torch.nn.Module) -> dict[int, Any]:
    """Copies of computed tensors that modules keep as attributes, which deepcopy refuses."""
    values = [value for part in module.modules() for value in part.__dict__.values()]
    return {id(one): one.detach() for one in values if isinstance(one, torch.Tensor) and not one.is_leaf}


def _empty(parameter: torch.nn.Parameter, dtype: torch.dtype) -> torch.nn.Parameter:
    kind = _kind(parameter, dtype)
    twin = torch.nn.Parameter(
        torch.zeros(parameter.shape, dtype=kind), requires_grad=kind.is_floating_point or kind.is_complex
    )
    twin.__dict__.update(parameter.__dict__)
    return twin


def _buffer(
    name: str, buffer: torch.Tensor, constant: torch.Tensor | None, dtype: torch.dtype
) -> torch.Tensor:
    last = name.rpartition(".")[2]
    if last in ("running_mean", "running_var"):
        return torch.zeros(buffer.shape, dtype=dtype)  # drawn with the weights
    if constant is None and last == "num_batches_tracked":
        return torch.zeros_like(buffer, device="cpu")
    if constant is None:
        raise SpecError(f"the values of buffer '{name}' are not known; give the module, built on the CPU")
    return constant.detach().to(device="cpu", dtype=_kind(constant, dtype), copy=True)


def _kind(tensor: torch.Tensor, dtype: torch.dtype) -> torch.dtype:
    if tensor.is_complex():
        return _COMPLEX[dtype]
    return dtype if tensor.is_floating_point() else tensor.dtype


def draw_weights(module: torch.nn.Module, generator: torch.Generator) -> None:
    """Draw all parameters and running statistics anew, at a scale that keeps features about as large.

    Matrices and kernels are normal with variance 2 / fan-in. Vectors are gains around 1 or biases, none of
    them near zero: a gain of zero would hide what lies behind it.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.is_floating_point() or parameter.is_complex():
                parameter.copy_(_values(name.rpartition(".")[2], parameter, generator))
        for name, buffer in module.named_buffers():
            last = name.rpartition(".")[2]
            if last == "running_mean":
                buffer.copy_(_away_from_zero(buffer, generator))
            elif last == "running_var":
                buffer.copy_(0.5 + _uniform(buffer, generator))


def _values(name: str, parameter: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if parameter.dim() > 1:
        fan_in = max(1, parameter.numel() // max(1, parameter.shape[0]))
        drawn = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
        return drawn * math.sqrt(2 / fan_in)
    if "bias" in name or "beta" in name:
        return _away_from_zero(parameter, generator)
    return 0.5 + _uniform(parameter, generator)


def _away_from_zero(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Between 0.1 and 0.3, or the negative of that."""
    sign = torch.randint(0, 2, like.shape, generator=generator) * 2 - 1
    return sign * (0.1 + 0.2 * _uniform(like, generator))


def _uniform(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.rand(like.shape, generator=generator, dtype=like.dtype)
