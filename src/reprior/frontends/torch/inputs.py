"""What is fed to a module, from the ways in which a user may say it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ...errors import SpecError

__all__ = ["Inputs", "make_inputs"]


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Arguments of a forward.

    Attributes
    ----------
    args, kwargs
        The arguments.
    tensors : dict
        Every tensor among them, by name.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tensors: dict[str, torch.Tensor]


def make_inputs(module: torch.nn.Module, input: Any = None, real: bool = False) -> Inputs:
    """The arguments of one forward pass.

    Parameters
    ----------
    module : torch.nn.Module
    input : optional
        * a tensor, taken as it is (its elements are not read);
        * a tuple of at most three numbers, the shape of one example: an axis for the batch, of size 1, goes
          before it. A longer tuple that begins with 1 has its batch already. The text ``"3x224x224"``
          or ``"3,224,224"`` means the same, and ``"16:int64"`` gives the type as well;
        * a list or tuple of tensors and whole shapes: one per positional argument;
        * a mapping of argument names to tensors, whole shapes, or other values, which are passed on;
        * nothing, for models of timm and transformers, which know what they take.
    real : bool
        Whether elements are needed (those of shapes are then drawn at random).

    Raises
    ------
    SpecError
        If it is none of these.
    """
    if input is None:
        input = _default(module)
    if isinstance(input, str):
        input = _parse(input, module)
    if isinstance(input, torch.Tensor):
        return _bind(module, (input,), {}, real)
    if _is_shape(input):
        shape, name = _with_batch(tuple(input)), _first_argument(module)
        return _bind(module, (_tensor(shape, _dtype(module, name)),), {}, real)
    if isinstance(input, Mapping):
        given = {
            key: _tensor(tuple(item), _dtype(module, key)) if _is_shape(item) else _parsed(item, module)
            for key, item in input.items()
        }
        return _bind(module, (), given, real)
    if isinstance(input, list | tuple) and input:
        names = _argument_names(module)
        args = [
            _tensor(tuple(item), _dtype(module, names[place] if place < len(names) else ""))
            if _is_shape(item)
            else _parsed(item, module)
            for place, item in enumerate(input)
        ]
        return _bind(module, tuple(args), {}, real)
    raise SpecError(
        f"input {input!r} is neither a shape such as (3, 224, 224), nor a tensor, nor several of these"
    )


def _bind(module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], real: bool) -> Inputs:
    """Name the tensors and bring them to where the forward runs."""
    convert = _with_elements if real else _without_elements
    args = tuple(convert(item) if isinstance(item, torch.Tensor) else item for item in args)
    kwargs = {key: convert(item) if isinstance(item, torch.Tensor) else item for key, item in kwargs.items()}
    names = _argument_names(module)
    tensors = {
        names[place] if place < len(names) else str(place): item
        for place, item in enumerate(args)
        if isinstance(item, torch.Tensor)
    }
    tensors |= {key: item for key, item in kwargs.items() if isinstance(item, torch.Tensor)}
    if not tensors:
        raise SpecError("no tensor is fed")
    return Inputs(args, kwargs, tensors)


def _without_elements(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _with_elements(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.is_meta:
        return tensor
    if tensor.is_floating_point():
        return torch.rand(tensor.shape, dtype=tensor.dtype, generator=torch.Generator().manual_seed(0))
    return torch.ones(tensor.shape, dtype=tensor.dtype)


def _is_shape(item: Any) -> bool:
    return (
        isinstance(item, list | tuple)
        and len(item) > 0
        and all(isinstance(size, int) and not isinstance(size, bool) for size in item)
    )


def _with_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    if min(shape) < 1:
        raise SpecError(f"input shape {shape} has a size below 1")
    return shape if len(shape) > 3 and shape[0] == 1 else (1, *shape)


def _tensor(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    if min(shape, default=1) < 1:
        raise SpecError(f"input shape {shape} has a size below 1")
    return torch.empty(shape, dtype=dtype, device="meta")


def _parse(text: str, module: torch.nn.Module) -> torch.Tensor:
    """A shape written out, with or without a type."""
    sizes, _, kind = text.partition(":")
    try:
        shape = _with_batch(tuple(int(size) for size in sizes.replace("x", ",").split(",")))
    except ValueError as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"input '{text}' is not a shape such as 3x224x224 or 16:int64") from None
    dtype = getattr(torch, kind, None) if kind else _dtype(module, _first_argument(module))
    if not isinstance(dtype, torch.dtype):
        raise SpecError(f"input '{text}': torch has no type '{kind}'")
    return _tensor(shape, dtype)


def _parsed(item: Any, module: torch.nn.Module) -> Any:
    """Text among several inputs is a whole shape."""
    if not isinstance(item, str):
        return item
    sizes, _, kind = item.partition(":")
    parsed = _parse(f"1x1x1x{sizes.replace(',', 'x')}" + (f":{kind}" if kind else ""), module)
    return parsed.reshape(parsed.shape[3:])


def _argument_names(module: torch.nn.Module) -> list[str]:
    """Names of the forward's positional arguments."""
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _first_argument(module: torch.nn.Module) -> str:
    return next(iter(_argument_names(module)), "")


def _dtype(module: torch.nn.Module, name: str) -> torch.dtype:
    """Integers for what is named like tokens or meets an embedding first, else the parameters' type."""
    if name.endswith(("ids", "tokens", "mask", "bbox", "labels")):
        return torch.int64
    if isinstance(_first_layer(module), torch.nn.Embedding | torch.nn.EmbeddingBag):
        return torch.int64
    floats = (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point())
    return next(floats, torch.float32)


def _first_layer(module: torch.nn.Module) -> torch.nn.Module | None:
    """The first module without parts, if containers alone lie around it."""
    while isinstance(module, torch.nn.Sequential) and len(module):
        module = module[0]
    return module


def _default(module: torch.nn.Module) -> Any:
    """What the model itself says that it takes."""
    config = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)
    size = getattr(config, "input_size", None) or (
        config.get("input_size") if isinstance(config, dict) else None
    )
    if size is not None:
        return tuple(size)
    if hasattr(module, "main_input_name") and hasattr(module, "config"):
        from .transformers import default_inputs

        return default_inputs(module)
    raise SpecError(
        f"{type(module).__name__} does not say what it takes: give input=(3, 224, 224) or example tensors"
    )
