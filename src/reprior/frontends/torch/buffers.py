"""The buffers of a module: their elements, where they are known."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

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


def known_buffers(parts: Mapping[str, torch.nn.Module]) -> Iterator[Buffer]:
    """Every buffer of some modules, given by dotted path, each tensor once."""
    seen: set[int] = set()
    models: dict[str, torch.nn.Module] = {}
    for path, part in parts.items():
        if _initialises_parts(part):
            models[path] = part
        own = {name: tensor for name, tensor in part._buffers.items() if tensor is not None}
        lost = any(tensor.is_meta for name, tensor in own.items() if name not in _RUNNING_STATISTICS)
        again = _computed_again(part, _innermost(models, path)) if lost else {}
        for name, tensor in own.items():
            if id(tensor) not in seen:
                seen.add(id(tensor))
                constant = again.get(name) if tensor.is_meta else tensor.detach()
                yield Buffer(f"{path}.{name}" if path else name, tensor, constant)


def _initialises_parts(part: torch.nn.Module) -> bool:
    """Whether a module is a model of transformers, whose ``_init_weights(part)`` sets buffers as well."""
    return any(
        base.__name__ == "PreTrainedModel" and base.__module__ == "transformers.modeling_utils"
        for base in type(part).__mro__
    )


def _innermost(models: dict[str, torch.nn.Module], path: str) -> torch.nn.Module | None:
    """The model nearest above a module."""
    above = [one for one in models if not one or path == one or path.startswith(f"{one}.")]
    return models[max(above, key=len)] if above else None


def _computed_again(part: torch.nn.Module, model: torch.nn.Module | None) -> dict[str, torch.Tensor]:
    """Values of buffers that were built on the meta device, by the library's own method for that.

    That is ``_init_buffers`` in timm and ``_init_weights`` of the model in transformers. What they leave
    alone stays unknown.
    """
    method = getattr(type(part), "_init_buffers", None)
    if method is None:
        if model is None or not all(parameter.is_meta for parameter in part.parameters()):
            return {}
        method = partial(type(model)._init_weights, model)
    twin = copy.copy(part)
    blank = {
        name: torch.zeros(tensor.shape, dtype=tensor.dtype)
        for name, tensor in part._buffers.items()
        if tensor is not None
    }
    twin.__dict__["_buffers"] = {name: blank.get(name) for name in part._buffers}
    try:
        with torch.no_grad(), OnCpu():
            method(twin)
    except Exception:  # whatever a third party's initialisation may raise: the values stay unknown
        return {}
    found = {name: one for name, one in twin._buffers.items() if one is not None and not one.is_meta}
    untouched = {key for key, zeros in blank.items() if zeros._version == 0 and zeros is found.get(key)}
    return {name: one for name, one in found.items() if name not in untouched}
