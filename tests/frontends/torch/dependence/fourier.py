"""Cases of Fourier transforms."""

from __future__ import annotations

import torch

from .case import Case

__all__ = ["CASES"]

aten = torch.ops.aten

CASES = [
    Case(
        "aten._fft_c2c.default",
        lambda x, y: aten._fft_c2c(torch.complex(x, y), [1], 0, True),
        [(2, 3), (2, 3)],
    ),
    Case(
        "aten._fft_c2c.default", lambda x: aten._fft_c2c(torch.complex(x, x), [0, 2], 1, False), [(2, 2, 3)]
    ),
    Case("aten._fft_r2c.default", lambda x: aten._fft_r2c(x, [1], 0, True), [(2, 5)]),
    Case("aten._fft_r2c.default", lambda x: aten._fft_r2c(x, [0, 1], 0, False), [(2, 3)]),
    Case("aten._fft_c2r.default", lambda x: aten._fft_c2r(torch.complex(x, x), [1], 0, 5), [(2, 3)]),
]
