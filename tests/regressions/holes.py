"""Counts of a function of fed elements and parameters, and what differentiation says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import reprior

__all__ = ["check", "counts"]

Shape = tuple[int, ...]
Function = Callable[..., torch.Tensor]


class Applied(torch.nn.Module):
    """A function of what is fed and of parameters."""

    def __init__(self, function: Function, shapes: tuple[Shape, ...]) -> None:
        super().__init__()
        self.function = function
        self.operands = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(shape)) for shape in shapes])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, *self.operands)


def counts(function: Function, fed: Shape, *shapes: Shape, **options: Any) -> list[Any]:
    """Contexts of every element of the parameters."""
    found = reprior.analyze(Applied(function, shapes), torch.zeros(fed), exact=True, **options)
    return [found.counts(f"operands.{k}").tolist() for k in range(len(shapes))]


def check(function: Function, fed: Shape, *shapes: Shape, expected: list[Any]) -> None:
    """Counts are as derived, and what has none has no derivative in random draws, and only that."""
    found = counts(function, fed, *shapes)
    assert found == expected
    for one, pattern in zip(found, _differentiated(function, fed, shapes), strict=True):
        assert ((np.array(one) > 0) == pattern).all()


def _differentiated(function: Function, fed: Shape, shapes: tuple[Shape, ...]) -> list[np.ndarray]:
    generator = torch.Generator().manual_seed(1)
    alive = [np.zeros(shape, dtype=bool) for shape in shapes]
    for _ in range(6):
        drawn = [torch.randn(s, generator=generator, dtype=torch.float64, requires_grad=True) for s in shapes]
        y = function(torch.randn(fed, generator=generator, dtype=torch.float64), *drawn)
        (y * torch.randn(y.shape, generator=generator, dtype=torch.float64)).sum().backward()
        for one, operand in zip(alive, drawn, strict=True):
            if operand.grad is not None:
                one |= operand.grad.abs().numpy() > 1e-12
    return alive
