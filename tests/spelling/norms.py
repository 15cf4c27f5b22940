"""Normalisations, and functions that divide by a sum."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

from .group import Group

__all__ = ["NORMS"]

Tensor = torch.Tensor
_ROOT = ("coupled/decay", "a statistic by hand has more nodes than the framework's one")
_TWO_STATISTICS = ("coupled", "mean and variance are two statistics by hand and one node in the framework's")


def _layer_norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean(-1, keepdim=True) + 1e-5) * w + b


def _layer_norm_moments(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    variance, mean = torch.var_mean(x, -1, correction=0, keepdim=True)
    return torch.addcmul(b, (x - mean) * (variance + 1e-5).rsqrt(), w)


def _layer_norm_folded(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    scale = (x.var(-1, correction=0, keepdim=True) + 1e-5).rsqrt() * w
    return x * scale + (b - x.mean(-1, keepdim=True) * scale)


def _group_norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    y = x.reshape(1, 2, -1)
    y = (y - y.mean(-1, keepdim=True)) / (y.var(-1, keepdim=True) + 1e-5).sqrt()
    return y.reshape(x.shape) * w[:, None, None] + b[:, None, None]


def _group_norm_layered(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    y = F.layer_norm(x.reshape(1, 2, 72), (72,)).reshape(x.shape)
    return y * w.reshape(1, -1, 1, 1) + b.reshape(1, -1, 1, 1)


def _instance_norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    mean, var = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, correction=0)
    return (x - mean) * torch.rsqrt(var + 1e-5) * w.reshape(1, 4, 1, 1) + b.reshape(1, 4, 1, 1)


_mean, _var = torch.arange(4.0), torch.arange(4.0) + 1


def _batch_norm_folded(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    scale = w / (_var + 1e-5).sqrt()
    return x * scale[:, None, None] + (b - _mean * scale)[:, None, None]


def _batch_norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    y = (x - _mean[:, None, None]) / torch.sqrt(_var[:, None, None] + 1e-5)
    return y * w[:, None, None] + b[:, None, None]


def _standardised(w: Tensor) -> Tensor:
    mean = w.mean((1, 2, 3), keepdim=True)
    return (w - mean) / (w.var((1, 2, 3), keepdim=True, correction=0) + 1e-6).sqrt()


def _standardised_with_gain(w: Tensor, g: Tensor) -> Tensor:
    variance, mean = torch.var_mean(w, (1, 2, 3), keepdim=True, correction=0)
    scale = torch.rsqrt(variance * 36 + 1e-6) * g.reshape(-1, 1, 1, 1)
    return w * scale - mean * scale


def _cosine(x: Tensor, w: Tensor) -> Tensor:
    return (x @ w.T) / (x.norm(dim=-1, keepdim=True) * w.norm(dim=-1))


def _softmax_shifted(x: Tensor) -> Tensor:
    e = (x - x.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


def _response(norms: Tensor) -> Tensor:
    """What global response normalisation multiplies by."""
    return norms / (norms.mean(-1, keepdim=True) + 1e-6)


NORMS: dict[str, Group] = {
    "layer norm": Group(
        {
            "F.layer_norm": lambda x, w, b: F.layer_norm(x, (6,), w, b),
            "by hand": _layer_norm,
            "moments": _layer_norm_moments,
            "folded": _layer_norm_folded,
            "affine apart": lambda x, w, b: F.layer_norm(x, (6,)) * w + b,
        },
        [(6,), (6,)],
        differs=dict.fromkeys(["by hand", "moments", "folded"], _TWO_STATISTICS),
    ),
    "rms norm": Group(
        {
            "F.rms_norm": lambda x, w: F.rms_norm(x, (6,), w),
            "rsqrt": lambda x, w: w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)),
            "norm": lambda x, w: x / (x.norm(dim=-1, keepdim=True) / 6**0.5) * w,
            "associated": lambda x, w: x * (w * (x.square().mean(-1, keepdim=True) + 1e-6) ** -0.5),
            "F.normalize": lambda x, w: F.normalize(x, dim=-1) * w * 6**0.5,
        },
        [(6,)],
        differs=dict.fromkeys(["rsqrt", "norm", "associated", "F.normalize"], _ROOT),
    ),
    "group norm": Group(
        {
            "F.group_norm": lambda x, w, b: F.group_norm(x, 2, w, b),
            "by hand": _group_norm,
            "layer norm": _group_norm_layered,
        },
        [(4,), (4,)],
        "image",
        differs={"by hand": _TWO_STATISTICS},
    ),
    "instance norm": Group(
        {
            "F.instance_norm": lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
            "by hand": _instance_norm,
            "group norm": lambda x, w, b: F.group_norm(x, 4, w, b),
        },
        [(4,), (4,)],
        "image",
        differs={"by hand": _TWO_STATISTICS},
    ),
    "batch norm": Group(
        {
            "F.batch_norm": lambda x, w, b: F.batch_norm(x, _mean, _var, w, b),
            "by hand": _batch_norm,
            "folded": _batch_norm_folded,
            "addcmul": lambda x, w, b: torch.addcmul(
                b[:, None, None], (x - _mean[:, None, None]) * _var[:, None, None].rsqrt(), w[:, None, None]
            ),
        },
        [(4,), (4,)],
        "image",
        differs={"folded": ("all", "the scale has two consumers: the gain reaches the output twice")},
    ),
    "weight norm": Group(
        {
            "_weight_norm": lambda x, v, g: F.linear(x, torch._weight_norm(v, g, 0)),
            "divided": lambda x, v, g: F.linear(x, g * v / v.norm(dim=1, keepdim=True)),
            "associated": lambda x, v, g: F.linear(x, v * (g / v.norm(2, 1, keepdim=True))),
            "normalize": lambda x, v, g: F.linear(x, F.normalize(v, dim=1) * g),
            "square root": lambda x, v, g: F.linear(x, g * (v / v.square().sum(1, keepdim=True).sqrt())),
        },
        [(4, 6), (4, 1)],
        differs=dict.fromkeys(["associated", "normalize", "square root"], _ROOT),
    ),
    "weight standardisation": Group(
        {
            "by hand": lambda x, w: F.conv2d(x, _standardised(w)),
            "layer norm": lambda x, w: F.conv2d(x, F.layer_norm(w, (4, 3, 3))),
            "batch norm": lambda x, w: F.conv2d(
                x, F.batch_norm(w.reshape(1, 3, -1), None, None, training=True).reshape(w.shape)
            ),
        },
        [(3, 4, 3, 3)],
        "image",
        differs=dict.fromkeys(["layer norm", "batch norm"], _TWO_STATISTICS),
    ),
    "scaled weight standardisation": Group(
        {
            "folded": lambda x, w, g: F.conv2d(x, _standardised_with_gain(w, g)),
            "by hand": lambda x, w, g: F.conv2d(x, _standardised(w) * g.reshape(-1, 1, 1, 1)),
            "batch norm": lambda x, w, g: F.conv2d(
                x, F.batch_norm(w.reshape(1, 3, -1), None, None, weight=g, training=True).reshape(w.shape)
            ),
        },
        [(3, 4, 3, 3), (3,)],
        "image",
        differs={
            "by hand": ("coupled", "the gain is not in the product with the mean"),
            "batch norm": _TWO_STATISTICS,
        },
    ),
    "softmax": Group(
        {
            "fused": lambda x: x.softmax(-1),
            "divided": lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
            "shifted": _softmax_shifted,
            "logarithm": lambda x: torch.exp(x - x.logsumexp(-1, keepdim=True)),
            "log_softmax": lambda x: x.log_softmax(-1).exp(),
        },
        differs={"divided": _ROOT, "shifted": ("coupled", "the maximum is a second statistic")},
    ),
    "log softmax": Group(
        {
            "fused": lambda x: x.log_softmax(-1),
            "logsumexp": lambda x: x - x.logsumexp(-1, keepdim=True),
            "logarithm": lambda x: x.softmax(-1).log(),
            "by hand": lambda x: x - x.exp().sum(-1, keepdim=True).log(),
        },
        differs={"by hand": _ROOT},
    ),
    "unit length": Group(
        {
            "F.normalize": lambda x: F.normalize(x, dim=-1),
            "norm": lambda x: x / x.norm(dim=-1, keepdim=True).clamp_min(1e-6),
            "rsqrt": lambda x: x * torch.rsqrt((x * x).sum(-1, keepdim=True) + 1e-6),
            "vector_norm": lambda x: x / (torch.linalg.vector_norm(x, dim=-1, keepdim=True) + 1e-6),
        },
        differs={"rsqrt": _ROOT},
    ),
    "cosine similarity": Group(
        {
            "divided": _cosine,
            "normalised": lambda x, w: F.normalize(x, dim=-1) @ F.normalize(w, dim=-1).T,
            "linear": lambda x, w: F.linear(F.normalize(x, dim=-1), F.normalize(w, dim=-1)),
            "F.cosine_similarity": lambda x, w: F.cosine_similarity(x[:, :, None], w, dim=-1),
        },
        [(4, 6)],
        differs={
            "normalised": ("coupled", "statistics before the product meet every output, those behind it one"),
            "linear": ("coupled", "statistics before the product meet every output, those behind it one"),
            "F.cosine_similarity": ("decay coupled/unit", "the framework's one node has both statistics"),
        },
    ),
    "centring": Group(
        {
            "mean": lambda x, w: (x - x.mean(1, keepdim=True)) @ w,
            "sum": lambda x, w: (x - x.sum(1, keepdim=True) / 5) @ w,
            "added": lambda x, w: (x + -x.mean(1)[:, None]) @ w,
        },
        [(6, 4)],
        differs=dict.fromkeys(["sum", "added"], ("decay", "the mean has one more node")),
    ),
    "response norm": Group(
        {
            "by hand": lambda x, w: x * w * _response(x.norm(dim=1, keepdim=True)) + x,
            "root": lambda x, w: torch.addcmul(x, w, x * _response(x.square().sum(1, keepdim=True).sqrt())),
            "vector_norm": lambda x, w: (
                x + _response(torch.linalg.vector_norm(x, dim=1, keepdim=True)) * x * w
            ),
        },
        [(6,)],
        differs={"root": _ROOT},
    ),
}  # fmt: skip
