"""Functions with kinks or invariances, each with a slope where the true one has none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

__all__ = ["SMOOTH"]

_SLOPE = 0.1

Smooth = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]


def _loosened(statistic: torch.Tensor) -> torch.Tensor:
    """The same value with half the slope, so that it no longer cancels what it was computed from."""
    return (statistic + statistic.detach()) / 2


def _slope(x: torch.Tensor) -> torch.Tensor:
    """Zero, with a small slope."""
    return _SLOPE * (_finite(x) - _finite(x).detach())


def _finite(x: torch.Tensor) -> torch.Tensor:
    return torch.where(torch.isfinite(x), x, 0)


def _leaking(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Activations that are zero or flat somewhere: what they multiply should meet something there."""
    return _added(lambda x: _SLOPE * _finite(x), func, args, kwargs)


def _sloping(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Functions whose values matter (the argument of a logarithm, an index) and are flat somewhere."""
    return _added(_slope, func, args, kwargs)


def _added(
    more: Callable[[torch.Tensor], torch.Tensor], func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    x = args[0]
    in_place = func.__name__.endswith("_")
    result = func(x.clone() if in_place else x, *args[1:], **kwargs)
    result = result + more(x) if result.shape == x.shape else result
    return x.copy_(result) if in_place else result


def _either(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    """The greater or lesser of two."""
    result: torch.Tensor = func(*args, **kwargs)
    return result + _slope(args[0]) + _slope(args[1])


def _extreme(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    """``amax`` and ``amin``: every element has a share."""
    result: torch.Tensor = func(*args, **kwargs)
    means = torch.mean if not args[1:] and not kwargs else _mean
    return result + means(_slope(args[0]), *args[1:], **kwargs)


def _mean(x: torch.Tensor, dim: Any = (), keepdim: bool = False) -> torch.Tensor:
    return x.mean(dim, keepdim=keepdim)


def _bounded(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    """A sum of products, brought to size 1 where it has grown: what follows would be flat to the last bit."""
    result: torch.Tensor = func(*args, **kwargs)
    size = float(_finite(result.detach()).abs().square().mean().sqrt()) if result.numel() else 0.0
    return result / size if size > 1 else result


def _softmax(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    x, dim, dtype = _softmax_arguments(*args, **kwargs)
    if dim is None:
        return func(*args, **kwargs)
    x = x if dtype is None else x.to(dtype)
    return _softmax_of(x, dim)


def _log_softmax(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    x, dim, dtype = _softmax_arguments(*args, **kwargs)
    if dim is None:
        return func(*args, **kwargs)
    x = x if dtype is None else x.to(dtype)
    return x - _loosened(x.logsumexp(dim, keepdim=True))


def _softmax_arguments(
    input: torch.Tensor, dim: Any = None, dtype: Any = None, **_: Any
) -> tuple[torch.Tensor, Any, Any]:
    return input, dim, dtype


def _softmax_of(x: torch.Tensor, dim: int) -> torch.Tensor:
    value = x.softmax(dim)
    # d log softmax = dx - sum(softmax dx): halving the second term leaves the value as it is.
    change = _finite(x) - _finite(x).detach()
    log = change - (change * value.detach()).sum(dim, keepdim=True) / 2
    return value.detach() * (1 + log)


def _layer_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    def by_hand(
        input: torch.Tensor,
        normalized_shape: Any,
        weight: Any = None,
        bias: Any = None,
        eps: float = 1e-5,
        *_: Any,
    ) -> torch.Tensor:
        axes = tuple(range(-len(tuple(normalized_shape)), 0))
        return _affine(_standardised(input, axes, eps), weight, bias)

    return by_hand(*args, **kwargs)


def _rms_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    def by_hand(
        input: torch.Tensor, normalized_shape: Any, weight: Any = None, eps: float | None = None
    ) -> torch.Tensor:
        axes = tuple(range(-len(tuple(normalized_shape)), 0))
        scale = (input.square().mean(axes, keepdim=True) + (eps or 1e-6)).rsqrt()
        return _affine(input * _loosened(scale), weight, None)

    return by_hand(*args, **kwargs)


def _group_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    def by_hand(
        input: torch.Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, *_: Any
    ) -> torch.Tensor:
        grouped = input.reshape(input.shape[0], num_groups, -1)
        y = _standardised(grouped, (-1,), eps).reshape(input.shape)
        return _affine(y, _per_channel(weight, input), _per_channel(bias, input))

    return by_hand(*args, **kwargs)


def _instance_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    x, weight, bias, _, _, own, _, eps, *_ = args
    if not own:
        return func(*args, **kwargs)
    y = _standardised(x, tuple(range(2, x.dim())), eps)
    return _affine(y, _per_channel(weight, x), _per_channel(bias, x))


def _batch_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    x, weight, bias, _, _, own, _, eps, *_ = args
    if not own:
        return func(*args, **kwargs)
    y = _standardised(x, (0, *range(2, x.dim())), eps)
    return _affine(y, _per_channel(weight, x), _per_channel(bias, x))


def _standardised(x: torch.Tensor, axes: tuple[int, ...], eps: float) -> torch.Tensor:
    mean = _loosened(x.mean(axes, keepdim=True))
    # Where all elements are alike, or there is one, slopes of 1 / sqrt(eps) would pile up layer by layer.
    scale = _loosened((x.var(axes, correction=0, keepdim=True) + eps).rsqrt()).clamp(max=10)
    # Of one element nothing would be left, and its gain would meet zero.
    return (x - mean) * scale + _SLOPE * (x - x.detach() + 1)


def _affine(x: torch.Tensor, weight: Any, bias: Any) -> torch.Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _per_channel(vector: Any, x: torch.Tensor) -> Any:
    return None if vector is None else vector.reshape(1, -1, *[1] * (x.dim() - 2))


def _weight_norm(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    v, g, *rest = args
    dim = rest[0] if rest else kwargs.get("dim", 0)
    axes = tuple(axis for axis in range(v.dim()) if axis != dim % v.dim())
    return v * (g / _loosened(v.square().sum(axes, keepdim=True).sqrt()))


def _attention(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
    def by_hand(
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor:
        if enable_gqa:
            key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
            value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
        scores = query @ key.mT * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
        if is_causal:
            seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
            scores = scores.masked_fill(~seen, -math.inf)
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            scores = scores.masked_fill(~attn_mask, -math.inf)
        elif attn_mask is not None:
            scores = scores + attn_mask
        return torch.nan_to_num(_softmax_of(scores, -1)) @ value

    return by_hand(*args, **kwargs)


# fmt: off
_LEAKING = (
    "relu", "relu6", "hardtanh", "hardswish", "hardsigmoid", "threshold", "rrelu", "hardshrink", "softshrink",
    "gelu", "silu", "elu", "celu", "selu", "mish",
)
_SLOPING = (
    "clamp", "clamp_min", "clamp_max", "clip", "round", "floor", "ceil", "trunc", "frac", "sign", "sigmoid",
    "tanh", "softplus", "logsigmoid",
)
_PRODUCTS = (
    "linear", "bilinear", "einsum", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "matmul", "mm", "bmm", "mv", "addmm", "addbmm", "baddbmm", "addmv", "__matmul__",
    "__rmatmul__",
)
# fmt: on

SMOOTH: dict[str, Smooth] = {
    **dict.fromkeys([*_LEAKING, *(f"{name}_" for name in _LEAKING)], _leaking),
    **dict.fromkeys([*_SLOPING, *(f"{name}_" for name in _SLOPING)], _sloping),
    **dict.fromkeys(_PRODUCTS, _bounded),
    **dict.fromkeys(["maximum", "minimum", "fmax", "fmin"], _either),
    **dict.fromkeys(["amax", "amin"], _extreme),
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "batch_norm": _batch_norm,
    "_weight_norm": _weight_norm,
    "scaled_dot_product_attention": _attention,
}
"""By the name of a function: what is called instead, with the function itself and its arguments."""
