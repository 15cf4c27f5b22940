"""Cases of fake quantisation."""

from __future__ import annotations

import torch

from .case import Case

__all__ = ["CASES"]

aten = torch.ops.aten
ZERO = "the zero point is rounded, and moves a result only where it overflows"

CASES = [
    Case(
        "aten.fake_quantize_per_tensor_affine.default",
        lambda x: aten.fake_quantize_per_tensor_affine(x, 0.01, 0, -128, 127),
        [(2, 3)],
        "change",
    ),
    Case(
        "aten.fake_quantize_per_tensor_affine.tensor_qparams",
        lambda x, s: aten.fake_quantize_per_tensor_affine.tensor_qparams(
            x.float(), s.float().reshape(()) / 50, torch.zeros((), dtype=torch.int32), -128, 127
        ),
        [(2, 3), (1,)],
        "change",
        8,
    ),
    Case(
        "aten.fake_quantize_per_channel_affine.default",
        lambda x, s: aten.fake_quantize_per_channel_affine(
            x.float(), s.float() / 50, torch.zeros(3, dtype=torch.int32), 1, -128, 127
        ),
        [(2, 3), (3,)],
        "change",
        8,
    ),
    Case(
        "aten._fake_quantize_learnable_per_tensor_affine.default",
        lambda x, s, z: aten._fake_quantize_learnable_per_tensor_affine(
            x.float(), s.float() / 50, z.float(), -128, 127
        ),
        [(2, 3), (1,), (1,)],
        "bound",
        8,
        reason=ZERO,
    ),
    Case(
        "aten._fake_quantize_learnable_per_channel_affine.default",
        lambda x, s, z: aten._fake_quantize_learnable_per_channel_affine(
            x.float(), s.float() / 50, z.float(), 1, -128, 127
        ),
        [(2, 3), (3,), (3,)],
        "bound",
        8,
        reason=ZERO,
    ),
]
