"""Quantisation: rounding is a pointwise function, with a scale that may be learned.

Observers look at statistics and change nothing. Converted layers run as the layers in floating point that
they came from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from ..lower import Lower
from ..registry import module_rule, rule
from ..values import Value

__all__: list[str] = []


@rule("aten.fake_quantize_per_tensor_affine", "aten._fake_quantize_learnable_per_tensor_affine")
def per_tensor(lower: Lower, x: Value, scale: Any, zero_point: Any, *rest: Any) -> Value:
    """Rounded to multiples of a scale, which may be learned."""
    return lower.map("quantise", x, scale, zero_point, formula=_rounded)


@rule("aten.fake_quantize_per_channel_affine", "aten._fake_quantize_learnable_per_channel_affine")
def per_channel(lower: Lower, x: Value, scale: Value, zero_point: Value, axis: int, *rest: Any) -> Value:
    """As `per_tensor`, with a scale for every position of an axis."""
    rank = len(x.shape)
    scales = (lower.along(one, axis, rank) for one in (scale, zero_point))
    return lower.map("quantise", x, *scales, formula=_rounded)


def _rounded(x: Any, scale: Any, zero_point: Any) -> Any:
    """Zero stays zero, whatever the scale."""
    return x * scale


# -- modules ------------------------------------------------------------------------------------------------

_OBSERVERS = "torch.ao.quantization"
_CONVERTED = "torch.ao.nn"


@module_rule(
    f"{_OBSERVERS}.observer.ObserverBase",
    "torch.ao.nn.quantized.modules.Quantize",
    "torch.ao.nn.quantized.modules.DeQuantize",
)
def unchanged(module: Any, x: torch.Tensor) -> torch.Tensor:
    """What is looked at, or held in another type, is the same."""
    return x


@module_rule(f"{_OBSERVERS}.fake_quantize.FakeQuantizeBase")
def fake_quantise(module: Any, x: torch.Tensor) -> torch.Tensor:
    """Rounded by statistics of what was seen: a pointwise function."""
    return torch.fake_quantize_per_tensor_affine(x, 1.0, 0, -128, 127)


@module_rule(f"{_OBSERVERS}._learnable_fake_quantize._LearnableFakeQuantize")
def learnable_fake_quantise(module: Any, x: torch.Tensor) -> torch.Tensor:
    """Rounded by a scale and a zero point that are learned."""
    scales = module._parameters["scale"], module._parameters["zero_point"]
    if module.ch_axis >= 0:
        return torch._fake_quantize_learnable_per_channel_affine(x, *scales, module.ch_axis, -128, 127, 1.0)
    return torch._fake_quantize_learnable_per_tensor_affine(x, *scales, -128, 127, 1.0)


def _activated(module: Any, x: torch.Tensor) -> torch.Tensor:
    """Layers fused with their activation say so in their names."""
    return torch.relu(x) if type(module).__name__.endswith("ReLU") else x


@module_rule(f"{_CONVERTED}.quantized.modules.linear.Linear")
def linear(module: Any, x: torch.Tensor, *rest: Any) -> torch.Tensor:
    """A linear layer."""
    held = module._parameters
    return _activated(module, F.linear(x, held["weight"], held.get("bias")))


@module_rule(f"{_CONVERTED}.quantized.modules.conv._ConvNd")
def convolution(module: Any, x: torch.Tensor, *rest: Any) -> torch.Tensor:
    """A convolution, transposed or not."""
    held = module._parameters
    rank = len(module.kernel_size)
    if module.transposed:
        run = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
        return run(
            x, held["weight"], held.get("bias"), module.stride, module.padding, module.output_padding,
            module.groups, module.dilation,
        )  # fmt: skip
    run = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    padding = module.padding
    if module.padding_mode != "zeros":
        x = F.pad(x, module._reversed_padding_repeated_twice, mode=module.padding_mode)
        padding = 0
    result = run(x, held["weight"], held.get("bias"), module.stride, padding, module.dilation, module.groups)
    return _activated(module, result)


@module_rule(f"{_CONVERTED}.quantized.modules.embedding_ops.Embedding")
def embedding(module: Any, index: torch.Tensor) -> torch.Tensor:
    """Rows of a table."""
    return F.embedding(index, module._parameters["weight"])


@module_rule(f"{_CONVERTED}.quantized.modules.embedding_ops.EmbeddingBag")
def embedding_bag(module: Any, index: torch.Tensor, offsets: Any = None, weights: Any = None) -> torch.Tensor:
    """Sums of bags of rows."""
    return F.embedding_bag(
        index, module._parameters["weight"], offsets, per_sample_weights=weights, mode="sum",
        include_last_offset=module.include_last_offset,
    )  # fmt: skip


@module_rule(
    f"{_CONVERTED}.quantized.modules.activation.*",
    f"{_CONVERTED}.quantized.modules.normalization.*",
    f"{_CONVERTED}.quantized.modules.batchnorm.*",
    f"{_CONVERTED}.intrinsic.quantized.modules.bn_relu.*",
)
def as_in_floating_point(module: Any, *args: Any) -> Any:
    """Whatever the layer of the same name does in floating point."""
    plain: Any = next(base for base in type(module).__mro__ if base.__module__.startswith("torch.nn."))
    return _activated(module, plain.forward(module, *args))


def _with_scale(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def stand_in(module: Any, *args: Any) -> torch.Tensor:
        return function(*args)

    return stand_in


for _name, _function in {
    "add": torch.add,
    "add_scalar": torch.add,
    "add_relu": lambda x, y: torch.relu(x + y),
    "mul": torch.mul,
    "mul_scalar": torch.mul,
    "matmul": torch.matmul,
    "cat": lambda tensors, dim=0: torch.cat(list(tensors), dim),
}.items():
    module_rule(f"{_CONVERTED}.quantized.modules.functional_modules.QFunctional", method=_name)(
        _with_scale(_function)
    )
