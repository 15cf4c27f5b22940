"""Item 3: a fill that is not zero, and a function that is not zero at zero, make elements.

``F.pad(x, .., value=1)``, ``cat([x, ones])``, ``masked_fill(m, 1.)``, ``1 - x*mask``,
``exp/cos/sigmoid/softplus`` of padded or ``tril``ed values. Real: EfficientViT-B/L (half of the attention's
denominator path), Mamba-2's segment sums.

Every expected count is that of a product of a parameter with each element, or of a linear layer: as many
contexts as outputs that the element reaches; and is compared with differentiation.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from tests.regressions.holes import check, counts

MASK = torch.tensor([True, False, True])
ALL = [[[1, 1, 1, 1, 1]] * 2]
SOME = [[[1, 1, 1, 0, 0]] * 2]


def batch_norm(x: torch.Tensor) -> torch.Tensor:
    return F.batch_norm(F.pad(x, (0, 2)), torch.full((5,), 0.2).to(x), torch.ones(5).to(x))


# Each makes five elements of three that are fed, the last two of them of zeros or constants; a linear layer
# of two outputs follows.
FIVE = {
    "padding with a number": (lambda x: F.pad(x, (0, 2), value=0.7), ALL),
    "padding with zeros": (lambda x: F.pad(x, (0, 2)), SOME),
    "ones concatenated": (lambda x: torch.cat([x, torch.ones(1, 2)], 1), ALL),
    "zeros concatenated": (lambda x: torch.cat([x, torch.zeros(1, 2)], 1), SOME),
    "exp": (lambda x: F.pad(x, (0, 2)).exp(), ALL),
    "expm1": (lambda x: F.pad(x, (0, 2)).expm1(), SOME),
    "cos": (lambda x: F.pad(x, (0, 2)).cos(), ALL),
    "sin": (lambda x: F.pad(x, (0, 2)).sin(), SOME),
    "sigmoid": (lambda x: F.pad(x, (0, 2)).sigmoid(), ALL),
    "softplus": (lambda x: F.softplus(F.pad(x, (0, 2))), ALL),
    "gelu": (lambda x: F.gelu(F.pad(x, (0, 2))), SOME),
    "one minus": (lambda x: 1 - F.pad(x, (0, 2)), ALL),
    "plus epsilon": (lambda x: F.pad(x, (0, 2)) + 1e-6, ALL),
    "clamp": (lambda x: F.pad(x, (0, 2)).clamp(min=0.1), ALL),
    "threshold": (lambda x: F.threshold(F.pad(x, (0, 2)), 0.1, 20), ALL),
    "hardtanh": (lambda x: F.hardtanh(F.pad(x, (0, 2)), 0.1, 2), ALL),
    "second power": (lambda x: F.pad(x, (0, 2)) ** 2, SOME),
    "zeroth power": (lambda x: F.pad(x, (0, 2)) ** 0, ALL),
    "softmax": (lambda x: F.pad(x, (0, 2)).softmax(-1), ALL),
    "written out softmax": (lambda x: (lambda e: e / e.sum(-1, keepdim=True))(F.pad(x, (0, 2)).exp()), ALL),
    "layer norm": (lambda x: F.layer_norm(F.pad(x, (0, 2)), (5,)), ALL),
    "centred": (lambda x: (lambda y: y - y.mean(-1, keepdim=True))(F.pad(x, (0, 2))), ALL),
    "rms norm": (lambda x: F.rms_norm(F.pad(x, (0, 2)), (5,)), SOME),
    "normalize": (lambda x: F.normalize(F.pad(x, (0, 2))), SOME),
    "exp of the logarithm of zero": (lambda x: F.pad(x.abs(), (0, 2)).log().exp(), SOME),
    "batch norm": (batch_norm, ALL),
}


@pytest.mark.parametrize("name", FIVE)
def test_item_03_what_zeros_become(name: str) -> None:
    function, expected = FIVE[name]
    check(lambda x, w: F.linear(function(x).to(w), w), (1, 3), (2, 5), expected=expected)


THREE = {
    "masked_fill with one": (lambda x: x.masked_fill(MASK, 1.0), [[1, 1, 1]]),
    "masked_fill with zero": (lambda x: x.masked_fill(MASK, 0.0), [[0, 1, 0]]),
    "one minus a masked value": (lambda x: 1 - x * MASK, [[1, 1, 1]]),
    "a masked value": (lambda x: x * MASK, [[1, 0, 1]]),
    "where else one": (lambda x: torch.where(MASK, x, 0.5), [[1, 1, 1]]),
    "where else zero": (lambda x: torch.where(MASK, x, 0.0), [[1, 0, 1]]),
    "sigmoid of tril": (lambda x: x.expand(3, 3).tril()[1].sigmoid(), [[1, 1, 1]]),
    "relu of tril": (lambda x: F.leaky_relu(x.expand(3, 3).tril()[1]), [[1, 1, 0]]),
}


@pytest.mark.parametrize("name", THREE)
def test_item_03_fills(name: str) -> None:
    function, expected = THREE[name]
    check(lambda x, w: function(x) * w, (3,), (3,), expected=expected)


def test_item_03_the_taps_of_a_convolution_meet_padding_that_is_not_zero() -> None:
    """Three positions, three taps: with zeros the outer taps meet two elements, with ones all three."""
    for value, expected in ((1.0, [3, 3, 3]), (0.0, [2, 3, 2])):
        check(
            lambda x, w, value=value: F.conv1d(F.pad(x, (1, 1), value=value), w),
            (1, 1, 3),
            (1, 1, 3),
            expected=[[[expected]]],
        )


def test_item_03_linear_attention_with_its_denominator_as_a_row_of_ones() -> None:
    """EfficientViT: ``v`` is padded with ones, so that ``v k`` gives numerator and denominator at once.

    Keys and queries of L = 3 positions and width d = 2. A query's element meets d values' sums and the ones',
    and leads to d numerators and to a denominator of d outputs: 2 d contexts. A key's element meets d values
    and the one, then L queries: 2 L d. A value's meets d keys' elements and L queries, and leads to one
    output each.
    """

    def attend(x: torch.Tensor, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        q, k, v = x * q, x * k, F.pad(x * v, (0, 1), value=1.0)
        out = q @ (k.mT @ v)
        return out[..., :-1] / (out[..., -1:] + 1e-6)

    check(attend, (3, 2), *[(3, 2)] * 3, expected=[[[4] * 2] * 3, [[12] * 2] * 3, [[6] * 2] * 3])


def test_item_03_segment_sums() -> None:
    """Mamba-2: ``exp(segsum(a))``, lower triangular with ones on the diagonal.

    ``segsum(a)[i, j]`` is the sum of a[j + 1 .. i]: minus infinity above the diagonal and zero on it, whose
    exponential is one: each of L positions of x meets itself and those after it.
    """
    length = 4

    def scan(x: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        below = torch.ones(length, length, dtype=torch.bool).tril(-1)
        wide = a[:, None].expand(length, length).masked_fill(~below, 0)
        return wide.cumsum(0).masked_fill(below.mT, -torch.inf).exp() @ (b * x)

    # a[k] is in the sums [i, j] with j < k <= i: k (L - k) of them.
    check(scan, (4,), (4,), (4,), expected=[[0, 3, 4, 3], [4, 3, 2, 1]])


def test_item_03_padded_queries_and_keys_make_probabilities() -> None:
    """A key that is zero has a score of zero, whose exponential is an element: its value is read."""

    def sdpa(x: torch.Tensor, w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return F.scaled_dot_product_attention(x, F.pad(x * w, (0, 0, 0, 1)), v)

    def eager(x: torch.Tensor, w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return (x @ F.pad(x * w, (0, 0, 0, 1)).mT / 2**0.5).softmax(-1) @ v

    # 3 queries, of which each output has 2 elements: a key's element has 6 contexts, a value's one a query.
    expected = [[[[6] * 2] * 3], [[[3] * 2] * 4]]
    for attend in (sdpa, eager):
        check(attend, (1, 3, 2), (1, 3, 2), (1, 4, 2), expected=expected)
        for normalization in ("local", "coupled"):
            once = counts(sdpa, (1, 3, 2), (1, 3, 2), (1, 4, 2), normalization=normalization)
            assert once == counts(eager, (1, 3, 2), (1, 3, 2), (1, 4, 2), normalization=normalization)
