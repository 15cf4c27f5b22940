"""Cases of pooling, interpolation and windows."""

from __future__ import annotations

import torch

from .case import Case, call

__all__ = ["CASES"]

aten = torch.ops.aten
_SIZES = (4, 3, 3)


def _places(rank: int, batch: int = 1) -> tuple[int, ...]:
    return (batch, 1, *_SIZES[:rank])


def _pools(rank: int) -> list[Case]:
    two = [2] * rank
    window = ([3] * rank, two, [1] * rank)
    dilated = ([2] * rank, [1] * rank, [0] * rank, two)
    largest = {"kind": "change", "draws": 25}
    return [
        call(f"aten.max_pool{rank}d.default", [_places(rank)], *window, **largest),
        call(f"aten.max_pool{rank}d.default", [_places(rank)], *dilated, **largest),
        Case(
            f"aten.max_pool{rank}d_with_indices.default",
            lambda x: getattr(aten, f"max_pool{rank}d_with_indices")(x, *window)[0],
            [_places(rank)],
            "change",
            25,
        ),
        call(f"aten.avg_pool{rank}d.default", [_places(rank)], two, two, [0] * rank, True),
        call(f"aten.avg_pool{rank}d.default", [_places(rank)], *window),
        call(f"aten.adaptive_avg_pool{rank}d.default", [_places(rank)], [3, 2, 1][:rank]),
        call(f"aten.adaptive_max_pool{rank}d.default", [_places(rank)], [3, 2, 1][:rank], **largest),
        *(
            [call(f"aten._adaptive_avg_pool{rank}d.default", [_places(rank)], [2, 1, 2][:rank])]
            if rank > 1
            else []
        ),
    ]


def _enlarged(name: str, rank: int, *align: bool) -> list[Case]:
    larger, smaller = [7, 4, 4][:rank], [3, 2, 2][:rank]
    corners = [(False,), (True,)] if align else [()]
    return [
        *(
            call(f"aten.{name}.default", [_places(rank)], size, *corner)
            for size in (larger, smaller)
            for corner in corners
        ),
        *(
            call(f"aten.{name}.default", [_places(rank)], larger, *corner, *[1.75, 1.4, 1.5][:rank])
            for corner in corners
        ),
        *(call(f"aten.{name}.vec", [_places(rank)], larger, *corner, None) for corner in corners),
        *(
            call(f"aten.{name}.vec", [_places(rank)], None, *corner, [1.7, 1.4, 1.5][:rank])
            for corner in corners
        ),
    ]


CASES = [
    *(case for rank in (1, 2, 3) for case in _pools(rank)),
    *(
        case
        for rank in (1, 2, 3)
        for exact in ("nearest", "_nearest_exact")
        for case in _enlarged(f"{'_' if exact[0] == '_' else ''}upsample_{exact.lstrip('_')}{rank}d", rank)
    ),
    *(
        case
        for name, rank in (
            ("upsample_linear1d", 1),
            ("upsample_bilinear2d", 2),
            ("upsample_trilinear3d", 3),
            ("upsample_bicubic2d", 2),
            ("_upsample_bilinear2d_aa", 2),
            ("_upsample_bicubic2d_aa", 2),
        )
        for case in _enlarged(name, rank, True)
    ),
    call("aten.im2col.default", [(1, 2, 4, 5)], [2, 3], [1, 1], [1, 1], [2, 2]),
    call("aten.col2im.default", [(1, 6, 9)], [4, 3], [2, 3], [1, 1], [1, 1], [2, 1]),
    *(
        call(
            f"aten.{name}.default",
            [(1, 2, 3, 2), (1, 2, 2, 2)],
            0,
            0,
            False,
            kind="bound",
            low=-1.0,
            reason="where it reads is computed, so any position of the channel may be read",
        )
        for name in ("grid_sampler", "grid_sampler_2d")
    ),
    call(
        "aten.grid_sampler_3d.default",
        [(1, 1, 2, 3, 2), (1, 1, 2, 1, 3)],
        0,
        0,
        False,
        kind="bound",
        low=-1.0,
        reason="where it reads is computed, so any position of the channel may be read",
    ),
    *(
        Case(
            f"torchvision.{name}.default",
            lambda x, rois, name=name, rest=rest: _boxes(name, x, rois, rest),
            [(2, 2, 3, 3), (2, 5)],
            "bound",
            reason="boxes are computed, so any position may fall into a cell",
        )
        for name, rest in (("roi_align", (2, True)), ("roi_pool", ()))
    ),
    *(
        Case(
            f"aten.fractional_max_pool{rank}d.default",
            lambda x, rank=rank: getattr(aten, f"fractional_max_pool{rank}d")(
                x, [2] * rank, [2] * rank, torch.full((1, 1, rank), 0.4, dtype=x.dtype)
            )[0],
            [(1, 1, *(5, 4, 4)[:rank])],
            "change",
            25,
        )
        for rank in (2, 3)
    ),
]


def _boxes(name: str, x: torch.Tensor, rois: torch.Tensor, rest: tuple[object, ...]) -> torch.Tensor:
    result = getattr(torch.ops.torchvision, name)(x, rois, 1.0, 2, 2, *rest)
    return result[0] if isinstance(result, tuple | list) else result
