"""Results on the meta device of operators for which PyTorch takes long.

It works many of them out in Python, by decomposing them, though shape, type and layout of the result follow
from the operands'. Every function here gives None where it does not know the result, which PyTorch is then
asked for: for operands that do not fit, are laid out unusually, or are of types that it promotes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

__all__ = ["SHORTCUTS", "Shortcut"]

Shortcut = Callable[[list[Any]], torch.Tensor | None]

_META = torch.device("meta")


def _blank(shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    return torch.empty(shape, dtype=like.dtype, device=_META)


def _blank_like(x: torch.Tensor) -> torch.Tensor:
    """As ``torch.empty_like``, which is slow on the meta device."""
    if x.is_contiguous():
        return torch.empty(x.shape, dtype=x.dtype, device=_META)
    if _is_dense(x):
        return torch.empty_strided(x.shape, x.stride(), dtype=x.dtype, device=_META)
    return torch.empty_like(x)


def _is_dense(x: torch.Tensor) -> bool:
    """Whether the elements fill their memory, each once, whatever the order of the axes in it."""
    width = 1
    for stride, size in sorted(zip(x.stride(), x.shape, strict=True)):
        if size != 1:
            if stride != width:
                return False
            width *= size
    return True


def _like_first(operands: list[Any]) -> torch.Tensor:
    """The first operand's shape and type."""
    return _blank_like(operands[0])


def _like_floating_first(operands: list[Any]) -> torch.Tensor | None:
    """As `_like_first`, of operators that make integers floating."""
    x = operands[0]
    return _blank_like(x) if x.is_floating_point() else None


def _like_larger_first(operands: list[Any]) -> torch.Tensor | None:
    """The first operand's, if the second is a number or broadcasts to it."""
    x, y = operands[:2]
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        return None
    if isinstance(y, torch.Tensor):
        extra = x.dim() - y.dim()
        if y.dtype != x.dtype or extra < 0:
            return None
        if any([own not in (1, other) for own, other in zip(y.shape, x.shape[extra:], strict=True)]):
            return None
    elif isinstance(y, complex):
        return None
    return _blank_like(x)


def _softmax(operands: list[Any]) -> torch.Tensor | None:
    x, axis, *dtype = operands
    fits = -x.dim() <= axis < x.dim() and dtype in ([], [None], [x.dtype])
    return _like_floating_first(operands) if fits else None


def _linear(operands: list[Any]) -> torch.Tensor | None:
    x, weight = operands[:2]
    if weight.dim() != 2 or x.dtype != weight.dtype or x.shape[-1] != weight.shape[1]:
        return None
    return _blank((*x.shape[:-1], weight.shape[0]), x)


def _matmul(operands: list[Any]) -> torch.Tensor | None:
    """A product of as many matrices on either side."""
    x, y = operands
    if x.dim() < 3 or x.shape[:-2] != y.shape[:-2] or x.shape[-1] != y.shape[-2] or x.dtype != y.dtype:
        return None
    return _blank((*x.shape[:-1], y.shape[-1]), x)


def _attention(operands: list[Any]) -> torch.Tensor | None:
    """The query's shape and memory layout, as on the CPU, where values are as wide."""
    query, key, value = operands[:3]
    same = query.shape[:-2] == key.shape[:-2] == value.shape[:-2] and query.shape[-1] == value.shape[-1]
    return _blank_like(query) if same else None


def _convolution(operands: list[Any]) -> torch.Tensor | None:
    arguments: list[Any] = [*operands, *_CONVOLUTION[len(operands) :]]
    x, weight, _, stride, padding, dilation, groups = arguments
    rank = weight.dim() - 2
    if x.dim() != rank + 2 or x.dtype != weight.dtype or x.shape[1] != weight.shape[1] * groups:
        return None
    if isinstance(padding, str) or not (x.is_contiguous() and weight.is_contiguous()):
        return None
    stride, padding, dilation = [_each(item, rank) for item in (stride, padding, dilation)]
    spatial = [
        (size + 2 * width - step * (kernel - 1) - 1) // jump + 1
        for size, kernel, jump, width, step in zip(
            x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
        )
    ]
    return _blank((x.shape[0], weight.shape[0], *spatial), x) if min(spatial) > 0 else None


_CONVOLUTION: tuple[Any, ...] = (None, None, None, 1, 0, 1, 1)
"""What the arguments of a convolution are by default."""


def _each(item: int | Sequence[int], rank: int) -> Sequence[int]:
    if isinstance(item, int):
        return (item,) * rank
    return item if len(item) == rank else (*item,) * rank


def _reduction(operands: list[Any]) -> torch.Tensor | None:
    """A mean or sum over axes."""
    x, axes, *keepdim = (*operands, None)[: max(2, len(operands))]
    if not axes or not x.is_floating_point() or not x.is_contiguous():
        return None
    rank = x.dim()
    if any([not -rank <= axis < rank for axis in axes]):
        return None
    gone = {axis % rank for axis in axes}
    if keepdim == [True]:
        return _blank([1 if axis in gone else size for axis, size in enumerate(x.shape)], x)
    return _blank([size for axis, size in enumerate(x.shape) if axis not in gone], x)


def _adaptive_pool(operands: list[Any]) -> torch.Tensor | None:
    x, size = operands
    if not x.is_contiguous() or x.dim() != len(size) + 2:
        return None
    return _blank((*x.shape[:2], *size), x)


def _cat(operands: list[Any]) -> torch.Tensor | None:
    parts, axis = (*operands, 0)[:2]
    first = parts[0]
    sizes = [tuple(part.shape) for part in parts]
    if not -first.dim() <= axis < first.dim():
        return None
    if not all([part.is_contiguous() and part.dtype == first.dtype for part in parts]):
        return None
    axis %= first.dim()
    others = {(size[:axis], size[axis + 1 :]) for size in sizes}
    if len(others) != 1 or any([len(size) <= axis for size in sizes]):
        return None
    ((head, tail),) = others
    return _blank((*head, sum([size[axis] for size in sizes]), *tail), first)


SHORTCUTS: dict[str, Shortcut] = {
    "aten.linear": _linear,
    "aten.matmul": _matmul,
    "aten.scaled_dot_product_attention": _attention,
    "aten.cat": _cat,
    "aten.adaptive_avg_pool2d": _adaptive_pool,
    **dict.fromkeys(("aten.conv1d", "aten.conv2d", "aten.conv3d"), _convolution),
    **dict.fromkeys(("aten.mean", "aten.sum"), _reduction),
    **dict.fromkeys(("aten.softmax", "aten.log_softmax"), _softmax),
    **dict.fromkeys(("aten.add", "aten.sub", "aten.mul", "aten.div"), _like_larger_first),
    **dict.fromkeys(
        ("aten.sigmoid", "aten.silu", "aten.tanh", "aten.exp", "aten.rsqrt"), _like_floating_first
    ),
    **dict.fromkeys(
        (
            "aten.batch_norm", "aten.layer_norm", "aten.group_norm", "aten.instance_norm", "aten.rms_norm",
            "aten.gelu", "aten.relu", "aten.hardswish", "aten.hardtanh", "aten.roll", "aten.mish",
            "aten.leaky_relu", "aten.elu", "aten.celu",
            # PyTorch has no meta functions for these.
            "aten.fake_quantize_per_tensor_affine", "aten.fake_quantize_per_channel_affine",
            "aten._fake_quantize_learnable_per_tensor_affine",
            "aten._fake_quantize_learnable_per_channel_affine",
        ),
        _like_first,
    ),
}  # fmt: skip
"""By the operator's name without its overload."""
