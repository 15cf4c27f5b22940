"""What is fed to a module, from the ways in which a user may say it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
import torch

from ...errors import SpecError
from ...notes import Note

__all__ = ["Inputs", "make_inputs"]


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """Arguments of a forward.

    Attributes
    ----------
    args, kwargs
        The arguments.
    tensors : dict
        Every tensor among them, by name; what lies in a nest has a dotted one (``images.0``).
    examples : dict
        Elements of integers and booleans that were given or assumed, by name: for control flow alone.
    notes : tuple of Note
        What was assumed.
    hint : str
        What to say besides if the forward fails on these.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tensors: dict[str, torch.Tensor]
    examples: dict[str, torch.Tensor] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    hint: str = ""


def make_inputs(module: torch.nn.Module, input: Any = None, real: bool = False) -> Inputs:
    """The arguments of one forward pass.

    Parameters
    ----------
    module : torch.nn.Module
    input : optional
        * a tensor or array, taken as it is: its elements are read for control flow alone, and only if they
          are integers or booleans;
        * a tuple of at most three numbers, the shape of one example: an axis for the batch, of size 1, goes
          before it. A longer tuple that begins with 1 has its batch already. The text ``"3x224x224"``
          or ``"3,224,224"`` means the same, and ``"16:int64"`` gives the type as well;
        * a list or tuple: one tensor, whole shape, or nest of these per positional argument;
        * a mapping of argument names to the same, a tokenizer's output included; other values are
          passed on;
        * nothing, for models of timm and transformers, which know what they take.

        A nest is made of lists, tuples, mappings and dataclasses. A mask given as a shape is all ones.
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
    fed = _Feeder(module, real)
    if _is_tensor(input):
        return fed.inputs((input,), {})
    if _is_shape(input):
        shape, name = _with_batch(tuple(input)), _first_argument(module)
        return fed.inputs((_tensor(shape, _dtype(module, name)),), {})
    if isinstance(input, Mapping):
        # What is no dict is a tokenizer's output: numbers in it are tokens, not the sizes of a shape.
        given = input if isinstance(input, dict) else {key: _tokens(item) for key, item in input.items()}
        return fed.inputs((), {key: _parsed(item, module) for key, item in given.items()})
    if isinstance(input, list | tuple) and input:
        return fed.inputs(tuple(_parsed(item, module) for item in input), {})
    raise SpecError(
        f"input {input!r} is neither a shape such as (3, 224, 224), nor a tensor, nor several of these"
    )


class _Feeder:
    """Brings what is given to where the forward runs, and names it."""

    def __init__(self, module: torch.nn.Module, real: bool) -> None:
        self._module, self._real = module, real
        self._tensors: dict[str, torch.Tensor] = {}
        self._examples: dict[str, torch.Tensor] = {}
        self._notes: list[Note] = []
        self._fed: dict[int, torch.Tensor] = {}  # a tensor that is given twice is fed once
        self._given: list[Any] = []  # kept, so that no other object takes their identity

    def inputs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inputs:
        """The arguments, given as nests of tensors and shapes."""
        names = _argument_names(self._module)
        new_args = tuple(
            self._nest(item, names[place] if place < len(names) else str(place))
            for place, item in enumerate(args)
        )
        new_kwargs = {key: self._nest(item, key) for key, item in kwargs.items()}
        if not self._tensors:
            raise SpecError("no tensor is fed")
        return Inputs(
            new_args,
            new_kwargs,
            self._tensors,
            self._examples,
            tuple(self._notes),
            self._hint(names[: len(args)], kwargs),
        )

    def _hint(self, *given: Container[str]) -> str:
        """What models with a decoder also need; some make it of what their encoder is fed."""
        config = getattr(self._module, "config", None)
        wanted = ("decoder_input_ids", "decoder_inputs_embeds", "labels")
        if not getattr(config, "is_encoder_decoder", False) or "decoder_input_ids" not in _argument_names(
            self._module
        ):
            return ""
        if any(name in names for name in wanted for names in given):
            return ""
        return "; give decoder_input_ids as well"

    def _nest(self, item: Any, name: str) -> Any:
        if _is_tensor(item):
            return self._tensor(item, name)
        if _is_shape(item):
            return self._tensor(_tensor(tuple(item), _dtype(self._module, name.partition(".")[0])), name)
        if isinstance(item, Mapping):
            entries = {key: self._nest(value, f"{name}.{key}") for key, value in item.items()}
            if type(item) is dict:
                return entries
            same = copy.copy(item)
            for key, value in entries.items():
                same[key] = value  # type: ignore[index]
            return same
        if isinstance(item, list | tuple):
            places = getattr(item, "_fields", range(len(item)))
            values = [self._nest(value, f"{name}.{key}") for key, value in zip(places, item, strict=True)]
            return type(item)(*values) if hasattr(item, "_fields") else type(item)(values)
        if is_dataclass(item) and not isinstance(item, type):
            twin = copy.copy(item)
            for one in fields(item):
                value = self._nest(getattr(item, one.name), f"{name}.{one.name}")
                object.__setattr__(twin, one.name, value)
            return twin
        return item

    def _tensor(self, given: Any, name: str) -> torch.Tensor:
        if id(given) in self._fed:
            return self._fed[id(given)]
        tensor = torch.as_tensor(given).detach()
        if not (tensor.is_floating_point() or tensor.is_complex()):
            example = self._example(tensor, name)
            if example is not None:
                self._examples[name] = example
        fed = _with_elements(tensor, self._examples.get(name)) if self._real else _without_elements(tensor)
        self._tensors[name] = self._fed[id(given)] = fed
        self._given.append(given)
        return fed

    def _example(self, tensor: torch.Tensor, name: str) -> torch.Tensor | None:
        """Elements of integers and booleans, where they are given or can be assumed."""
        if not tensor.is_meta:
            return tensor.cpu()
        if not name.endswith("mask"):
            return None
        self._notes.append(Note("assumed", f"'{name}' is all ones"))
        return torch.ones(tensor.shape, dtype=tensor.dtype)


def _without_elements(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _with_elements(tensor: torch.Tensor, example: torch.Tensor | None) -> torch.Tensor:
    if not tensor.is_meta:
        return tensor
    if example is not None:
        return example
    if tensor.is_floating_point():
        return torch.rand(tensor.shape, dtype=tensor.dtype, generator=torch.Generator().manual_seed(0))
    return torch.ones(tensor.shape, dtype=tensor.dtype)


def _is_tensor(item: Any) -> bool:
    """A tensor, or an array of NumPy."""
    return isinstance(item, torch.Tensor | np.ndarray)


def _tokens(item: Any) -> Any:
    """What a tokenizer gives for one text or several; tensors have their batch axis already."""
    if not isinstance(item, list) or not item:
        return item
    try:
        tokens = torch.as_tensor(item)
    except (ValueError, TypeError):
        raise SpecError("a tokenizer's output must be padded to one length to be a tensor") from None
    return tokens if tokens.dim() > 1 else tokens[None]


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
