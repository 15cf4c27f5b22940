"""Normalisations: statistic, rescaling and affine part as separate nodes (conventions 5 and 6)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch

from ....core.primitives import Reduce
from ..lower import Lower
from ..registry import rule
from ..values import Value

__all__: list[str] = []


@rule("aten.layer_norm")
def layer_norm(
    lower: Lower,
    x: Value,
    shape: Sequence[int],
    weight: Value | None = None,
    bias: Value | None = None,
    *rest: Any,
) -> Value:
    """Layer normalisation over the last axes."""
    rank = len(x.shape)
    return lower.affine(lower.normalise("normalise", x, range(rank - len(shape), rank)), weight, bias, None)


def _scale_and_shift(
    lower: Lower, weight: Value | None, bias: Value | None
) -> tuple[Value | int, Value | int]:
    """The two, or the numbers that stand for them."""
    return (
        1 if weight is None else lower.role(weight, "scale"),
        0 if bias is None else lower.role(bias, "shift"),
    )


@rule("aten.native_layer_norm")
def native_layer_norm(
    lower: Lower, x: Value, shape: Sequence[int], weight: Value | None, bias: Value | None, eps: float
) -> tuple[Value, Value, Value]:
    """As `layer_norm`, with the statistics."""
    rank = len(x.shape)
    statistic = lower.add(Reduce(tuple(range(rank - len(shape), rank)), keepdims=True), x)
    return layer_norm(lower, x, shape, weight, bias), statistic, statistic


@rule("aten.rms_norm")
def rms_norm(
    lower: Lower, x: Value, shape: Sequence[int], weight: Value | None = None, eps: float | None = None
) -> Value:
    """Root-mean-square normalisation over the last axes."""
    rank = len(x.shape)
    normal = lower.normalise("normalise", x, range(rank - len(shape), rank), torch.mul)
    return lower.affine(normal, weight, None, None)


@rule("aten._fused_rms_norm")
def fused_rms_norm(
    lower: Lower, x: Value, shape: Sequence[int], weight: Value | None, eps: float | None
) -> tuple[Value, Value]:
    """As `rms_norm`, with the statistic."""
    rank = len(x.shape)
    statistic = lower.add(Reduce(tuple(range(rank - len(shape), rank)), keepdims=True), x)
    return rms_norm(lower, x, shape, weight), statistic


@rule("aten.batch_norm")
def batch_norm(
    lower: Lower, x: Value, weight: Value | None, bias: Value | None, mean: Value | None, var: Value | None,
    training: bool = False, *rest: Any,
) -> Value:  # fmt: skip
    """Batch normalisation by running statistics; by the batch's own where it has none."""
    rank = len(x.shape)
    if training or mean is None or var is None:
        normal = lower.normalise("normalise", x, [axis for axis in range(rank) if axis != 1])
        return lower.affine(normal, weight, bias, 1)
    scale, shift = _scale_and_shift(lower, weight, bias)
    operands = [lower.along(one, 1, rank) if isinstance(one, Value) else one for one in (scale, shift)]
    statistics = [lower.along(value, 1, rank) for value in (mean, var)]
    return lower.map("batch_norm", x, *operands, *statistics, formula=_batch_norm)


def _batch_norm(x: Any, scale: Any, shift: Any, mean: Any, var: Any) -> Any:
    return (x - mean) / (abs(var) + 1) * scale + shift


@rule("aten._native_batch_norm_legit_no_training", "aten._batch_norm_no_update")
def batch_norm_no_training(
    lower: Lower, x: Value, weight: Value | None, bias: Value | None, mean: Value, var: Value, *rest: Any
) -> tuple[Value | None, ...]:
    """As `batch_norm`, as ATen's core operator."""
    return batch_norm(lower, x, weight, bias, mean, var), None, None


@rule("aten.native_batch_norm")
def native_batch_norm(
    lower: Lower, x: Value, weight: Value | None, bias: Value | None, mean: Value | None, var: Value | None,
    training: bool, *rest: Any,
) -> tuple[Value | None, ...]:  # fmt: skip
    """As `batch_norm`, with the statistics of the batch where it is normalised by these."""
    result = batch_norm(lower, x, weight, bias, mean, var, training)
    return (result, *(_batch_statistics(lower, x) if training else (None, None)))


