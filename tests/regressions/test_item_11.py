"""Item 11: interpolation reads the positions that PyTorch reads.

``nearest`` in float64 ratios disagreed with PyTorch for 43 pairs of sizes (``interpolate(w, size=98)``
of 2 positions is ``[49, 49]``); there was one copy of the code for the builder and one for PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from reprior import Network, analyze
from reprior.lowering.interpolation import (
    antialiased_sources,
    cubic_sources,
    linear_sources,
    nearest_positions,
)

SCALES = (0.1, 0.25, 1 / 3, 0.3, 0.5, 0.7, 0.75, 1.1, 1.2, 1.3, 1.5, 1.7, 2.0, 2.5, 8 / 3, 3.0, 14 / 3)


def _weights(count: int, **options: Any) -> np.ndarray:
    """What each output position takes of each input position: the interpolation of unit vectors."""
    unit = torch.eye(count, dtype=torch.float64)[None]
    if options["mode"] in ("bilinear", "bicubic"):
        return interpolate(unit[:, :, None].contiguous(), **options)[0, :, 0].T.numpy()
    return interpolate(unit, **options)[0].T.numpy()


def _pattern(sources: tuple[tuple[int, ...], ...], size: int) -> np.ndarray:
    return np.array([[position in read for position in range(size)] for read in sources]).reshape(-1, size)


def test_item_11_nearest_of_two_axes() -> None:
    for size in range(1, 129, 3):
        for out in range(1, 129):
            x = torch.arange(size, dtype=torch.float32).expand(1, 1, 2, size).contiguous()
            for mode in ("nearest", "nearest-exact"):
                found = interpolate(x, size=(4, out), mode=mode)[0, 0, 0].int().tolist()
                assert nearest_positions(size, out, exact=mode != "nearest").tolist() == found, (size, out)


@pytest.mark.parametrize("exact", [False, True])
def test_item_11_nearest_of_all_sizes(exact: bool) -> None:
    mode = "nearest-exact" if exact else "nearest"
    for size in range(1, 129):
        for out in range(1, 129):
            found = interpolate(torch.arange(size, dtype=torch.float32)[None, None], size=out, mode=mode)
            assert nearest_positions(size, out, exact=exact, axes=1).tolist() == found[0, 0].int().tolist(), (
                size,
                out,
            )


@pytest.mark.parametrize(
    ("mode", "find", "options", "largest"),
    [
        ("linear", linear_sources, {}, 48),
        ("linear", linear_sources, {"align_corners": True}, 48),
        ("bicubic", cubic_sources, {}, 24),
        ("bicubic", cubic_sources, {"align_corners": True}, 24),
        ("bilinear", antialiased_sources, {"antialias": True}, 24),
        ("bilinear", antialiased_sources, {"antialias": True, "align_corners": True}, 24),
        ("bicubic", partial(antialiased_sources, reach=2), {"antialias": True}, 24),
        ("bicubic", partial(antialiased_sources, reach=2), {"antialias": True, "align_corners": True}, 24),
    ],
    ids=lambda item: str(item) if isinstance(item, str | dict) else "",
)
def test_item_11_weights_that_are_not_zero(
    mode: str, find: Callable[..., Any], options: dict[str, bool], largest: int
) -> None:
    align = options.get("align_corners", False)
    for size in range(1, largest + 1):
        for out in range(1, largest + 1):
            wanted = (1, out) if mode != "linear" else out
            measured = np.abs(_weights(size, size=wanted, mode=mode, **options)) > 1e-9
            assert (measured == _pattern(find(size, out, align), size)).all(), (size, out)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    ("mode", "find"),
    [
        ("linear", linear_sources),
        ("bicubic", cubic_sources),
        ("bilinear aa", antialiased_sources),
        ("bicubic aa", partial(antialiased_sources, reach=2)),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_item_11_scales(mode: str, find: Callable[..., Any], scale: float) -> None:
    kind, _, antialias = mode.partition(" ")
    options: dict[str, Any] = {"antialias": True} if antialias else {}
    for size in range(10, 24):
        factor = scale if kind == "linear" else (1.0, scale)
        measured = np.abs(_weights(size, scale_factor=factor, mode=kind, **options)) > 1e-9
        assert (measured == _pattern(find(size, len(measured), False, scale), size)).all(), size


class Enlarged(nn.Module):
    def __init__(self, shape: tuple[int, ...], options: dict[str, Any]) -> None:
        super().__init__()
        self.weight, self.options = nn.Parameter(torch.zeros(1, 1, *shape)), options

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * interpolate(self.weight, **self.options)


def _times_copied(shape: tuple[int, ...], options: dict[str, Any]) -> list[int]:
    """How often each position is copied (PyTorch's backward pass rounds otherwise than its forward)."""
    places = torch.arange(math.prod(shape), dtype=torch.float32).reshape(1, 1, *shape)
    copied = interpolate(places, **options).int().reshape(-1)
    return torch.bincount(copied, minlength=places.numel()).tolist()


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2,), {"size": 98}),
        ((4,), {"scale_factor": 1.1}),
        ((9,), {"scale_factor": 1.1}),
        ((4, 2), {"scale_factor": (1.1, 2.0)}),
        ((9, 2), {"scale_factor": (1.1, 2.2)}),
        ((9, 9), {"scale_factor": 1.1}),
        ((4, 3), {"scale_factor": (0.6, 1.7), "recompute_scale_factor": True}),
        ((4, 2, 3), {"scale_factor": (1.1, 1.0, 2.2)}),
    ],
    ids=str,
)
def test_item_11_modules(mode: str, shape: tuple[int, ...], options: dict[str, Any]) -> None:
    options = options | {"mode": mode}
    counts = analyze(Enlarged(shape, options), torch.zeros(1), exact=True).counts("weight")
    assert counts.reshape(-1).tolist() == _times_copied(shape, options)


def test_item_11_two_positions_as_98() -> None:
    analysis = analyze(Enlarged((2,), {"size": 98}), torch.zeros(1), exact=True)
    assert analysis.counts("weight").tolist() == [[[49, 49]]]


def test_item_11_the_builder_reads_the_same() -> None:
    net = Network()
    x = net.conv(net.input(1, 5, 5), 1, kernel=1, bias=False)
    net.output(net.upsample(x, 3))
    traced = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Upsample(scale_factor=3))
    other = analyze(traced, (1, 5, 5), exact=True)
    assert analyze(net, exact=True).counts("conv.weight").tolist() == other.counts("0.weight").tolist()
