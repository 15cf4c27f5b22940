"""Random chains of operators on values with holes, against numbers and automatic differentiation.

Only what is zero whatever is fed is no element (convention 14). A chain uses every parameter once, so a
scalar has one path to each element of the result whose derivative by it is not always zero; and what
multiplies the result meets the elements that are not always zero. Neither needs anything of the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given
from hypothesis import strategies as st

import reprior
from tests.property.profile import examples

Step = Callable[[torch.Tensor, Any], torch.Tensor]

ZERO_AT_ZERO: tuple[Step, ...] = (
    lambda x, _: x.tanh(),
    lambda x, _: F.leaky_relu(x, 0.2),
    lambda x, _: F.silu(x),
    lambda x, _: x.tanh().expm1(),
    lambda x, _: 2 * x,
    lambda x, _: -x / 3,
    lambda x, _: x.sinh().atan(),
)
MADE_OF_ZERO: tuple[Step, ...] = (
    lambda x, _: x.tanh().exp(),
    lambda x, _: (x + 0.3).cos(),
    lambda x, _: x.sigmoid(),
    lambda x, _: F.softplus(x),
    lambda x, _: 0.37 - 1.7 * x,
    lambda x, _: x.add(1.3, alpha=2),
    lambda x, _: torch.rsub(x, 0.7, alpha=3),
    lambda x, _: (x.tanh() + 1.5).log(),
    lambda x, _: F.logsigmoid(x),
    lambda x, _: torch.exp2(x.tanh()),
)
WITH_PARAMETER: tuple[Step, ...] = (
    lambda x, u: x * u,
    lambda x, u: x + u,
    lambda x, u: u - x,
    lambda x, u: x / (u + 3),
    lambda x, u: u / (x.tanh() + 1.5),
    lambda x, u: torch.lerp(x, u, 0.3),
    lambda x, u: torch.lerp(u, x.sin(), 0.43 * x),
    lambda x, u: torch.addcmul(x, x, u),
    lambda x, u: torch.addcmul(u, x, x, value=0.5),
    lambda x, u: torch.hypot(x, u),
    lambda x, u: x * u.exp(),
    lambda x, u: torch.logaddexp(x, u),
    lambda x, u: F.glu(torch.cat([x, u]), 0),
)


KINDS = ("zero", "made", "parameter", "pad", "mask", "fill", "join", "bar", "tril")


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Step], list[int]]:
    """Steps, and the lengths of the parameters that they use (0 for none)."""
    size = 4
    steps: list[Step] = []
    lengths: list[int] = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        length = 0
        mask = torch.tensor(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
        number = draw(st.sampled_from([0.0, 0.0, 0.8, -0.7]))
        if kind == "zero":
            step = draw(st.sampled_from(ZERO_AT_ZERO))
        elif kind == "made":
            step = draw(st.sampled_from(MADE_OF_ZERO))
        elif kind == "parameter":
            step, length = draw(st.sampled_from(WITH_PARAMETER)), size
        elif kind == "pad":
            before, after = draw(st.integers(0, 1)), draw(st.integers(0, 2))
            step = _pad(before, after, number)
            size += before + after
        elif kind == "mask":
            step = draw(st.sampled_from([_times(mask), _where(mask), _write(mask, 0.0)]))
        elif kind == "fill":
            step = draw(st.sampled_from([_fill(mask, number), _write(mask, number), _where(mask, number)]))
        elif kind == "join":
            step = _join(mask.double() * number)
            size *= 2
        elif kind == "bar":
            length = size
            step = _bar(mask, draw(st.sampled_from(AFTER_BARS)))
        else:
            step, length = _triangle, size
        steps.append(step)
        lengths.append(length)
    return steps, lengths


AFTER_BARS: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = (
    torch.exp,
    torch.sigmoid,
    torch.tanh,
    F.softplus,
    lambda x: x.exp() + 0.2,
    lambda x: torch.cat([x, x.new_full((1,), -torch.inf)])[:-1].flip(0).exp(),
)


def _pad(before: int, after: int, value: float) -> Step:
    return lambda x, _: F.pad(x, (before, after), value=value)


def _times(mask: torch.Tensor) -> Step:
    return lambda x, _: x * mask


def _where(mask: torch.Tensor, value: float = 0.0) -> Step:
    return lambda x, _: torch.where(mask, x, value)


def _fill(mask: torch.Tensor, value: float) -> Step:
    return lambda x, _: x.masked_fill(mask, value)


def _write(mask: torch.Tensor, value: float) -> Step:
    def write(x: torch.Tensor, _: Any) -> torch.Tensor:
        x = x.clone()
        x[mask] = value
        return x

    return write


def _join(other: torch.Tensor) -> Step:
    return lambda x, _: torch.cat([x, other.to(x)])


def _bar(mask: torch.Tensor, after: Callable[[torch.Tensor], torch.Tensor]) -> Step:
    return lambda x, u: after(x.masked_fill(mask, -torch.inf) * 0.5 + u)


def _triangle(x: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
    return torch.outer(x, u).tril()[-1]


class Chain(torch.nn.Module):
    """A chain, times a parameter, into a linear layer of two outputs."""

    def __init__(self, steps: list[Step], lengths: list[int]) -> None:
        super().__init__()
        self.steps = steps
        self.operands = torch.nn.ParameterList([torch.nn.Parameter(torch.zeros(n)) for n in lengths])
        with torch.no_grad():
            size = len(self.run(torch.zeros(4)))
        self.gain = torch.nn.Parameter(torch.zeros(size))
        self.last = torch.nn.Parameter(torch.zeros(2, size))

    def run(self, x: torch.Tensor) -> torch.Tensor:
        for step, operand in zip(self.steps, self.operands, strict=True):
            x = step(x, operand)
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(self.run(x) * self.gain, self.last)


@examples(60)
@given(chain=chains())
def test_an_element_is_what_is_not_always_zero(chain: tuple[list[Step], list[int]]) -> None:
    module = Chain(*chain)
    exists, depends = _by_numbers(module)
    if not exists.any():
        with pytest.raises(reprior.RepriorError, match="no learnable parameter has a path"):
            reprior.analyze(module, torch.zeros(4))
        return
    found = reprior.analyze(module, torch.zeros(4), exact=True)
    alive = found.counts("gain")
    assert alive.tolist() == [2 * int(one) for one in exists]
    assert (found.counts("last") == np.where(exists, 1, 0)).all()
    for k, pattern in enumerate(depends):
        if pattern is not None:
            assert found.counts(f"operands.{k}").tolist() == (2 * pattern.sum(0)).tolist(), k


def _by_numbers(module: Chain) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Which elements of the result are ever not zero, and for each parameter, what ever depends on it."""
    generator = torch.Generator().manual_seed(3)
    operands = list(module.operands)
    exists: Any = False
    depends: list[Any] = [None if not len(one) else False for one in operands]
    for size in (1.0, 5.0) * 8:
        drawn = [size * torch.randn(len(one), generator=generator, dtype=torch.float64) for one in operands]
        x = torch.randn(4, generator=generator, dtype=torch.float64)

        def run(*operands: torch.Tensor, x: torch.Tensor = x) -> torch.Tensor:
            for step, operand in zip(module.steps, operands, strict=True):
                x = step(x, operand)
            return x

        exists = exists | (run(*drawn) != 0)
        for k, jacobian in enumerate(torch.autograd.functional.jacobian(run, tuple(drawn))):
            if depends[k] is not None:
                depends[k] = depends[k] | (jacobian.nan_to_num() != 0)
    return exists.numpy(), [None if one is None else one.numpy() for one in depends]
