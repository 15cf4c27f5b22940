"""Sampling at known places reads the neighbours that have a weight, and nothing else (convention 4)."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn.functional import affine_grid, grid_sample

import reprior

SIZES = {2: ((4, 5), (3, 4)), 3: ((2, 3, 4), (2, 2, 3))}
"""Image and samples."""


class _Sampled(torch.nn.Module):
    """Two channels of two images that are parameters, seen at places that are constants."""

    def __init__(self, grid: torch.Tensor, size: tuple[int, ...], **options: object) -> None:
        super().__init__()
        self.image = torch.nn.Parameter(torch.randn(2, 2, *size, dtype=torch.float64))
        self.grid, self.options = grid.double(), options

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return grid_sample(self.image, self.grid, **self.options) * x.double()


def _places(kind: str, rank: int, align: bool) -> torch.Tensor:
    size, samples = SIZES[rank]
    if kind == "the identity":
        return affine_grid(torch.eye(rank, rank + 1).expand(2, -1, -1), [2, 2, *size], align_corners=align)
    generator = torch.Generator().manual_seed(rank)
    if kind == "anywhere, one grid":
        return (torch.rand(1, *samples, rank, generator=generator) * 3 - 1.5).expand(2, *samples, rank)
    if kind == "anywhere":
        return torch.rand(2, *samples, rank, generator=generator) * 5 - 2.5
    # On positions and halfway between them, in and out of the image.
    halves = torch.randint(-3, 9, (2, *samples, rank), generator=generator) / 2
    sizes = torch.tensor(size[::-1])
    return 2 * halves / (sizes - 1) - 1 if align else (2 * halves + 1) / sizes - 1


def _read(module: _Sampled, least: float) -> torch.Tensor:
    """How many samples have a weight for each position, by derivatives."""
    run = lambda image: grid_sample(image, module.grid, **module.options)  # noqa: E731
    jacobian = torch.autograd.functional.jacobian(run, module.image.detach())
    return (jacobian.abs() > least).flatten(0, jacobian.dim() // 2 - 1).sum(0)


@pytest.mark.parametrize("kind", ["anywhere", "anywhere, one grid", "the identity", "on positions"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize(("rank", "mode"), [(2, "bilinear"), (2, "nearest"), (2, "bicubic"), (3, "bilinear")])
def test_known_places_read_their_neighbours(rank: int, mode: str, padding: str, kind: str) -> None:
    for align in (False, True):
        grid = _places(kind, rank, align)
        if mode == "nearest":
            grid = grid + 0.01  # halfway between two positions either is nearest
        module = _Sampled(grid, SIZES[rank][0], mode=mode, padding_mode=padding, align_corners=align)
        x = torch.randn(2, 2, *grid.shape[1:-1])
        counts = torch.from_numpy(reprior.analyze(module, x, exact=True).counts("image").astype(int))
        # A position that is hit has single precision's rounding for its neighbours' weights.
        assert torch.equal(counts, _read(module, 1e-9 if "anywhere" in kind else 1e-5)), align


def test_the_identity_is_every_position_itself() -> None:
    class Warped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(1, 1, 1, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.nn.functional.conv2d(x, self.weight)
            grid = affine_grid(torch.eye(2, 3)[None], h.shape, align_corners=False)
            return grid_sample(h, grid, align_corners=False)

    found = reprior.analyze(Warped(), torch.randn(1, 1, 3, 4), exact=True)
    assert found.counts("weight").tolist() == [[[[12]]]] and not found.notes


def test_computed_places_may_be_any() -> None:
    class Located(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image = torch.nn.Parameter(torch.randn(1, 1, 2, 3))

        def forward(self, grid: torch.Tensor) -> torch.Tensor:
            return grid_sample(self.image, grid, align_corners=False)

    found = reprior.analyze(Located(), torch.rand(1, 2, 2, 2), exact=True)
    assert (found.counts("image") == 4).all()


def test_sampling_with_an_even_spread_is_interpolation() -> None:
    """Twice as many places, half a position apart, as ``interpolate`` reads them."""
    image = torch.randn(1, 1, 3, 4)
    for align, mode in itertools.product((False, True), ("bilinear", "bicubic")):

        class Grown(torch.nn.Module):
            def __init__(self, sampled: bool, align: bool = align, mode: str = mode) -> None:
                super().__init__()
                self.image = torch.nn.Parameter(image)
                self.sampled, self.options = sampled, {"mode": mode, "align_corners": align}

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                if not self.sampled:
                    return x * torch.nn.functional.interpolate(self.image, (6, 8), **self.options)
                theta = torch.eye(2, 3)[None]
                grid = affine_grid(theta, [1, 1, 6, 8], align_corners=self.options["align_corners"])
                return x * grid_sample(self.image, grid, padding_mode="border", **self.options)

        found = [reprior.analyze(Grown(one), torch.randn(1, 1, 6, 8), exact=True) for one in (True, False)]
        assert (found[0].counts("image") == found[1].counts("image")).all()
