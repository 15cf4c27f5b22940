"""What a pointwise function makes of operands that are known to be zero, or minus infinity: by trying it.

A rule hands over the function itself, as an operator or a few lines of PyTorch; it is evaluated on a small
grid of numbers on the CPU. A result that is zero whatever the others are is no element (convention 14), and
an operand on which it does not depend has no edge to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import torch

from .constants import MASKED_BELOW
from .operators import functional

__all__ = ["ABSENT", "BARRED", "Call", "Filled", "Formula", "Operand", "State", "outcome"]

Formula = Callable[..., Any]
"""A pointwise function of tensors and numbers."""
State = Literal["present", "zero", "barred"]
"""What is known of an operand's element: nothing, that it is zero, or that it is minus infinity."""

ABSENT, BARRED = -1, -2
"""A result that is known to be zero, or minus infinity; any other is the bits of its edges."""

_NUMBERS = (0.3, -2.0, 1.0, 30.0, -0.25, 0.0, 2.0, -1.0, 0.02, 5.0, -30.0, 0.6, -0.05, 7.5, -4.0, 1e4)


class Operand(NamedTuple):
    """Where an argument of a function is one of the operands that have elements of interest."""

    position: int


class Filled(NamedTuple):
    """Where an argument of a function is a tensor of one known number."""

    number: float


@dataclass(frozen=True, slots=True)
class Call:
    """An operator called with some of its arguments by name, which come last."""

    operator: Any
    names: tuple[str, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        """The operator's result."""
        split = len(arguments) - len(self.names)
        named = dict(zip(self.names, arguments[split:], strict=True))
        return functional(self.operator)(*arguments[:split], **named)


def outcome(formula: Formula, arguments: tuple[Any, ...], states: tuple[State, ...]) -> int:
    """What a function makes where its operands are in these states.

    Parameters
    ----------
    formula : callable
        The function.
    arguments : tuple
        Its arguments: `Operand` for each operand, `Filled`, plain numbers and options.
    states : tuple of {"present", "zero", "barred"}
        One per operand.

    Returns
    -------
    int
        The bits of the operands with an edge, `ABSENT` or `BARRED`.
    """
    present = sum(1 << k for k, state in enumerate(states) if state == "present")
    if present == (1 << len(states)) - 1:
        return present
    try:
        return _outcome(formula, arguments, states)
    except TypeError:  # an argument that cannot be hashed
        return _evaluate(formula, arguments, states)


def _evaluate(formula: Formula, arguments: tuple[Any, ...], states: tuple[State, ...]) -> int:
    here = [k for k, state in enumerate(states) if state == "present"]
    bits = sum(1 << k for k in here)
    results = [_try(formula, arguments, states, varied) for varied in here or [-1]]
    if any(result is None for result in results):  # it takes no numbers of any kind: assume the usual
        return bits or ABSENT
    found = torch.stack([result for result in results if result is not None])
    known = ~found.isnan()
    if not known.any():
        return bits or ABSENT
    values = found[known]
    if not values.any():
        return ABSENT
    low = values <= MASKED_BELOW
    if low.all() or ("barred" in states and low.any() and (values.abs() >= -MASKED_BELOW).all()):
        return BARRED
    inf = torch.inf
    least, most = found.masked_fill(~known, inf).amin(-1), found.masked_fill(~known, -inf).amax(-1)
    depends = (most > least).flatten(1).any(1).tolist()
    return sum(1 << k for k, varies in zip(here, depends, strict=False) if varies)


_outcome = lru_cache(maxsize=4096)(_evaluate)


def _try(
    formula: Formula, arguments: Sequence[Any], states: Sequence[State], varied: int
) -> torch.Tensor | None:
    """Results over a grid: along its rows one operand varies while the others stay; None if it fails."""
    for dtype in (torch.float64, torch.int64, torch.bool):
        tensors = [_numbers(k, state, k == varied, dtype) for k, state in enumerate(states)]
        called = [_argument(item, tensors, dtype) for item in arguments]
        try:
            result = formula(*called)
        except (RuntimeError, TypeError, ValueError, IndexError, NotImplementedError):
            continue
        if isinstance(result, torch.Tensor):
            parts = torch.view_as_real(result).unbind(-1) if result.is_complex() else (result, result)
            return torch.stack([part.to(torch.float64).expand(len(_NUMBERS), -1) for part in parts])
    return None


def _argument(item: Any, tensors: Sequence[torch.Tensor], dtype: torch.dtype) -> Any:
    if isinstance(item, Operand):
        return tensors[item.position]
    if isinstance(item, Filled):
        return torch.full((len(_NUMBERS), len(_NUMBERS)), item.number, dtype=torch.float64).to(dtype)
    return item


def _numbers(operand: int, state: State, varies: bool, dtype: torch.dtype) -> torch.Tensor:
    """One operand's numbers, of shape (kept, varied)."""
    size = len(_NUMBERS)
    if state == "zero":
        return torch.zeros(size, size, dtype=dtype)
    if state == "barred":
        return torch.full((size, size), -torch.inf, dtype=torch.float64).to(dtype)
    numbers = torch.tensor(_NUMBERS, dtype=torch.float64).to(dtype)
    if varies:
        return numbers.repeat(size, 1)
    return numbers.roll(1 + 3 * operand)[:, None].repeat(1, size)
