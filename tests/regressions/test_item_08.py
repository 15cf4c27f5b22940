"""Item 8: a pointwise product with padding or a zero mask is no element.

``F.pad(x) * w`` gives w 3 of 5; depthwise convolution as unfold, multiply, sum equals ``F.conv2d``; RWKV's
token shift, Mamba-2's chunks, involution.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

import reprior
from tests.regressions.holes import check, counts

MASK = torch.tensor([1.0, 0.0, 1.0])


def test_item_08_padding_times_a_parameter() -> None:
    """One context for each fed element; with a scalar parameter, three."""
    check(lambda x, w: F.pad(x, (1, 1)) * w, (3,), (5,), expected=[[0, 1, 1, 1, 0]])
    check(lambda x, w: F.pad(x, (1, 1)) * w, (3,), (1,), expected=[[3]])
    check(lambda x, w: w * F.pad(x, (1, 1)).relu(), (3,), (5,), expected=[[0, 1, 1, 1, 0]])


PRODUCTS = {
    "two masks": (lambda x, w: (x * MASK) * (w * MASK.flip(0).roll(1)), [[1, 0, 0]]),
    "a quotient": (lambda x, w: (x * MASK) / (w + 3), [[1, 0, 1]]),
    "a gate": (lambda x, w: (x * MASK) * w.sigmoid(), [[1, 0, 1]]),
    "a gated one": (lambda x, w: (x * MASK).sigmoid() * w, [[1, 1, 1]]),
    "addcmul": (lambda x, w: torch.addcmul(x, x * MASK, w), [[1, 0, 1]]),
    "lerp": (lambda x, w: torch.lerp(x * MASK, x.flip(0) * MASK, w), [[1, 0, 1]]),
    "a product of three": (lambda x, w: x * w * MASK, [[1, 0, 1]]),
    "glu": (lambda x, w: F.glu(torch.cat([x * MASK, w]), 0), [[1, 0, 1]]),
    "times a zero": (lambda x, w: x * w + x * 0 * w.flip(0), [[1, 1, 1]]),
    "a sum beside it": (lambda x, w: x * w * MASK + w, [[1, 1, 1]]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_item_08_products_with_zeros(name: str) -> None:
    function, expected = PRODUCTS[name]
    check(function, (3,), (3,), expected=expected)


def test_item_08_depthwise_convolution_in_three_spellings() -> None:
    """Taps meet 2 x 2, 2 x 3 or 3 x 3 of the nine positions."""

    def conv(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, w.view(2, 1, 3, 3), padding=1, groups=2)

    def unfolded(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return (F.unfold(x, 3, padding=1).view(1, 2, 9, 9) * w.view(2, 9, 1)).sum(2).view(1, 2, 3, 3)

    def shifted(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        x = F.pad(x, (1, 1, 1, 1))
        taps = [
            x[..., i : i + 3, j : j + 3] * w[:, 3 * i + j, None, None] for i in range(3) for j in range(3)
        ]
        return torch.stack(taps).sum(0)

    for function in (conv, unfolded, shifted):
        check(function, (1, 2, 3, 3), (2, 9), expected=[[[4, 6, 4, 6, 9, 6, 4, 6, 4]] * 2])
        assert counts(function, (1, 2, 3, 3), (2, 9), weighting="fan_in:1") == counts(
            conv, (1, 2, 3, 3), (2, 9), weighting="fan_in:1"
        )


def test_item_08_involution_is_a_convolution_with_a_generated_kernel() -> None:
    """The kernel of each position meets the elements under its window, not padding: 2 or 3 taps a position.

    ``kernel[t, i] = sum_c w[t, c] x[c, i]``; ``out[c, i] = sum_t kernel[t, i] x[c, i + t - 1]`` over C = 2
    channels and 3 positions: w[t, c] has a context for every position whose tap t is inside, and channel.
    """

    def involution(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        kernel = F.conv1d(x, w[..., None])[:, None]
        windows = F.pad(x, (1, 1)).unfold(2, 3, 1).permute(0, 1, 3, 2)
        return (kernel * windows).sum(2)

    check(involution, (1, 2, 3), (3, 2), expected=[[[2 * 2] * 2, [3 * 2] * 2, [2 * 2] * 2]])


def test_item_08_token_shift() -> None:
    """RWKV: the token before the first is zero, so that its mix is not met there."""

    def shift(x: torch.Tensor, own: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        return x * own + F.pad(x, (0, 0, 1, -1)) * before

    check(shift, (4, 2), (2,), (2,), expected=[[4, 4], [3, 3]])


def test_item_08_the_builder_multiplies_alike() -> None:
    net = reprior.Network()
    x = net.pad(net.input(3), (1, 1))
    net.output(net.multiply(x, net.parameter(1, 5, name="w"), net.sigmoid(x)))
    assert reprior.analyze(net, exact=True).counts("w").tolist() == [[0, 1, 1, 1, 0]]
