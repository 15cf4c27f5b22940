"""The buffers of a module: their elements, where they are known."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from .build import OnCpu

__all__ = ["Buffer", "known_buffers"]

_RUNNING_STATISTICS = ("running_mean", "running_var")


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """A buffer of a module.

    Attributes
    ----------
    name : str
        Dotted name.
    tensor : torch.Tensor
        The buffer itself.
    constant : torch.Tensor or None
        Its elements; None if it lies on the meta device and they cannot be computed again.
    """

    name: str
    tensor: torch.Tensor
    constant: torch.Tensor | None

    @property
    def is_running_statistic(self) -> bool:
        """Whether it is the running mean or variance of a normalisation."""
        return self.name.rpartition(".")[2] in _RUNNING_STATISTICS


def known_buffers(module: torch.nn.Module) -> Iterator[Buffer]:
    """Every buffer of a module and its parts, each tensor once."""
    seen: set[int] = set()
    for path, part in module.named_modules():
        own = {name: tensor for name, tensor in part._buffers.items() if tensor is not None}
        lost = any(tensor.is_meta for name, tensor in own.items() if name not in _RUNNING_STATISTICS)
        again = _computed_again(part) if lost else {}
        for name, tensor in own.items():
            if id(tensor) not in seen:
                seen.add(id(tensor))
                constant = again.get(name) if tensor.is_meta else tensor.detach()
                yield Buffer(f"{path}.{name}" if path else name, tensor, constant)


def _computed_again(part: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Values of buffers that were built on the meta device, by timm's own method for that."""
    method = getattr(type(part), "_init_buffers", None)
    if method is None:
        return {}
    twin = copy.copy(part)
    twin.__dict__["_buffers"] = {
        name: None if tensor is None else torch.zeros(tensor.shape, dtype=tensor.dtype)
        for name, tensor in part._buffers.items()
    }
    with OnCpu():
        method(twin)
    return {name: one for name, one in twin._buffers.items() if one is not None and not one.is_meta}
