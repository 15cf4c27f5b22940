"""Writes in place, through views and into buffers, against automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.frontends.torch.dependence import by_differentiation, by_graph


def slice_of_zeros(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(2, 5)
    out[:, 1:4] = x
    return out * 2


def slice_of_empty(x: torch.Tensor) -> torch.Tensor:
    out = x.new_empty(2, 3)
    out[:, :1] = x[:, 2:]
    out[:, 1:] = x[:, :2]
    return out


def added_to_a_view(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = x.clone()
    view = out.t()[1:]
    view.add_(y)
    return torch.cat([out, view.t()], 1)


def seen_by_an_older_view(x: torch.Tensor) -> torch.Tensor:
    out = x * 1
    older = out.view(-1)
    out[0].mul_(out[1].clone())
    return older


def twice_through_selects(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(3, 4)
    out[1, 2] = x[0]
    out[1, 3] += x[1]
    out[1] += x[2]
    return out


def strided(x: torch.Tensor) -> torch.Tensor:
    out = torch.ones(2, 6)
    out[:, ::2] = x
    return out.cumsum(1)


def copied(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = x.clone()
    out[:, 0].copy_(y)
    return out


def filled(x: torch.Tensor) -> torch.Tensor:
    out = x * 1
    out[0].fill_(3.0)
    out[:, 0].zero_()
    return out


def masked_in_place(x: torch.Tensor) -> torch.Tensor:
    out = x * 1
    return out.masked_fill_(torch.eye(2, 3, dtype=torch.bool), 0.0)


def indexed(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = x.clone()
    out[torch.tensor([2, 0])] = y
    return out


def by_boolean(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = x.clone()
    out[torch.tensor([True, False, True])] = y
    return out


def out_argument(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty(2, 3)
    torch.mul(x, 2, out=out)
    return out


def in_place_operators(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = x * 1
    out += y
    out *= y
    return out.sigmoid_()


def a_constant_index_made_in_place(x: torch.Tensor) -> torch.Tensor:
    index = torch.zeros(3, dtype=torch.long)
    index[1:] = torch.arange(2) + 1
    index[0] += 2
    return x[index]


def unfolded_constant(x: torch.Tensor) -> torch.Tensor:
    mask = torch.zeros(4, 4)
    mask[:2, :2] = 1
    mask[2:, 2:] = 1
    return x * mask


def diagonal_write(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(3, 3)
    out.diagonal().copy_(x)
    return out


CASES: list[tuple[Callable[..., torch.Tensor], list[tuple[int, ...]]]] = [
    (slice_of_zeros, [(2, 3)]),
    (slice_of_empty, [(2, 3)]),
    (added_to_a_view, [(2, 3), (2, 1)]),
    (seen_by_an_older_view, [(2, 3)]),
    (twice_through_selects, [(3,)]),
    (strided, [(2, 3)]),
    (copied, [(2, 3), (2,)]),
    (filled, [(2, 3)]),
    (masked_in_place, [(2, 3)]),
    (indexed, [(3, 2), (2, 2)]),
    (by_boolean, [(3, 2), (2, 2)]),
    (in_place_operators, [(2, 3), (3,)]),
    (a_constant_index_made_in_place, [(3, 2)]),
    (unfolded_constant, [(4, 4)]),
    (diagonal_write, [(3,)]),
]


@pytest.mark.parametrize(("function", "shapes"), CASES, ids=[case[0].__name__ for case in CASES])
def test_dependence(function: Callable[..., torch.Tensor], shapes: list[tuple[int, ...]]) -> None:
    assert (by_graph(function, shapes) == by_differentiation(function, shapes, 2)).all()


def test_out_argument() -> None:
    """Automatic differentiation refuses ``out=``."""
    assert (by_graph(out_argument, [(2, 3)]) == torch.eye(6).numpy()).all()
