"""Item 9: a normalisation is recognised however its factors are associated.

``x * (g / |x|)``, ``w * (g / |w|)`` against ``_weight_norm``, weight standardisation as ``w * a - mean * a``,
and cosine similarity with the division after the product kept the edges of their statistics.
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from .norms import WIDTH, Function, contexts

WIDE = (WIDTH,)
SEEN = torch.ones(4, WIDTH).tril().bool()


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean(-1, keepdim=True), x.var(-1, keepdim=True)


def folded(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
    """As a batch norm is folded into a scale and a shift."""
    mean, var = _moments(x)
    scale = torch.rsqrt(var + 1e-5) * g
    return x * scale + (b - mean * scale)


def folded_by_addcmul(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
    mean, var = _moments(x)
    scale = g / (var.sqrt() + 1e-5)
    return torch.addcmul(b - mean * scale, x, scale)


def scaled_then_shifted(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    scale = torch.rsqrt((x * x).mean(-1, keepdim=True) - mean * mean + 1e-5)
    return (x * scale - mean * scale) * g + b


def gain_before_division(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    return ((x - mean) * g) / torch.sqrt(((x - mean) ** 2).mean(-1, keepdim=True) + 1e-5) + b


def transposed(x: Tensor, g: Tensor, b: Tensor) -> Tensor:
    y = x.mT
    y = (y - y.mean(1, keepdim=True)) / y.std(1, keepdim=True)
    return (y * g[:, None] + b[:, None]).mT


def with_temperature(x: Tensor, t: Tensor) -> Tensor:
    e = ((x - x.amax(-1, keepdim=True)) * t).exp()
    return e / e.sum(-1, keepdim=True)


def log_softmax_by_hand(x: Tensor) -> Tensor:
    top = x.max(-1, keepdim=True).values
    return x - top - torch.log(torch.sum(torch.exp(x - top), -1, keepdim=True))


def response(x: Tensor) -> Tensor:
    """The factor of a global response normalisation."""
    energy = x.norm(dim=1, keepdim=True)
    return energy / (energy.mean(-1, keepdim=True) + 1e-6)


def weight_moments(w: Tensor) -> tuple[Tensor, Tensor]:
    return w.mean((1, 2), keepdim=True), w.var((1, 2), keepdim=True)


def standardised(w: Tensor, g: Tensor) -> Tensor:
    mean, var = weight_moments(w)
    return (w - mean) / torch.sqrt(var + 1e-4) * g


def standardised_by_nfnet(w: Tensor, g: Tensor) -> Tensor:
    mean, var = weight_moments(w)
    scale = torch.rsqrt(torch.clamp(var * w[0].numel(), min=1e-4)) * g
    return w * scale - mean * scale


def standardised_by_maximum(w: Tensor, g: Tensor) -> Tensor:
    mean, var = weight_moments(w)
    scale = torch.rsqrt(torch.maximum(var * w[0].numel(), torch.tensor(1e-4))) * g
    shift = mean * scale
    return w * scale - shift


def standardised_flat(w: Tensor, g: Tensor) -> Tensor:
    var, mean = torch.var_mean(w.flatten(1), 1)
    scale = (g.flatten() * (var + 1e-5).rsqrt()).view(-1, 1, 1)
    return w * scale - mean.view(-1, 1, 1) * scale


def standardised_by_batch_norm(w: Tensor, g: Tensor) -> Tensor:
    return F.batch_norm(w.reshape(1, WIDTH, -1), None, None, g.flatten(), training=True).reshape_as(w)


def length(x: Tensor) -> Tensor:
    return x.norm(dim=-1, keepdim=True)


def masked_by_hand(x: Tensor) -> Tensor:
    masked = x.masked_fill(~SEEN, float("-inf"))
    top = masked.amax(-1, keepdim=True)
    return (masked - top).exp() / (masked - top).exp().sum(-1, keepdim=True)


def layer_norm_by_hand(x: Tensor) -> Tensor:
    return (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5)


def softmax_by_hand(x: Tensor) -> Tensor:
    shifted = x - x.amax(-1, keepdim=True)
    return shifted.exp() / shifted.exp().sum(-1, keepdim=True)


def gated_by_hand(x: Tensor, w: Tensor) -> Tensor:
    value, gate = F.linear(x, w).chunk(2, -1)
    return value * gate.sigmoid() / (value * gate.sigmoid()).norm(dim=-1, keepdim=True)


def attention_by_sums(x: Tensor, w: Tensor) -> Tensor:
    scores = (x @ w).exp()
    return (scores.mT @ x) / scores.sum(1)[..., None]


def pooled(x: Tensor, w: Tensor) -> Tensor:
    gate = (x @ w).sigmoid()
    return (gate / gate.sum(1, keepdim=True) * x).sum(1)


def pooled_by_sums(x: Tensor, w: Tensor) -> Tensor:
    gate = (x @ w).sigmoid()
    return (gate * x).sum(1) / gate.sum(1)


GROUPS: dict[str, tuple[list[Function], tuple[tuple[int, ...], ...]]] = {
    "unit length": (
        [
            lambda x: F.normalize(x, dim=-1),
            lambda x: x / length(x),
            lambda x: x * (1 / length(x)),
            lambda x: x / length(x).clamp_min(1e-6),
            lambda x: x / torch.maximum(length(x), torch.tensor(1e-6)),
            lambda x: x * x.square().sum(-1, keepdim=True).add(1e-6).rsqrt(),
            lambda x: x / torch.sqrt(torch.einsum("btc,btc->bt", x, x))[..., None],
            lambda x: torch.einsum("btc,bt->btc", x, 1 / x.norm(dim=-1)),
            lambda x: (x.square() / x.square().sum(-1, keepdim=True)).sqrt(),
            lambda x: x / x.norm(dim=-1)[..., None].expand_as(x),
            lambda x: x / torch.linalg.vector_norm(x, dim=-1, keepdim=True),
        ],
        (),
    ),
    "rms norm": (
        [
            lambda x, g: F.rms_norm(x, WIDE, g),
            lambda x, g: g * (x * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-6)).type_as(x),
            lambda x, g: x * (g / length(x)),
            lambda x, g: (x * g) / length(x),
            lambda x, g: x * (g * (x.pow(2).mean(-1, keepdim=True) + 1e-6) ** -0.5),
            lambda x, g: x * torch.sqrt(g.square() / x.square().sum(-1, keepdim=True)),
            lambda x, g: torch.einsum("btc,c,bt->btc", x, g, 1 / x.norm(dim=-1)),
        ],
        (WIDE,),
    ),
    "layer norm": (
        [
            lambda x, g, b: F.layer_norm(x, WIDE, g, b),
            lambda x, g, b: F.layer_norm(x - x.mean(-1, keepdim=True), WIDE, g, b),
            lambda x, g, b: F.rms_norm(x - x.mean(-1, keepdim=True), WIDE, g) + b,
            folded, folded_by_addcmul, scaled_then_shifted, gain_before_division, transposed,
        ],
        (WIDE, WIDE),
    ),
    "softmax": (
        [
            lambda x: x.softmax(-1),
            lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
            lambda x: (x - x.amax(-1, keepdim=True)).softmax(-1),
            lambda x: (x - x.logsumexp(-1, keepdim=True)).exp(),
            lambda x: x.exp() * torch.exp(-x.logsumexp(-1, keepdim=True)),
        ],
        (),
    ),
    "log softmax": (
        [
            lambda x: x.log_softmax(-1),
            lambda x: x - x.logsumexp(-1, keepdim=True),
            lambda x: x - x.exp().sum(-1, keepdim=True).log(),
            lambda x: torch.log(x.exp() / x.exp().sum(-1, keepdim=True)),
            log_softmax_by_hand,
        ],
        (),
    ),
    "softmax with temperature": (
        [
            lambda x, t: (x * t).softmax(-1),
            lambda x, t: ((x - x.amax(-1, keepdim=True)) * t).softmax(-1),
            with_temperature,
        ],
        ((1,),),
    ),
    "weight norm": (
        [
            lambda x, w, g: F.linear(x, torch._weight_norm(w, g, 0)),
            lambda x, w, g: F.linear(x, w * (g / length(w))),
            lambda x, w, g: F.linear(x, g * w / length(w)),
            lambda x, w, g: F.linear(x, g * (w / length(w))),
            lambda x, w, g: F.linear(x, F.normalize(w, dim=1) * g),
        ],
        ((WIDTH, WIDTH), (WIDTH, 1)),
    ),
    "weight standardisation": (
        [
            (lambda f: lambda x, w, g: F.conv1d(x.mT, f(w, g), padding=1).mT)(make)
            for make in (
                standardised, standardised_by_nfnet, standardised_by_maximum, standardised_flat,
                standardised_by_batch_norm,
            )
        ],
        ((WIDTH, WIDTH, 3), (WIDTH, 1, 1)),
    ),
    "cosine": (
        [
            lambda x, w: F.normalize(x, dim=-1) @ F.normalize(w, dim=-1).T,
            lambda x, w: F.cosine_similarity(x[:, :, None], w, dim=-1),
            lambda x, w: (x @ w.T) / (length(x) * length(w).T),
            lambda x, w: (x @ w.T) / (length(x) @ length(w).T),
            lambda x, w: (x @ w.T) / (length(x) * length(w).T).clamp_min(1e-8),
            lambda x, w: x @ w.T / length(x) / length(w).T,
            lambda x, w: (x / length(x)) @ w.T / length(w).T,
            lambda x, w: (x[:, :, None] * w).sum(-1) / (length(x) * length(w).T),
            lambda x, w: torch.einsum("btc,oc,bt,o->bto", x, w, 1 / x.norm(dim=-1), 1 / w.norm(dim=-1)),
        ],
        ((7, WIDTH),),
    ),
    "global response": (
        [
            lambda x, g, b: g * (x * response(x)) + b + x,
            lambda x, g, b: x + torch.addcmul(b, g, x * response(x)),
            lambda x, g, b: (x * g) * response(x) + (b + x),
            lambda x, g, b: x * (g * response(x)) + b + x,
        ],
        (WIDE, WIDE),
    ),
    "group norm": (
        [
            lambda x, g, b: F.group_norm(x.mT, 2, g, b).mT,
            lambda x, g, b: F.layer_norm(x.mT.reshape(1, 2, -1), (12,)).reshape(1, WIDTH, -1).mT * g + b,
        ],
        (WIDE, WIDE),
    ),
    "attention weights": (
        [
            lambda x, w: (x @ w).softmax(1).mT @ x,
            attention_by_sums,
        ],
        ((WIDTH, 3),),
    ),
    "weights of a pool": (
        [
            pooled,
            pooled_by_sums,
        ],
        ((WIDTH, 1),),
    ),
    "masked softmax": (
        [
            lambda x: x.masked_fill(~SEEN, float("-inf")).softmax(-1),
            lambda x: x.exp() * SEEN / (x.exp() * SEEN).sum(-1, keepdim=True),
            masked_by_hand,
        ],
        (),
    ),
    "gated": (
        [
            lambda x, w: F.normalize(F.glu(F.linear(x, w)), dim=-1),
            gated_by_hand,
        ],
        ((2 * WIDTH, WIDTH),),
    ),
    "spectral norm": (
        [
            lambda x, w: F.linear(x, w / torch.linalg.matrix_norm(w)),
            lambda x, w: F.linear(x, w / (torch.ones(WIDTH) @ (w @ torch.ones(WIDTH)))),
            lambda x, w: F.linear(x, w) / w.norm(),
        ],
        ((WIDTH, WIDTH),),
    ),
    "scale of a quantised value": (
        [
            lambda x: x * (127 / x.abs().amax(-1, keepdim=True)),
            lambda x: (x - x.amin(-1, True)) / (x.amax(-1, True) - x.amin(-1, True)),
        ],
        (),
    ),
    "layer norm of a sum": (
        [lambda x: F.layer_norm(x.sum(1), (WIDTH,)), lambda x: layer_norm_by_hand(x.sum(1))],
        (),
    ),
    "softmax of a mean": (
        [lambda x: x.mean(1).softmax(-1), lambda x: softmax_by_hand(x.mean(1))],
        (),
    ),
    "log-softmax of a sum": (
        [lambda x: F.log_softmax(x.sum(1), -1), lambda x: log_softmax_by_hand(x.sum(1))],
        (),
    ),
    "softmax less the largest of all": (
        [
            lambda x: x.softmax(-1),
            lambda x: (x - x.max()).exp() / (x - x.max()).exp().sum(-1, keepdim=True),
        ],
        (),
    ),
    "instance norm": (
        [
            lambda x: F.instance_norm(x.mT).mT,
            lambda x: (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True),
            lambda x: F.batch_norm(x.mT, None, None, training=True).mT,
        ],
        (),
    ),
}  # fmt: skip
CASES = [
    pytest.param(group[0], other, shapes, id=f"{name} {place}")
    for name, (group, shapes) in GROUPS.items()
    for place, other in enumerate(group[1:], 1)
]


@pytest.mark.parametrize(("one", "other", "shapes"), CASES)
def test_item_09_reassociated_norms(one: Function, other: Function, shapes: tuple[tuple[int, ...]]) -> None:
    assert contexts(other, *shapes) == contexts(one, *shapes)


@pytest.mark.parametrize("name", GROUPS)
def test_item_09_statistics_are_gone(name: str) -> None:
    """Coupled counts are larger: each group does have statistics, which local counting leaves out."""
    for function in GROUPS[name][0]:
        local, coupled = (
            contexts(function, *GROUPS[name][1], normalization=mode) for mode in ("local", "coupled")
        )
        assert sum(coupled["before.bias"]) >= sum(local["before.bias"])
        assert coupled != local


def windows(x: Tensor) -> Tensor:
    return F.pad(x, (0, 0, 1, 0)).unfold(1, 2, 1).mT


def local_attention_by_sums(x: Tensor) -> Tensor:
    scores = (x[:, :, None] * windows(x)).sum(-1).softmax(-1)
    return (scores[..., None] * windows(x)).sum(2)


def local_attention(x: Tensor) -> Tensor:
    near = windows(x)
    return F.scaled_dot_product_attention(x[:, :, None], near, near)[:, :, 0]


def test_item_09_scores_of_other_elements_route() -> None:
    """Products with elements at other places are scores, no statistic of one value."""
    assert contexts(local_attention_by_sums) == contexts(local_attention)


def test_item_09_diagonal_of_statistics_keeps_its_zeros() -> None:
    """Each element meets its own row directly and, by the norm, once for each of the row's: 1 + WIDTH."""
    counts = contexts(lambda x: torch.diag_embed(1 / x.norm(dim=-1)) @ x)
    assert counts["before.bias"] == [x * (1 + WIDTH) for x in contexts(lambda x: x)["before.bias"]]