def _batch_statistics(lower: Lower, x: Value) -> tuple[Value, Value]:
    """Mean and scale of every channel."""
    axes = tuple(axis for axis in range(len(x.shape)) if axis != 1)
    return lower.add(Reduce(axes, kind="linear"), x), lower.add(Reduce(axes), x)


@rule("aten._native_batch_norm_legit.no_stats")
def native_batch_norm_no_stats(
    lower: Lower, x: Value, weight: Value | None, bias: Value | None, training: bool, *rest: Any
) -> tuple[Value | None, ...]:
    """Batch normalisation by the batch's own statistics."""
    return batch_norm(lower, x, weight, bias, None, None), *_batch_statistics(lower, x)


@rule("aten.group_norm")
def group_norm(
    lower: Lower, x: Value, groups: int, weight: Value | None = None, bias: Value | None = None, *rest: Any
) -> Value:
    """Normalisation over groups of channels and all positions."""
    batch, channels, *spatial = x.shape
    width = channels // groups
    grouped = lower.reshape(x, (batch, groups, width, *spatial))
    statistic = lower.add(Reduce(tuple(range(2, len(grouped.shape)))), grouped)
    # The statistic goes to x's shape, not x to the statistic's: x + group_norm(x) reads one x.
    wide = lower.expand(lower.reshape(statistic, (batch, groups, 1)), (batch, groups, width))
    wide = lower.reshape(wide, (batch, channels, *(1,) * len(spatial)))
    return lower.affine(lower.rescale("normalise", x, wide), weight, bias, 1)


@rule("aten.native_group_norm")
def native_group_norm(
    lower: Lower, x: Value, weight: Value | None, bias: Value | None, batch: int, channels: int, places: int,
    groups: int, eps: float,
) -> tuple[Value, Value, Value]:  # fmt: skip
    """As `group_norm`, as ATen's core operator, with mean and scale of every group."""
    grouped = lower.reshape(x, (batch, groups, prod(x.shape) // (batch * groups)))
    mean, scale = lower.add(Reduce((2,), kind="linear"), grouped), lower.add(Reduce((2,)), grouped)
    return group_norm(lower, x, groups, weight, bias), mean, scale


@rule("aten.instance_norm")
def instance_norm(
    lower: Lower, x: Value, weight: Value | None, bias: Value | None, mean: Value | None, var: Value | None,
    use_input_stats: bool, *rest: Any,
) -> Value:  # fmt: skip
    """Normalisation of every channel over its positions."""
    if not use_input_stats and mean is not None and var is not None:
        return batch_norm(lower, x, weight, bias, mean, var)
    return lower.affine(lower.normalise("normalise", x, range(2, len(x.shape))), weight, bias, 1)


@rule("aten.softmax", "aten._softmax", "aten._safe_softmax", "aten.special_softmax")
def softmax(lower: Lower, x: Value, dim: int, *rest: Any, **named: Any) -> Value:
    """Exponentials divided by their sum."""
    return lower.normalise("softmax", x, (dim,), _softmax)


def _softmax(x: Any, statistic: Any) -> Any:
    return torch.exp(x - statistic)


@rule("aten.log_softmax", "aten._log_softmax", "aten.special_log_softmax")
def log_softmax(lower: Lower, x: Value, dim: int, *rest: Any, **named: Any) -> Value:
    """The logarithm of a softmax."""
    return lower.normalise("softmax", x, (dim,), _log_softmax)


def _log_softmax(x: Any, statistic: Any) -> Any:
    return x - statistic - 1  # the logarithm of a sum of exponentials is not zero where all terms are


@rule("aten._weight_norm")
def weight_norm(lower: Lower, v: Value, g: Value, dim: int = 0) -> Value:
    """``g v / |v|``, the norm over all axes but one."""
    rank = len(v.shape)
    axes = [axis for axis in range(rank) if axis != dim % rank] if dim != -1 else range(rank)
    return lower.map("mul", lower.normalise("normalise", v, axes, torch.mul), g, formula=torch.mul)


@rule("aten._weight_norm_interface")
def weight_norm_interface(lower: Lower, v: Value, g: Value, dim: int = 0) -> tuple[Value | None, ...]:
    """As `weight_norm`, with the norms."""
    axes = tuple(axis for axis in range(len(v.shape)) if axis != dim % len(v.shape))
    return weight_norm(lower, v, g, dim), lower.add(Reduce(axes, keepdims=True), v)
