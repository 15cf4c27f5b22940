"""Random moves of a value and of a statistic of it, against sets of elements that torch itself moves."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from torch.nn.functional import pad

import reprior

Move = Callable[[torch.Tensor], torch.Tensor]
SIZE = 16
VIEWS = [[16], [4, 4], [2, 8], [2, 2, 4], [4, 2, 2], [2, 2, 2, 2]]


def _whole_move(draw: random.Random, shape: torch.Size) -> tuple[str, Move]:
    """A move that shows all elements."""
    axis = draw.randrange(len(shape))
    size = shape[axis]
    order = draw.sample(range(size), size)
    axes = draw.sample(range(len(shape)), len(shape))
    shift = draw.randrange(size)
    views = [
        view for view in ([16], [4, 4], [2, 8], [2, 2, 4], [4, 2, 2], [2, 2, 2, 2]) if shape.numel() == SIZE
    ]
    choices: list[tuple[str, Move]] = [
        (f"permute{axes}", lambda t: t.permute(axes)),
        (f"flip({axis})", lambda t: t.flip(axis)),
        (f"roll({shift}, {axis})", lambda t: t.roll(shift, axis)),
        (f"take({axis}, {order})", lambda t: t.index_select(axis, torch.tensor(order))),
        (f"cat({axis}, {shift})", lambda t: torch.cat(t.split([shift, size - shift], axis)[::-1], axis)),
    ]
    if views:
        view = draw.choice(views)
        choices += [(f"view{view}", lambda t: t.reshape(view))] * 3
    return draw.choice(choices)


def _any_move(draw: random.Random, shape: torch.Size) -> tuple[str, Move]:
    """Also one that leaves elements out, repeats or shifts them."""
    if draw.random() < 0.6:
        return _whole_move(draw, shape)
    axis = draw.randrange(len(shape))
    size = shape[axis]
    start = draw.randrange(size)
    stop = draw.randint(start + 1, size)
    picked = [draw.randrange(size) for _ in range(size)]
    padding = [0, 0] * (len(shape) - 1 - axis) + [1, -1]
    return draw.choice(
        [
            (f"slice({axis}, {start}, {stop})", lambda t: t.narrow(axis, start, stop - start)),
            (f"pick({axis}, {picked})", lambda t: t.index_select(axis, torch.tensor(picked))),
            (f"pad({axis})", lambda t: pad(t, padding)),
            (f"repeat({axis})", lambda t: t.repeat_interleave(2, axis).narrow(axis, 0, size)),
            ("expand", lambda t: t.expand(2, *t.shape)),
        ]
    )


class _Program(torch.nn.Module):
    """``value(p) * statistic(p)``: moves of the one, moves around a reduction of the other."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        draw = random.Random(seed)
        self.weight = torch.nn.Parameter(torch.rand(4, 4))
        self.text = []
        while True:
            self.text.clear()
            self.value = self._moves(draw, torch.zeros(4, 4), draw.randint(0, 3), _any_move)
            self.before = self._moves(draw, torch.zeros(4, 4), draw.randint(0, 2), _whole_move)
            inner = self.before_reduction(torch.zeros(4, 4))
            axes = draw.sample(range(inner.ndim), draw.randint(1, max(1, inner.ndim - 1)))
            self.axes, self.keep = axes, draw.random() < 0.8
            self.text.append(f"sum({axes}, {self.keep})")
            reduced = inner.sum(axes, self.keep)
            if reduced.ndim:
                self.after = self._moves(draw, reduced, draw.randint(0, 2), _any_move)
            else:
                self.after = []
            try:
                product = self.moved(torch.ones(4, 4)) * self.statistic(torch.ones(4, 4))
            except RuntimeError:
                continue
            if product.any() and product.numel() <= 64:
                return

    def _moves(self, draw: random.Random, value: torch.Tensor, many: int, move) -> list[Move]:
        moves = []
        for _ in range(many):
            text, one = move(draw, value.shape)
            self.text.append(text)
            value = one(value)
            moves.append(one)
        return moves

    def before_reduction(self, value: torch.Tensor) -> torch.Tensor:
        for one in self.before:
            value = one(value)
        return value

    def moved(self, value: torch.Tensor) -> torch.Tensor:
        for one in self.value:
            value = one(value)
        return value

    def statistic(self, value: torch.Tensor) -> torch.Tensor:
        value = self.before_reduction(value).sum(self.axes, self.keep)
        for one in self.after:
            value = one(value)
        return value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.moved(self.weight) * self.statistic(self.weight)


def _expected(program: _Program) -> list[list[int]]:
    """Of every element: the places where it stands, and where it is reduced beside an element that is not."""
    elements = torch.eye(SIZE).reshape(SIZE, 4, 4)
    stands = torch.stack(torch.broadcast_tensors(*[program.moved(one) for one in elements]))
    reduced = torch.stack([program.statistic(one) for one in elements])
    shape = torch.broadcast_shapes(stands.shape[1:], reduced.shape[1:])
    stands, reduced = [
        part.reshape(SIZE, *(1,) * (len(shape) + 1 - part.ndim), *part.shape[1:]).expand(SIZE, *shape)
        for part in (stands, reduced)
    ]
    there = (stands.sum(0) > 0) & (reduced.sum(0) > 0)
    is_own = (stands * reduced).sum(0) > 0
    paths = stands * there + reduced * (there & ~is_own)
    return paths.reshape(SIZE, -1).sum(1).reshape(4, 4).int().tolist()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(80))
def test_a_statistic_routes_where_it_meets_other_elements(seed: int) -> None:
    program = _Program(seed)
    found = reprior.analyze(program, torch.zeros(4, 4), exact=True)
    assert found.counts("weight").tolist() == _expected(program), program.text
