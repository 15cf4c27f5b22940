"""A forward whose gradients show what depends on what, where slopes and invariances would hide it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import FunctionType
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

from .nests import map_tensors, tensors_in
from .smooth import SMOOTH
from .winners import LOOKUPS, WINNERS

__all__ = ["Softened"]

_NOISE = 0.1
"""Largest relative change of a value between two operations."""

_SHAPES = frozenset(
    [f"{name}_like" for name in ("zeros", "ones", "empty", "full", "rand", "randn")]
    + [f"new_{name}" for name in ("zeros", "ones", "empty", "full", "tensor")]
)
"""Functions that take a tensor for its shape and type alone."""

_LIKE = frozenset(["to", "type_as", "expand_as", "view_as", "reshape_as"])
"""Functions that may take their second tensor for that."""

_READS = frozenset(["item", "tolist", "__bool__", "__int__", "__float__", "__index__", "is_nonzero", "equal"])
"""Functions by which the program reads an element."""

_ASKS = frozenset(["has_torch_function", "has_torch_function_unary", "has_torch_function_variadic"])


class Softened(TorchFunctionMode):
    """Softens every function that is called while it is entered.

    * Kinks have a slope everywhere (`smooth`); statistics of normalisations are loosened, so that what
      they cancel (a key's bias under softmax, say) is seen.
    * Sums of products that have grown large are scaled down, so that no function behind them is flat.
    * Which element wins, and what is looked up by indices that are fed, is drawn at random (`winners`).
    * Every other result that depends on parameters is changed a little, element by element: cancellations
      that belong to the written-out form of a normalisation disappear, and zeros stay zeros.

    What feeds an operation without a derivative is collected in `sides`.

    Parameters
    ----------
    generator : torch.Generator

    Attributes
    ----------
    sides : list of torch.Tensor
        What operations without a derivative were given.
    unseen : set of str
        Names of these operations.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.generator = generator
        self.sides: list[torch.Tensor] = []
        self.unseen: set[str] = set()
        # By identity; the tensors are kept, so that no other takes the place of one.
        self._fed: dict[int, torch.Tensor] = {}

    def feed(self, tensors: Iterable[torch.Tensor]) -> None:
        """Declare what is fed; whatever depends on it is fed as well."""
        self._fed.update((id(one), one) for one in tensors)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        given = list(tensors_in((args, kwargs)))
        if _can_be_opened(func):
            with self:
                return _opened(func)(*args, **kwargs)
        learned = [one for one in given if one.requires_grad]
        if name in LOOKUPS and any(self.is_fed(one) and not one.is_floating_point() for one in given):
            result = LOOKUPS[name](self, func, args, kwargs)
        elif learned and name in WINNERS:
            result = WINNERS[name](self, func, args, kwargs)
        elif learned and name in SMOOTH:
            result = SMOOTH[name](func, args, kwargs)
        else:
            result = func(*args, **kwargs)
        found = list(tensors_in(result))
        if any(id(one) in self._fed for one in given):
            self.feed(found)
            if name.endswith("_"):
                self.feed(tensors_in(args[:1]))
        if learned and not any(one.requires_grad for one in found):
            routed = [one for one in learned if name not in _LIKE or one is args[0]]
            if routed and name not in _SHAPES and (found or name in _READS):
                self.note(name, routed)
        kept = {id(one) for one in given}
        return map_tensors(lambda one: one if id(one) in kept else self._shaken(one), result)

    def is_fed(self, tensor: torch.Tensor) -> bool:
        """Whether it depends on what is fed."""
        return id(tensor) in self._fed

    def random(self, like: torch.Tensor) -> torch.Tensor:
        """Uniform numbers of the shape of a tensor."""
        dtype = like.real.dtype if like.is_complex() else like.dtype
        dtype = dtype if dtype.is_floating_point else torch.float32
        return torch.rand(like.shape, generator=self.generator, dtype=dtype)

    def note(self, name: str, learned: Iterable[torch.Tensor]) -> None:
        """Keep what an operation without a derivative was given."""
        self.unseen.add("data" if name == "__get__" else name.strip("_"))
        with torch.enable_grad():
            self.sides += [one.clone() for one in learned]

    def _shaken(self, tensor: torch.Tensor) -> torch.Tensor:
        """A value that differs by up to a tenth, with a slope that differs too; never further from zero."""
        floats = tensor.is_floating_point() or tensor.is_complex()
        if not floats or not tensor.requires_grad or tensor._is_view() or tensor.layout != torch.strided:
            return tensor
        value = tensor.detach()
        finite = torch.where(torch.isfinite(value), value, 0)
        return tensor * (1 - _NOISE * self.random(tensor)) - finite * (_NOISE * self.random(tensor))


@cache
def _can_be_opened(func: Any) -> bool:
    """Whether a function is written in Python and asks itself whether a mode wants to replace it."""
    ours = isinstance(func, FunctionType) and func.__module__ == F.__name__
    return ours and not _ASKS.isdisjoint(func.__code__.co_names)


@cache
def _opened(func: FunctionType) -> FunctionType:
    """The same function without the question whether a mode wants to replace it as a whole."""
    twin = FunctionType(
        func.__code__,
        func.__globals__ | dict.fromkeys(_ASKS, _never),
        func.__name__,
        func.__defaults__,
        func.__closure__,
    )
    twin.__kwdefaults__ = func.__kwdefaults__
    return twin


def _never(*_: Any) -> bool:
    return False
