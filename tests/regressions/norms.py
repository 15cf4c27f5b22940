"""Contexts of a model around a function: a linear layer, the function, a linear layer."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

import reprior
from reprior.frontends.torch import describe_module

__all__ = ["WIDTH", "Function", "contexts"]

WIDTH = 6
OUT = 5
Function = Callable[..., torch.Tensor]


class _Around(nn.Module):
    def __init__(self, function: Function, shapes: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.function, self.before = function, nn.Linear(WIDTH, WIDTH)
        self.weights = nn.ParameterList([nn.Parameter(torch.empty(shape)) for shape in shapes])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self.before(x), *self.weights)


def contexts(
    function: Function, *shapes: tuple[int, ...], tokens: int = 4, normalization: str = "local"
) -> dict[str, list[int]]:
    """Contexts of every parameter; `function` gets ``(1, tokens, WIDTH)`` and parameters of these shapes."""
    model = describe_module(_Around(function, shapes), (tokens, WIDTH))
    found = reprior.analyze(model, exact=True, normalization=normalization)
    return {row.name: found.counts(row.name).ravel().tolist() for row in found.parameters}
