"""What is drawn depends on what it is drawn by: probabilities, means, rates.

The draw itself is noise, neither fed nor learned; see `reprior.frontends.torch.rules.pathless` for operators
that draw by numbers alone.
"""

from __future__ import annotations

from typing import Any

import torch

from ..constants import broadcast
from ..lower import Lower
from ..registry import rule
from ..values import Value
from .reductions import ranked

__all__: list[str] = []


def _drawn(lower: Lower, x: Value) -> Value:
    return lower.map("draw", x) if x.constant is None else lower.any_of(x)


@rule("aten.bernoulli.default", "aten.poisson")
def by_element(lower: Lower, x: Value, *rest: Any, **named: Any) -> Value:
    """Each element by one of the operand."""
    return _drawn(lower, x)


@rule("aten.bernoulli.Tensor")
def bernoulli(lower: Lower, x: Value, probability: Value, *rest: Any, **named: Any) -> Value:
    """In the shape of x, by another tensor."""
    return _drawn(lower, lower.expand(probability, x.shape))


@rule("aten.normal")
def normal(lower: Lower, mean: Any, deviation: Any = 1.0, *rest: Any, **named: Any) -> Value:
    """By a mean and a deviation, or by numbers in a given shape."""
    values = [value for value in (mean, deviation) if isinstance(value, Value)]
    if not values:
        return lower.any_of(lower.constant(torch.zeros(tuple(rest[0]))))
    by_numbers = str(lower.operator).startswith("aten.normal_")  # which writes the first operand
    if by_numbers or all([value.constant is not None for value in values]):
        shape = values[0].shape if by_numbers else broadcast([value.shape for value in values])
        return lower.any_of(lower.constant(torch.zeros(shape)))
    return lower.map("draw", *values)


@rule("aten.multinomial")
def multinomial(lower: Lower, x: Value, count: int, *rest: Any, **named: Any) -> Value:
    """Places, each drawn by all probabilities of its row."""
    return ranked(lower, lower.any_of(x), count, -1, "position")
