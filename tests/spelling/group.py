"""What a group of spellings is: functions of features and weights that compute the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

__all__ = ["Body", "Group", "INPUTS"]

Function = Callable[..., torch.Tensor]

INPUTS: dict[str, Any] = {"sequence": (3, 5), "image": (2, 6, 6), "words": {"x": torch.zeros(1, 5).long()}}
"""What is fed, by the kind of features that the functions take: (1, 5, 6), (1, 4, 6, 6) or words."""


@dataclass(frozen=True)
class Group:
    """Spellings of one function.

    Attributes
    ----------
    spellings : mapping
        By a short name; the first is what the others are compared with.
    shapes : sequence
        Of the weights that each takes after the features.
    kind : str
        A key of `INPUTS`.
    differs : mapping
        Spellings that count otherwise on purpose: where, as words such as ``decay``, ``coupled`` or
        ``coupled/unit``, and why.
    """

    spellings: Mapping[str, Function]
    shapes: Sequence[tuple[int, ...]] = ()
    kind: str = "sequence"
    differs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Body(nn.Module):
    """A layer before a function, and running sums behind it.

    Every element of the result then has a number of contexts of its own, so that none can take the place
    of another unnoticed.
    """

    def __init__(self, function: Function, group: Group) -> None:
        super().__init__()
        self.kind, self.function = group.kind, function
        if self.kind == "sequence":
            self.first = nn.Conv1d(3, 6, 3, padding=1)
        elif self.kind == "image":
            self.first = nn.Conv2d(2, 4, 3, padding=1)
        self.weights = nn.ParameterList([nn.Parameter(torch.empty(shape)) for shape in group.shapes])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.kind == "sequence":
            x = self.first(x).transpose(1, 2)
        elif self.kind == "image":
            x = self.first(x)
        y = self.function(x, *self.weights)
        if y.is_complex():
            y = torch.view_as_real(y)
        return y.reshape(-1).cumsum(0)
