"""Each primitive as an expression of PyTorch, of the names of its operands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...core.graph import Node
from ...core.primitives import (
    Attention,
    Concat,
    Contract,
    Expand,
    Keep,
    Map,
    Pad,
    Permute,
    Pool,
    Reduce,
    Resample,
    Reshape,
    Slice,
    Take,
    adaptive_sources,
)
from ...errors import RepriorError
from ...lowering.interpolation import linear_sources

__all__ = ["ACTIVATIONS", "expression", "padded"]

ACTIVATIONS = {
    **{name: f"F.{name}({{}})" for name in (
        "celu", "elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish",
        "relu", "relu6", "selu", "silu", "softplus", "softsign", "tanhshrink",
    )},
    **{name: f"torch.{name}({{}})" for name in (
        "abs", "cos", "cosh", "erf", "exp", "exp2", "log", "log2", "neg", "reciprocal", "rsqrt", "sigmoid",
        "sin", "sqrt", "square", "tanh",
    )},
    "log_sigmoid": "F.logsigmoid({})",
    "swish": "F.silu({})",
}  # fmt: skip
"""Pointwise functions by the names that the builder's `activation` takes."""

Constant = Callable[[np.ndarray], str]
"""Registers a fixed tensor and says how it is called."""


def expression(
    node: Node,
    names: Sequence[str],
    shapes: Sequence[tuple[int, ...]],
    data: Sequence[bool],
    constant: Constant,
    pool: str,
) -> str:
    """One node that is no layer.

    Parameters
    ----------
    names, shapes, data
        Of the operands; `data` says whether each has one element of the batch along its first axis.
    constant : callable
    pool : {"average", "max"}
        How windows are pooled: a graph does not say.

    Raises
    ------
    RepriorError
        If PyTorch has nothing for it.
    """
    op, shape, first = node.op, node.shape, names[0]
    batched = any(data)
    if isinstance(op, Map):
        return _map(op, shape, names, shapes)
    if isinstance(op, Contract):
        equation = f"{','.join(op.operands)}->{op.output}"
        return f'torch.einsum("{equation}", {", ".join(names)})'
    if isinstance(op, Attention):
        return _attention(op, names, constant)
    if isinstance(op, Reduce):
        return f"{first}.mean(dim={op.axes}{', keepdim=True' if op.keepdims else ''})"
    if isinstance(op, Pool):
        return _pool(op, first, pool)
    if isinstance(op, Resample):
        return _resample(op, first)
    if isinstance(op, Reshape):
        if batched and len(shape) == 2 and shapes[0][0] == shape[0] == 1:
            return f"{first}.flatten(1)"
        return f"{first}.reshape({_sizes(shape, batched and shapes[0][0] == 1)})"
    if isinstance(op, Permute):
        return f"{first}.permute({', '.join(map(str, op.order))})"
    if isinstance(op, Expand):
        extra = len(shape) - len(shapes[0])
        sizes = ["-1" if a >= extra and shapes[0][a - extra] == n else str(n) for a, n in enumerate(shape)]
        return f"{first}.expand({', '.join(sizes)})"
    if isinstance(op, Slice):
        return f"{first}[{':, ' * op.axis}{op.start}:{op.stop}]"
    if isinstance(op, Take):
        return _take(op, first, constant)
    if isinstance(op, Pad):
        return padded(first, op.padding)
    if isinstance(op, Concat):
        like = next((name for name, of in zip(names, data, strict=True) if of), None)
        parts = [
            name if of or like is None or op.axis == 0 else _for_batch(name, like, size)
            for name, of, size in zip(names, data, shapes, strict=True)
        ]
        return f"torch.cat([{', '.join(parts)}], dim={op.axis})"
    if isinstance(op, Keep):
        if not op.mask.nonzero().any():
            return f"torch.zeros_like({first})"
        return f"{first} * {constant(op.mask.to_floats().astype(np.float32))}"
    raise RepriorError(f"'{node.scope}': there is no PyTorch code for '{op.label}'")


def padded(name: str, padding: Sequence[tuple[int, int]]) -> str:
    """Zeros around the axes of a value."""
    numbers = [number for pair in reversed(padding) for number in pair]
    while len(numbers) > 2 and numbers[-2:] == [0, 0]:
        numbers = numbers[:-2]
    return f"F.pad({name}, ({', '.join(map(str, numbers))}))"


