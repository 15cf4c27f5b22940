"""Item 4: a mean or maximum that is merely added or subtracted routes.

It was dropped as a normalisation's statistic: ``t - t.mean(1, keepdim=True)`` before a linear layer made rows
of a live parameter dead, and ``x + x.mean(1, keepdim=True)`` had one edge for each element.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from .norms import WIDTH, Function, contexts

TOKENS = 4


def softmax(x: torch.Tensor) -> torch.Tensor:
    return x.exp() / x.exp().sum(-1, keepdim=True)


def parametrization(**functions: Function) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("function", functions.values(), ids=functions.keys())


@parametrization(
    subtracted=lambda x: x - x.mean(1, keepdim=True),
    added=lambda x: x + x.mean(1, keepdim=True),
    maximum=lambda x: x - x.amax(1, keepdim=True),
    scaled=lambda x: x - 0.5 * x.mean(1, keepdim=True),
    expanded=lambda x: x - x.mean(1, keepdim=True).expand(-1, TOKENS, -1),
    from_the_statistic=lambda x: x.mean(1, keepdim=True) - x,
    then_a_function=lambda x: torch.tanh(x - x.mean(1, keepdim=True)),
    then_layer_norm=lambda x: F.layer_norm(x - x.mean(1, keepdim=True), (WIDTH,)),
    beside_layer_norm=lambda x: F.layer_norm(x, (WIDTH,)) + x.mean(1, keepdim=True),
    then_norm_over_other_axes=lambda x: F.normalize(x - x.mean(1, keepdim=True), dim=-1),
    exponential=lambda x: (x - x.amax(1, keepdim=True)).exp(),
    then_softmax_over_other_axes=lambda x: softmax(x - x.mean(1, keepdim=True)),
    then_deviation_over_other_axes=lambda x: (x - x.mean(1).unsqueeze(1)) / x.std(-1).unsqueeze(-1),
)
def test_item_04_means_and_maxima_route(function: Function) -> None:
    """An element meets its own place directly, and every token of its channel by the mean: 1 + T."""
    assert contexts(function)["before.bias"] == [TOKENS * (1 + TOKENS)] * WIDTH


@parametrization(
    product=lambda x: x.mean(1, keepdim=True) * x.amax(1, keepdim=True),
    quotient=lambda x: x.mean(1, keepdim=True) / x.std(1, keepdim=True),
)
def test_item_04_two_statistics_are_both_kept(function: Function) -> None:
    """Neither is a statistic of the other: two ways from each element to the one result of its channel."""
    assert contexts(function)["before.bias"] == [2 * TOKENS] * WIDTH


def test_item_04_centring_stays_for_other_users() -> None:
    """What is rescaled loses its mean; the same difference elsewhere keeps it."""

    def both(x: torch.Tensor) -> torch.Tensor:
        centred = x - x.mean(1, keepdim=True)
        return torch.cat([centred / x.std(1, keepdim=True), centred], 1)

    assert contexts(both)["before.bias"] == [TOKENS + TOKENS * (1 + TOKENS)] * WIDTH


def test_item_04_statistic_of_a_part_routes() -> None:
    """Half of the channels rescale all: those meet one place, the half every channel of its token too."""

    def by_half(x: torch.Tensor) -> torch.Tensor:
        return x / x[..., :3].norm(dim=-1, keepdim=True)

    assert contexts(by_half)["before.bias"] == [TOKENS * (1 + WIDTH)] * 3 + [TOKENS] * 3


def test_item_04_statistic_of_another_value_routes() -> None:
    def by_other(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return x / F.linear(x, weight).norm(dim=-1, keepdim=True)

    assert min(contexts(by_other, (WIDTH, WIDTH))["weights.0"]) > 0


def test_item_04_learnable_gates_route() -> None:
    """Squeeze-and-excite, and a convolution over the channels' means (ECA)."""

    def squeeze(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return x * F.linear(x.mean(1, keepdim=True), weight).sigmoid()

    def convolve(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return x * F.conv1d(x.mean(1, keepdim=True), weight, padding=1).sigmoid()

    # Directly, and by the mean and every channel's gate (or those of the three around it) to all tokens.
    assert contexts(squeeze, (WIDTH, WIDTH))["before.bias"] == [TOKENS * (1 + WIDTH * TOKENS)] * WIDTH
    gates = [min(k + 2, 3, WIDTH - k + 1) for k in range(WIDTH)]
    assert contexts(convolve, (1, 1, 3))["before.bias"] == [TOKENS * (1 + n * TOKENS) for n in gates]


def test_item_04_normalisers_of_linear_attention_route() -> None:
    """``q (k v) / (q sum(k))``: what is summed over q and k together is a statistic of neither."""

    def attend(denominator: Function) -> dict[str, list[int]]:
        def function(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
            query, key, value = F.linear(x, weight).chunk(3, -1)
            return query @ (key.mT @ value) / denominator(query, key.sum(1, keepdim=True))

        return contexts(function, (3 * WIDTH, WIDTH))

    by_product = attend(lambda query, total: query @ total.mT)
    assert attend(lambda query, total: (query * total).sum(-1, keepdim=True)) == by_product
    # Any position of a key meets all outputs of all queries through the denominator as well.
    assert by_product["weights.0"][WIDTH * WIDTH] > 0


def test_item_04_axes_are_followed_through_transpositions() -> None:
    """With as many tokens as channels only the axes tell a centring from a mean that routes."""

    def over_channels(x: torch.Tensor) -> torch.Tensor:
        return F.normalize((x - x.mean(1, keepdim=True)).mT, dim=1).mT

    def over_tokens(x: torch.Tensor) -> torch.Tensor:
        return F.normalize((x - x.mean(1, keepdim=True)).mT, dim=2).mT

    assert contexts(over_channels, tokens=WIDTH)["before.bias"] == [WIDTH * (1 + WIDTH)] * WIDTH
    assert contexts(over_tokens, tokens=WIDTH)["before.bias"] == [WIDTH] * WIDTH
