"""Results that are worked out without PyTorch are those that it gives on the CPU."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional

from reprior.frontends.torch.shortcuts import SHORTCUTS
from reprior.frontends.torch.trace import trace


class _Spied(torch.nn.Module):
    """A function, which shows what it gives."""

    def __init__(
        self, function: Callable[[torch.Tensor], torch.Tensor], show: Callable[[torch.Tensor], None]
    ) -> None:
        super().__init__()
        self.function, self.show = function, show

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result = self.function(x)
        self.show(result)
        return result


_KERNEL = torch.ones(8, 4, 3, 2)
CALLS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "conv": lambda x: functional.conv2d(x, _KERNEL),
    "conv, padded": lambda x: functional.conv2d(x, _KERNEL, torch.ones(8), (2, 1), (1, 3), 2),
    "conv, grouped": lambda x: functional.conv2d(x, _KERNEL[:, :2], stride=3, groups=2),
    "conv, same": lambda x: functional.conv2d(x, _KERNEL[..., :1], padding="same"),
    "conv, no batch": lambda x: functional.conv2d(x[0], _KERNEL),
    "conv1d": lambda x: functional.conv1d(x[..., 0], _KERNEL[..., 0], padding=1),
    "mean": lambda x: x.mean(),
    "mean of axes": lambda x: x.mean((-1, 2)),
    "mean, kept": lambda x: x.mean((2, 3), keepdim=True),
    "mean as double": lambda x: x.mean(1, dtype=torch.float64),
    "sum": lambda x: x.sum(1),
    "sum of all": lambda x: x.sum(()),
    "sum, permuted": lambda x: x.permute(0, 2, 3, 1).sum(1),
    "adaptive pool": lambda x: functional.adaptive_avg_pool2d(x, (2, 1)),
    "adaptive pool, no batch": lambda x: functional.adaptive_avg_pool2d(x[0], 1),
    "cat": lambda x: torch.cat([x, x[:, :2].contiguous()], 1),
    "cat, last axis": lambda x: torch.cat([x, x], -1),
    "cat, types": lambda x: torch.cat([x, x.double()]),
    "cat, permuted": lambda x: torch.cat([x.permute(0, 3, 1, 2), x.permute(0, 3, 1, 2)]),
    "softmax": lambda x: x.softmax(-1),
    "softmax as double": lambda x: x.softmax(1, dtype=torch.float64),
    "sigmoid, permuted": lambda x: x.permute(2, 0, 3, 1).sigmoid(),
    "gelu, sliced": lambda x: functional.gelu(x[:, 1:3]),
    "relu, expanded": lambda x: torch.relu(x[:, :1].expand(-1, 3, -1, -1)),
    "matmul": lambda x: x @ x.transpose(-1, -2),
    "matmul, broadcast": lambda x: x @ x[:, :1].transpose(-1, -2),
    "matmul, folded": lambda x: x @ torch.ones(5, 3),
    "linear": lambda x: functional.linear(x, torch.ones(3, 5)),
    "add": lambda x: x + x[:, :1],
    "add, widening": lambda x: x[:, :1] + x,
    "add, double": lambda x: x + torch.ones(5, dtype=torch.float64),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_shape_type_and_layout_are_pytorchs(name: str) -> None:
    x = torch.rand(2, 4, 7, 5)
    wanted = CALLS[name](x)
    results: list[torch.Tensor] = []
    trace(torch.nn.Sequential(torch.nn.Linear(5, 5), _Spied(CALLS[name], results.append)), x)
    (found,) = results
    assert found.is_meta
    assert (found.shape, found.dtype, found.stride()) == (wanted.shape, wanted.dtype, wanted.stride())


@pytest.mark.parametrize(
    ("name", "operands"),
    [
        ("aten.conv2d", [torch.ones(1, 3, 4, 4), torch.ones(2, 4, 3, 3)]),
        ("aten.conv2d", [torch.ones(1, 4, 2, 2), torch.ones(2, 4, 3, 3)]),
        ("aten.softmax", [torch.ones(2, 3), 2]),
        ("aten.mean", [torch.ones(2, 3), [2]]),
        ("aten.cat", [[torch.ones(2, 3), torch.ones(3, 2)], 1]),
        ("aten.cat", [[torch.ones(2, 3), torch.ones(3)], 1]),
        ("aten.matmul", [torch.ones(2, 3, 4), torch.ones(2, 3, 4)]),
        ("aten.linear", [torch.ones(2, 3), torch.ones(4, 2)]),
        ("aten.add", [torch.ones(2, 3), torch.ones(2, 2)]),
        ("aten.sigmoid", [torch.ones(2, dtype=torch.int64)]),
    ],
)
def test_operands_that_do_not_fit_are_pytorchs_to_refuse(name: str, operands: list[object]) -> None:
    assert SHORTCUTS[name](operands) is None