def _for_batch(name: str, like: str, shape: tuple[int, ...]) -> str:
    return f"{name}.expand({like}.shape[0], {', '.join(['-1'] * (len(shape) - 1))})"


def _sizes(shape: Sequence[int], batched: bool) -> str:
    sizes = list(shape)
    if batched and sizes[0] == 1:
        sizes[0] = -1
    return ", ".join(map(str, sizes))


def _map(op: Map, shape: tuple[int, ...], names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> str:
    laid = []
    for k, (name, size) in enumerate(zip(names, shapes, strict=True)):
        axis = op.alignment(k)
        if axis is None or axis == len(shape) - 1:
            laid.append(name)
        else:
            laid.append(f"{name}.view({', '.join(map(str, (-1, *(1,) * (len(shape) - axis - 1))))})")
        del size
    if op.name in ("add", "bias"):
        return " + ".join(laid)
    if op.name in ("mul", "multiply"):
        return " * ".join(laid)
    if len(laid) == 1 and op.name.lower() in ACTIVATIONS:
        return ACTIVATIONS[op.name.lower()].format(laid[0])
    raise RepriorError(f"there is no PyTorch code for the function '{op.name}' of {len(laid)} operands")


def _attention(op: Attention, names: Sequence[str], constant: Constant) -> str:
    query, key, value, *bias = names
    mask = ""
    if op.mask == "causal":
        if bias:
            raise RepriorError("there is no PyTorch code for attention that is causal and has a bias")
        mask = ", is_causal=True"
    elif op.mask is not None:
        seen = constant(op.mask.to_floats().astype(bool))
        mask = (
            f", attn_mask={seen}" if not bias else f", attn_mask={bias[0]}.masked_fill(~{seen}, -torch.inf)"
        )
    elif bias:
        mask = f", attn_mask={bias[0]}"
    return f"F.scaled_dot_product_attention({query}, {key}, {value}{mask})"


def _pool(op: Pool, name: str, pool: str) -> str:
    rank = len(op.kernel)
    padding = [before for before, _ in op.padding]
    if any(
        before != after or 2 * before > k for (before, after), k in zip(op.padding, op.kernel, strict=True)
    ):
        raise RepriorError(f"there is no PyTorch code for pooling {op.kernel} with padding {op.padding}")
    more = f", ceil_mode={op.ceil}" if op.ceil else ""
    if pool == "max" or set(op.dilation) != {1}:
        more = f", dilation={_short(op.dilation)}{more}" if set(op.dilation) != {1} else more
        window = f"{_short(op.kernel)}, {_short(op.stride)}, {_short(padding)}"
        return f"F.max_pool{rank}d({name}, {window}{more})"
    if any(padding) and rank < 3:
        more += ", count_include_pad=False"
    return f"F.avg_pool{rank}d({name}, {_short(op.kernel)}, {_short(op.stride)}, {_short(padding)}{more})"


def _short(values: Sequence[int]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))


def _resample(op: Resample, name: str) -> str:
    out = tuple(len(sources) for sources in op.sources)
    pairs = list(zip(op.sizes, out, strict=True))
    if op.sources == tuple(adaptive_sources(n, m) for n, m in pairs):
        return f"F.adaptive_avg_pool{len(out)}d({name}, {_short(out)})"
    if len(out) == 2 and op.sources == tuple(linear_sources(n, m) for n, m in pairs):
        return f'F.interpolate({name}, size={out}, mode="bilinear", align_corners=False)'
    raise RepriorError(f"there is no PyTorch code for a resampling of {op.sizes} to {out}")


def _take(op: Take, name: str, constant: Constant) -> str:
    indices = op.indices
    if int(indices.min(initial=0)) < 0:
        raise RepriorError("there is no PyTorch code for taking positions of which some have no element")
    step = int(indices[1] - indices[0]) if len(indices) > 1 else 0
    if step > 0 and indices[0] == 0 and np.array_equal(indices, np.arange(len(indices)) * step):
        return f"{name}[{':, ' * op.axis}:{int(indices[-1]) + 1}:{step}]"
    return f"{name}.index_select({op.axis}, {constant(indices.astype(np.int64))})"
