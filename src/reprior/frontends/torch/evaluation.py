"""Run operators: on the meta device, on constants, and in the worlds of what is fed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from ...errors import RepriorError
from .free import free_elements
from .lower import Lower
from .operands import Operands
from .operators import (
    CHOOSING,
    CONDITIONS,
    PRODUCTS,
    UNINITIALISED,
    functional_name,
    is_random,
    with_generator,
)
from .registry import find
from .tensors import Tensors
from .values import Value
from .worlds import Worlds, combine

__all__ = ["MAX_CONSTANT", "Evaluation"]

MAX_CONSTANT = 1 << 27
"""Number of elements up to which constants are evaluated."""
_ROUTED = "a fed mask is read at computed places, which have paths that a model without the mask has not"
_MAX_WORLD = 1 << 25
"""The same for what is evaluated in several worlds."""


class Evaluation:
    """Runs operators on what is known of their operands.

    Parameters
    ----------
    lower : Lower
        The graph so far.
    tensors : Tensors
        Which tensor stands for which value.
    real : bool
        Whether results are computed for real, not on the meta device.

    Attributes
    ----------
    refused : Exception or None
        What PyTorch last raised on an operator that the forward called.
    selecting : set of int
        Nodes of inputs that were used as masks or conditions.
    """

    def __init__(self, lower: Lower, tensors: Tensors, real: bool) -> None:
        self._lower, self._tensors, self._real = lower, tensors, real
        self._generator = torch.Generator().manual_seed(0)
        self.refused: Exception | None = None
        self.selecting: set[int] = set()

    def run(self, func: Any, operands: Operands) -> Any:
        """The operator's result, on the meta device unless results are real."""
        return self.compute(func, operands.tensors, operands.named_tensors)

    def compute(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Run an operator; what it draws for real comes from this trace's own generator."""
        if self._real and is_random(func):
            func, kwargs = with_generator(func, args, kwargs, self._generator)
        try:
            return func(*args, **kwargs)
        except Exception as error:
            self.refused = error
            raise

    def constants(self, func: Any, operands: Operands) -> Any:
        """The result of an operator on known constants; None if it is random or too large."""
        if is_random(func):
            return None
        if not any(
            isinstance(item, Value) for item in operands.values
        ):  # what a factory makes may be of any size
            shaped = self.run(func, operands)
            if isinstance(shaped, torch.Tensor) and shaped.numel() > MAX_CONSTANT:
                return self._tensors.for_large(shaped)
        known_args, known_named = operands.in_world()
        known = self.compute(func, known_args, known_named)
        if str(func).startswith(UNINITIALISED):
            known.zero_()  # memory that is not initialised holds no element yet, and neither do zeros
        return tree_map(self._tensors.for_constant, known)

    def in_worlds(self, func: Any, operands: Operands) -> Any:
        """The result of an operator on what depends on fed integers and booleans alone; None if too large."""
        outcome: dict[int, Any] = {}

        def compute(number: int) -> Any:
            known_args, known_named = operands.in_world(number)
            outcome[number] = self.compute(func, known_args, known_named)
            return outcome[number]

        results = self._combined(func, operands, compute)
        if results is None:
            return None
        one = next(iter(outcome.values()))
        made = iter(
            [
                self._tensors.for_worlds(worlds, partial(self._by_rule, func, operands, place))
                for place, worlds in enumerate(results)
            ]
        )
        return tree_map(lambda item: next(made) if isinstance(item, torch.Tensor) else item, one)

    def _by_rule(self, func: Any, operands: Operands, place: int) -> Value | None:
        """A result of an operator by its rule, if it has one that knows these operands."""
        entry = find(functional_name(*str(func).rsplit(".", 1)))
        if entry is None or entry.kind != "rule" or entry.function is None:
            return None
        lower = self._lower
        current, lower.operator = lower.operator, func
        try:
            made = entry.function(lower, *operands.values, **operands.named_values)
        except RepriorError:
            return None
        finally:
            lower.operator = current
        result: Value | None = made if isinstance(made, Value) else made[place]
        return result

    def written(self, func: Any, operands: Operands) -> Value | None:
        """What an operator leaves in its first operand, all of them being known or fed."""

        def compute(number: int) -> torch.Tensor:
            (target, *rest), known_named = operands.in_world(number)
            target = target.clone()
            self.compute(func, (target, *rest), known_named)
            result: torch.Tensor = target
            return result

        if operands.constant:
            return self._lower.constant(compute(0))
        results = self._combined(func, operands, compute)
        if results is None:
            return None
        if results[0].whole is not None:
            return self._lower.constant(results[0].whole)
        shape = tuple(results[0].example.shape)
        return Value(None, shape, worlds=results[0], origin=partial(self._by_rule, func, operands, 0))

    def _combined(self, func: Any, operands: Operands, compute: Callable[[int], Any]) -> list[Worlds] | None:
        sizes = [worlds.example.numel() for worlds in operands.worlds]
        if is_random(func):
            return None
        if max(sizes) > _MAX_WORLD:
            self._lower.note(
                "unknown", f"values of fed masks and indices of more than {_MAX_WORLD:,} elements"
            )
            return None
        chooses = _base(func) in CHOOSING and any(
            isinstance(item, Value) and item.worlds is not None
            for item in tree_leaves([operands.values[1:], operands.named_values])
        )
        return combine(compute, operands.worlds, chooses, free_elements(func, _base(func), operands))

    def settled(self, func: Any, operands: Operands) -> Operands:
        """With constants in place of masks that act on what carries features (convention 13).

        Such a mask gives no edge. Where it is zero or masks a score whatever is fed, so does the constant;
        its other elements are neither. A mask that meets parameters alone in a product or a table is a
        feature itself.
        """
        if not operands.worlds or not operands.others:
            return operands
        base = _base(func)
        is_sum = base in CHOOSING or base in PRODUCTS
        if is_sum and not any(self._lower.is_fed(value) for value in operands.others):
            return operands

        def settle(position: int | str, value: Value) -> Value:
            worlds = value.worlds
            if worlds is None or not worlds.is_mask:
                return value
            self.selecting |= worlds.sources
            if CONDITIONS.get(base) == position:
                return value
            if base in CHOOSING:
                self._lower.note("stated", _ROUTED)
                return replace(self._tensors.unknown(value.shape), is_mask=value.is_mask)
            return self._lower.constant(worlds.known)

        return operands.replace(settle)


def _base(func: Any) -> str:
    """An operator's name without its overload, as a function."""
    return str(func).rsplit(".", 1)[0].removesuffix("_")
