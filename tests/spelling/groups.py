"""The groups: each function of deep learning in three or more spellings."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from .attention import ATTENTION
from .group import Group
from .norms import NORMS
from .recurrent import RECURRENT

__all__ = ["GROUPS"]

Tensor = torch.Tensor


def _sliced_convolution(x: Tensor, w: Tensor) -> Tensor:
    """One product per tap."""
    x = F.pad(x, (1, 1, 1, 1))
    taps = [(i, j) for i in range(3) for j in range(3)]
    parts = [torch.einsum("bchw,oc->bohw", x[:, :, i : i + 6, j : j + 6], w[:, :, i, j]) for i, j in taps]
    return torch.stack(parts).sum(0)


def _unfolded(x: Tensor, w: Tensor, **options: Any) -> Tensor:
    columns = F.unfold(x, w.shape[2:], **options)
    side = math.isqrt(columns.shape[-1])
    return (w.flatten(1) @ columns).unflatten(-1, (side, side))


def _windows(x: Tensor, size: int, step: int) -> Tensor:
    return x.unfold(2, size, step).unfold(3, size, step)


def _depthwise_taps(x: Tensor, w: Tensor) -> Tensor:
    columns = F.unfold(x, 3, padding=1).unflatten(1, (4, 9))
    return (columns * w.reshape(4, 9, 1)).sum(2).unflatten(-1, (6, 6))


def _grouped_split(x: Tensor, w: Tensor) -> Tensor:
    return torch.cat([F.conv2d(a, b, padding=1) for a, b in zip(x.chunk(2, 1), w.chunk(2), strict=True)], 1)


def _transposed_scatter(x: Tensor, w: Tensor) -> Tensor:
    """Kernel as large as the stride: every element becomes a tile."""
    tiles = torch.einsum("bihw,iokl->bohkwl", x, w)
    return tiles.reshape(1, 3, 12, 12)


def _upsampled_twice(x: Tensor) -> Tensor:
    return x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).reshape(1, 4, 12, 12)


def _patches(x: Tensor, w: Tensor) -> Tensor:
    y = x.reshape(1, 4, 3, 2, 3, 2).permute(0, 2, 4, 1, 3, 5).reshape(1, 9, 16)
    return (y @ w.flatten(1).T).mT.reshape(1, 5, 3, 3)


def _shuffled(x: Tensor) -> Tensor:
    return x.reshape(1, 2, 2, 6, 6).transpose(1, 2).flatten(1, 2)


def _squeeze_excite(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    gate = torch.sigmoid(F.relu(x.mean((2, 3)) @ a.T) @ b.T)
    return x * gate[:, :, None, None]


def _squeeze_excite_convolved(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    y = F.adaptive_avg_pool2d(x, 1)
    y = F.conv2d(F.relu(F.conv2d(y, a[:, :, None, None])), b[:, :, None, None])
    return y.sigmoid() * x


def _squeeze_excite_summed(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    y = F.linear(F.relu(F.linear(x.flatten(2).sum(-1) / 36, a)), b)
    return torch.einsum("bchw,bc->bchw", x, torch.sigmoid(y))


_angle = torch.outer(torch.arange(5.0), torch.tensor([1.0, 0.1, 0.01])) + 0.3


def _rotate_half(x: Tensor) -> Tensor:
    cos, sin = torch.cat([_angle, _angle], -1).cos(), torch.cat([_angle, _angle], -1).sin()
    return x * cos + torch.cat([-x[..., 3:], x[..., :3]], -1) * sin


def _rotate_halves(x: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([a * _angle.cos() - b * _angle.sin(), b * _angle.cos() + a * _angle.sin()], -1)


def _rotate_stacked(x: Tensor) -> Tensor:
    a, b = x.unflatten(-1, (2, 3)).unbind(-2)
    turned = [a * _angle.cos() - b * _angle.sin(), a * _angle.sin() + b * _angle.cos()]
    return torch.stack(turned, -2).flatten(-2)


def _rotate_pairs(x: Tensor) -> Tensor:
    a, b = x[..., ::2], x[..., 1::2]
    cos, sin = _angle.cos(), _angle.sin()
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


def _rotate_complex(x: Tensor) -> Tensor:
    z = torch.view_as_complex(x.unflatten(-1, (3, 2)).contiguous())
    return torch.view_as_real(z * torch.polar(torch.ones_like(_angle), _angle)).flatten(-2)


def _rotate_every_two(x: Tensor) -> Tensor:
    cos, sin = _angle.cos().repeat_interleave(2, -1), _angle.sin().repeat_interleave(2, -1)
    return x * cos + torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2) * sin


_linear = {
    "F.linear": lambda x, w: F.linear(x, w),
    "matmul": lambda x, w: x @ w.T,
    "einsum": lambda x, w: torch.einsum("bti,oi->bto", x, w),
    "conv1d": lambda x, w: F.conv1d(x.mT, w[:, :, None]).mT,
    "products": lambda x, w: (x[:, :, None, :] * w).sum(-1),
    "bmm": lambda x, w: torch.bmm(x, w.T[None]),
    "tensordot": lambda x, w: torch.tensordot(x, w, dims=([2], [1])),
}

PLAIN: dict[str, Group] = {
    "linear": Group(_linear, [(4, 6)]),
    "bias": Group(
        {
            "F.linear": lambda x, w, b: F.linear(x, w, b),
            "addmm": lambda x, w, b: torch.addmm(b, x[0], w.T)[None],
            "added": lambda x, w, b: x @ w.T + b,
            "baddbmm": lambda x, w, b: torch.baddbmm(b[None, None], x, w.T[None]),
            "ones column": lambda x, w, b: F.linear(x, w) + torch.ones(5, 1) * b,
        },
        [(4, 6), (4,)],
        differs={"ones column": ("decay", "a product with a constant is a node of its own")},
    ),
    "linear in parts": Group(
        {
            "concat": lambda x, w: F.linear(torch.cat([x[..., :2], x[..., 2:]], -1), w),
            "sum": lambda x, w: x[..., :2] @ w[:, :2].T + x[..., 2:] @ w[:, 2:].T,
            "stack": lambda x, w: torch.stack([x[..., :2] @ w[:, :2].T, x[..., 2:] @ w[:, 2:].T]).sum(0),
        },
        [(4, 6)],
        differs={
            "sum": ("decay fan_in", "the addition is a node of its own behind two sums"),
            "stack": ("decay fan_in", "the sum of the parts is a node of its own"),
        },
    ),
    "outputs in parts": Group(
        {
            "one": lambda x, w: F.linear(x, w),
            "two": lambda x, w: torch.cat([F.linear(x, w[:1]), F.linear(x, w[1:])], -1),
            "split": lambda x, w: torch.cat(F.linear(x, w).split([3, 1], -1), -1),
        },
        [(4, 6)],
    ),
    "bilinear": Group(
        {
            "F.bilinear": lambda x, w: F.bilinear(x, x, w),
            "einsum": lambda x, w: torch.einsum("bti,oij,btj->bto", x, w, x),
            "products": lambda x, w: (x[:, :, None, :, None] * w * x[:, :, None, None, :]).sum((-1, -2)),
        },
        [(3, 6, 6)],
    ),
    "convolution": Group(
        {
            "F.conv2d": lambda x, w: F.conv2d(x, w, padding=1),
            "padded": lambda x, w: F.conv2d(F.pad(x, (1, 1, 1, 1)), w),
            "unfold": lambda x, w: _unfolded(x, w, padding=1),
            "windows": lambda x, w: torch.einsum(
                "bchwkl,ockl->bohw", _windows(F.pad(x, (1, 1, 1, 1)), 3, 1), w
            ),
            "same": lambda x, w: F.conv2d(x, w, padding="same"),
            "conv3d": lambda x, w: F.conv3d(x[:, :, None], w[:, :, None], padding=(0, 1, 1))[:, :, 0],
        },
        [(3, 4, 3, 3)],
        "image",
    ),
    "convolution by taps": Group(
        {
            "F.conv2d": lambda x, w: F.conv2d(x, w, padding=1),
            "taps": _sliced_convolution,
            "transposed": lambda x, w: F.conv_transpose2d(x, w.flip(2, 3).transpose(0, 1), padding=1),
        },
        [(3, 4, 3, 3)],
        "image",
        differs={
            "taps": ("decay", "each tap has a sum of its own before they are added"),
        },
    ),
    "conv1x1": Group(
        {
            "F.conv2d": lambda x, w: F.conv2d(x, w[:, :, None, None]),
            "linear": lambda x, w: F.linear(x.permute(0, 2, 3, 1), w).permute(0, 3, 1, 2),
            "matmul": lambda x, w: (w @ x.flatten(2)).unflatten(-1, (6, 6)),
            "einsum": lambda x, w: torch.einsum("bchw,oc->bohw", x, w),
        },
        [(3, 4)],
        "image",
    ),
    "strided convolution": Group(
        {
            "F.conv2d": lambda x, w: F.conv2d(x, w, stride=2),
            "then sliced": lambda x, w: F.conv2d(x, w)[:, :, ::2, ::2],
            "unfold": lambda x, w: _unfolded(x, w, stride=2),
            "windows": lambda x, w: torch.einsum("bchwkl,ockl->bohw", _windows(x, 3, 2), w),
        },
        [(3, 4, 3, 3)],
        "image",
    ),
    "dilated convolution": Group(
        {
            "F.conv2d": lambda x, w: F.conv2d(x, w, dilation=2, padding=2),
            "unfold": lambda x, w: _unfolded(x, w, dilation=2, padding=2),
            "spread kernel": lambda x, w: F.conv2d(x, _spread(w), padding=2),
        },
        [(3, 4, 3, 3)],
        "image",
        differs={"spread kernel": ("fan_in", "zeros between the taps stay in the nominal fan-in")},
    ),
    "grouped convolution": Group(
        {
            "groups": lambda x, w: F.conv2d(x, w, padding=1, groups=2),
            "split": _grouped_split,
            "unfold": lambda x, w: torch.einsum(
                "bgkl,gok->bgol",
                F.unfold(x, 3, padding=1).reshape(1, 2, 18, 36),
                w.reshape(2, 3, 18),
            ).reshape(1, 6, 6, 6),
        },
        [(6, 2, 3, 3)],
        "image",
    ),
    "depthwise convolution": Group(
        {
            "groups": lambda x, w: F.conv2d(x, w, padding=1, groups=4),
            "unfold": _depthwise_taps,
            "windows": lambda x, w: torch.einsum(
                "bchwkl,ckl->bchw", _windows(F.pad(x, (1, 1, 1, 1)), 3, 1), w[:, 0]
            ),
            "by channel": lambda x, w: torch.cat(
                [F.conv2d(x[:, c : c + 1], w[c : c + 1], padding=1) for c in range(4)], 1
            ),
        },
        [(4, 1, 3, 3)],
        "image",
    ),
    "transposed convolution": Group(
        {
            "F.conv_transpose2d": lambda x, w: F.conv_transpose2d(x, w, stride=2),
            "tiles": _transposed_scatter,
            "pixel shuffle": lambda x, w: F.pixel_shuffle(
                F.conv2d(x, w.permute(1, 2, 3, 0).reshape(12, 4, 1, 1)), 2
            ),
            "fold": lambda x, w: F.fold(w.reshape(4, 12).T @ x.flatten(2), (12, 12), 2, stride=2),
        },
        [(4, 3, 2, 2)],
        "image",
        differs={"fold": ("decay fan_in", "tiles are added, one operand a tap: they could overlap")},
    ),
    "patchify": Group(
        {
            "conv": lambda x, w: F.conv2d(x, w, stride=2),
            "reshape": _patches,
            "unfold": lambda x, w: _unfolded(x, w, stride=2),
            "windows": lambda x, w: torch.einsum("bchwkl,ockl->bohw", _windows(x, 2, 2), w),
            "pixel unshuffle": lambda x, w: F.conv2d(F.pixel_unshuffle(x, 2), w.flatten(1)[:, :, None, None]),
        },
        [(5, 4, 2, 2)],
        "image",
    ),
    "padding": Group(
        {
            "F.pad": lambda x, w: F.conv1d(F.pad(x.mT, (1, 2)), w),
            "cat": lambda x, w: F.conv1d(torch.cat([torch.zeros(1, 6, 1), x.mT, torch.zeros(1, 6, 2)], 2), w),
            "written": lambda x, w: F.conv1d(_written(x), w),
            "new_zeros": lambda x, w: F.conv1d(
                torch.cat([x.new_zeros(1, 6, 1), x.mT, x.new_zeros(1, 6, 2)], 2), w
            ),
            "zero_pad": lambda x, w: F.conv1d(torch.constant_pad_nd(x.mT, (1, 2)), w),
        },
        [(4, 6, 3)],
    ),
    "padding by reflection": Group(
        {
            "F.pad": lambda x: F.pad(x.mT, (2, 1), mode="reflect"),
            "index": lambda x: x.mT[..., [2, 1, 0, 1, 2, 3, 4, 3]],
            "cat": lambda x: torch.cat([x.mT[..., 1:3].flip(-1), x.mT, x.mT[..., 3:4]], -1),
        },
    ),
    "global pool": Group(
        {
            "adaptive": lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1),
            "mean": lambda x: x.mean((2, 3)),
            "sum": lambda x: x.flatten(2).sum(-1) / 36,
            "avg_pool": lambda x: F.avg_pool2d(x, 6).flatten(1),
            "einsum": lambda x: torch.einsum("bchw->bc", x) / 36,
            "matmul": lambda x: (x.flatten(2) @ torch.full((36, 1), 1 / 36))[..., 0],
        },
        kind="image",
        differs={
            "sum": ("decay", "a product with a constant is a node that the sum does not absorb"),
            "einsum": ("decay", "two sums, and a product with a constant"),
            "matmul": ("decay", "products with a constant are nodes that the sum does not absorb"),
        },
    ),
    "average pool": Group(
        {
            "F.avg_pool2d": lambda x: F.avg_pool2d(x, 2),
            "adaptive": lambda x: F.adaptive_avg_pool2d(x, 3),
            "reshape": lambda x: x.reshape(1, 4, 3, 2, 3, 2).mean((3, 5)),
            "windows": lambda x: _windows(x, 2, 2).mean((-1, -2)),
            "unfold": lambda x: F.unfold(x, 2, stride=2).unflatten(1, (4, 4)).mean(2).unflatten(-1, (3, 3)),
        },
        kind="image",
    ),
    "max pool": Group(
        {
            "F.max_pool2d": lambda x: F.max_pool2d(x, 3, 1),
            "windows": lambda x: _windows(x, 3, 1).amax((-1, -2)),
            "unfold": lambda x: F.unfold(x, 3).unflatten(1, (4, 9)).max(2).values.unflatten(-1, (4, 4)),
            "with indices": lambda x: F.max_pool2d(x, 3, 1, return_indices=True)[0],
        },
        kind="image",
    ),
    "adaptive pool": Group(
        {
            "adaptive": lambda x: F.adaptive_avg_pool2d(x, (4, 2)),
            "maximum": lambda x: F.adaptive_max_pool2d(x, (4, 2)),
            "by hand": lambda x: torch.stack(
                [
                    torch.stack([x[:, :, a:b, c:d].mean((2, 3)) for c, d in ((0, 3), (3, 6))], -1)
                    for a, b in ((0, 2), (1, 3), (3, 5), (4, 6))
                ],
                -2,
            ),
        },
        kind="image",
    ),
    "pixel shuffle": Group(
        {
            "F.pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
            "reshape": lambda x: x.reshape(1, 1, 2, 2, 6, 6).permute(0, 1, 4, 2, 5, 3).reshape(1, 1, 12, 12),
            "fold": lambda x: F.fold(x.flatten(2), (12, 12), 2, stride=2),
            "written": lambda x: _interleaved(x),
        },
        kind="image",
        differs={"fold": ("decay fan_in", "tiles are added, one operand a tap: they could overlap")},
    ),
    "channel shuffle": Group(
        {
            "F.channel_shuffle": lambda x: F.channel_shuffle(x, 2),
            "reshape": _shuffled,
            "index": lambda x: x[:, [0, 2, 1, 3]],
            "index_select": lambda x: x.index_select(1, torch.tensor([0, 2, 1, 3])),
            "stack": lambda x: torch.stack([x[:, :2], x[:, 2:]], 2).flatten(1, 2),
        },
        kind="image",
    ),
    "upsampling": Group(
        {
            "nearest": lambda x: F.interpolate(x, scale_factor=2),
            "expand": _upsampled_twice,
            "repeat_interleave": lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3),
            "index": lambda x: x[:, :, torch.arange(12)[:, None] // 2, torch.arange(12) // 2],
            "kron": lambda x: torch.kron(x, torch.ones(1, 1, 2, 2)),
        },
        kind="image",
        differs={"kron": ("decay", "a product with ones is a node")},
    ),
    "squeeze and excite": Group(
        {
            "linear": _squeeze_excite,
            "convolution": _squeeze_excite_convolved,
            "einsum": _squeeze_excite_summed,
        },
        [(2, 4), (4, 2)],
        "image",
        differs={"einsum": ("decay", "the mean is a sum and a product with a constant")},
    ),
    "embedding": Group(
        {
            "F.embedding": lambda x, w: F.embedding(x, w),
            "indexing": lambda x, w: w[x],
            "one-hot": lambda x, w: F.one_hot(x, 7).to(w.dtype) @ w,
            "index_select": lambda x, w: w.index_select(0, x.flatten()).unflatten(0, x.shape),
            "gather": lambda x, w: w.gather(0, x.flatten()[:, None].expand(-1, 4))[None],
            "take_along_dim": lambda x, w: torch.take_along_dim(w, x.flatten()[:, None], 0)[None],
        },
        [(7, 4)],
        "words",
    ),
    "position table": Group(
        {
            "added": lambda x, w: x + w,
            "sliced": lambda x, w: x + w[: x.shape[1]],
            "embedding": lambda x, w: x + F.embedding(torch.arange(5), w),
            "expanded": lambda x, w: x + w[None].expand(1, -1, -1),
            "index": lambda x, w: x + w[torch.arange(x.shape[1], device=x.device)],
        },
        [(5, 6)],
    ),
    "residual": Group(
        {
            "plus": lambda x, w: x + x @ w,
            "add": lambda x, w: torch.add(x @ w, x),
            "in place": lambda x, w: (x @ w).add_(x),
            "stack": lambda x, w: torch.stack([x, x @ w]).sum(0),
            "addmm": lambda x, w: torch.addmm(x[0], x[0], w)[None],
        },
        [(6, 6)],
    ),
    "scaled residual": Group(
        {
            "product": lambda x, w, g: x + g * (x @ w),
            "addcmul": lambda x, w, g: torch.addcmul(x, x @ w, g),
            "lerp": lambda x, w, g: (x @ w) * g + x,
        },
        [(6, 6), (6,)],
    ),
    "rotation of halves": Group(
        {"halves": _rotate_halves, "stacked": _rotate_stacked, "rotate half": _rotate_half},
        differs={"rotate half": ("decay", "the negative is a node of its own before the concatenation")},
    ),
    "rotation of pairs": Group(
        {"pairs": _rotate_pairs, "complex": _rotate_complex, "every two": _rotate_every_two},
        differs={"every two": ("decay", "the negative is a node of its own before the stack")},
    ),
    "gated": Group(
        {
            "F.glu": lambda x, w: F.glu(x @ w, -1),
            "chunk": lambda x, w: (lambda a, b: a * torch.sigmoid(b))(*(x @ w).chunk(2, -1)),
            "two": lambda x, w: (x @ w[:, :4]) * (x @ w[:, 4:]).sigmoid(),
            "split": lambda x, w: (lambda a, b: b.sigmoid().mul_(a))(*(x @ w).split(4, -1)),
        },
        [(6, 8)],
    ),
    "swiglu": Group(
        {
            "two": lambda x, a, b, c: (F.silu(x @ a) * (x @ b)) @ c,
            "one": lambda x, a, b, c: (
                (lambda g, u: F.silu(g) * u)(*(x @ torch.cat([a, b], 1)).chunk(2, -1)) @ c
            ),
            "by hand": lambda x, a, b, c: ((x @ b) * (x @ a) * torch.sigmoid(x @ a)) @ c,
            "einsum": lambda x, a, b, c: torch.einsum("btf,btf,fo->bto", F.silu(x @ a), x @ b, c),
        },
        [(6, 4), (6, 4), (4, 3)],
        differs={
            "by hand": ("all", "the gate is computed twice, from two products with the weight"),
            "einsum": ("decay fan_in", "one product of three factors instead of two of two"),
        },
    ),
    "dropout": Group(
        {
            "none": lambda x, w: x @ w,
            "F.dropout": lambda x, w: F.dropout(x, 0.5, False) @ w,
            "identity": lambda x, w: torch.nn.Identity()(x) @ w,
            "copies": lambda x, w: x.clone().contiguous().to(x.dtype) @ w,
        },
        [(6, 4)],
    ),
}


def _spread(w: Tensor) -> Tensor:
    """The kernel with zeros between its taps."""
    wide = torch.zeros(3, 4, 5, 5)
    wide[:, :, ::2, ::2] = w
    return wide


def _written(x: Tensor) -> Tensor:
    wide = x.new_zeros(1, 6, 8)
    wide[:, :, 1:6] = x.mT
    return wide


def _interleaved(x: Tensor) -> Tensor:
    wide = x.new_zeros(1, 1, 12, 12)
    for channel in range(4):
        wide[:, 0, channel // 2 :: 2, channel % 2 :: 2] = x[:, channel]
    return wide


def _activations() -> dict[str, Group]:
    def named(**spellings: Any) -> Group:
        return Group({name.replace("_", " "): one for name, one in spellings.items()})

    return {
        "gelu": named(
            fused=F.gelu,
            erf=lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
            distributed=lambda x: x / 2 + x * torch.erf(x * math.sqrt(0.5)) / 2,
        ),
        "gelu by tanh": named(
            fused=lambda x: F.gelu(x, approximate="tanh"),
            powers=lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
            factored=lambda x: x * torch.sigmoid(1.5957691 * x * (1 + 0.044715 * x * x)),
        ),
        "silu": named(
            fused=F.silu,
            sigmoid=lambda x: x * torch.sigmoid(x),
            exponential=lambda x: x / (1 + torch.exp(-x)),
            tanh=lambda x: x * (0.5 + 0.5 * torch.tanh(x / 2)),
        ),
        "hard-swish": named(
            fused=F.hardswish,
            relu6=lambda x: x * F.relu6(x + 3) / 6,
            sigmoid=lambda x: x * F.hardsigmoid(x),
            clamp=lambda x: x * (x / 6 + 0.5).clamp(0, 1),
            where=lambda x: torch.where(x > 3, x, torch.where(x < -3, 0.0, x * (x + 3) / 6)),
        ),
        "mish": named(
            fused=F.mish,
            softplus=lambda x: x * torch.tanh(F.softplus(x)),
            logarithm=lambda x: x * torch.tanh(torch.log1p(torch.exp(x))),
        ),
        "softplus": named(
            fused=F.softplus,
            logarithm=lambda x: torch.log(1 + x.exp()),
            stable=lambda x: x.clamp(min=0) + torch.log1p(torch.exp(-x.abs())),
            logaddexp=lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        ),
        "relu": named(
            fused=F.relu,
            clamp=lambda x: x.clamp(min=0),
            maximum=lambda x: torch.maximum(x, torch.zeros(())),
            where=lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
            product=lambda x: x * (x > 0),
            half=lambda x: (x + x.abs()) / 2,
        ),
        "leaky relu": named(
            fused=lambda x: F.leaky_relu(x, 0.1),
            maximum=lambda x: torch.maximum(x, 0.1 * x),
            parts=lambda x: F.relu(x) - 0.1 * F.relu(-x),
        ),
        "square": named(
            power=lambda x: x**2,
            product=lambda x: x * x,
            square=torch.square,
            twice=lambda x: (2 * x) * (x / 2),
        ),
    }


GROUPS: dict[str, Group] = PLAIN | _activations() | NORMS | ATTENTION | RECURRENT
"""Every group by its name."""
