"""The builder: a network described layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Literal

import numpy as np

from ...core.graph import Graph, GraphBuilder
from ...core.primitives import (
    LAWS,
    Attention,
    Concat,
    Contract,
    Convolve,
    Expand,
    Input,
    Keep,
    Law,
    Lookup,
    Map,
    Pad,
    Parameter,
    Permute,
    Pool,
    Primitive,
    Reduce,
    Resample,
    Reshape,
    Role,
    Shape,
    Slice,
    Take,
    adaptive_sources,
)
from ...core.primitives.presence import Presence, all_of, always, any_of
from ...core.runs import Runs
from ...errors import GraphError, ShapeError
from ...lowering.interpolation import linear_sources, nearest_positions
from .feature import Feature
from .geometry import Padding, PerAxis, divide, find_axis, paddings, per_axis
from .presence import AFFINE, SHIFTLESS, of_activation
from .recurrent import GATES, Cell

__all__ = ["Network"]


class Network:
    """A model under construction.

    Features carry a batch axis of 1 in front: images are ``(1, C, H, W)``, sequences ``(1, L, D)``.

    Examples
    --------
    >>> net = Network()
    >>> x = net.input(3, 32, 32)
    >>> x = net.relu(net.batch_norm(net.conv(x, 16, kernel=3, padding=1)))
    >>> x = net.dense(net.global_pool(x), 10)
    >>> net.output(x)
    >>> len(net.graph().outputs)
    1
    """

    def __init__(self) -> None:
        self.builder = GraphBuilder()
        self._scope: list[str] = []
        self._names: Counter[str] = Counter()
        self._parameters: dict[str, int] = {}

    # -- structure ----------------------------------------------------------------------------

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Prefix the names of the layers defined inside, as a submodule would."""
        self._scope.append(name)
        try:
            yield
        finally:
            self._scope.pop()

    def input(self, *shape: int) -> Feature:
        """A tensor that is fed, without its batch axis; its elements count towards N_I."""
        if min(shape, default=1) < 1:
            raise ShapeError(f"an input of shape {shape}: sizes must be positive")
        count = sum(isinstance(node.op, Input) for node in self.builder.nodes)
        return self._add(Input(f"input{count or ''}", (1, *shape)))

    def parameter(self, *shape: int, name: str = "parameter", role: Role = "weight") -> Feature:
        """A learnable tensor; pass it to several layers to tie them."""
        return self._parameter(self._path(name), shape, role)

    def output(self, *features: Feature) -> None:
        """Declare what the model returns."""
        self.builder.output(feature.value for feature in features)

    def graph(self) -> Graph:
        """The finished graph.

        Raises
        ------
        GraphError
            If no output was declared.
        """
        return self.builder.graph()

    # -- products -----------------------------------------------------------------------------

    def conv(
        self,
        x: Feature,
        channels: int,
        kernel: PerAxis,
        *,
        stride: PerAxis = 1,
        padding: Padding = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = False,
        weight: Feature | None = None,
        name: str = "conv",
    ) -> Feature:
        """Convolution over all axes after the channels.

        Parameters
        ----------
        channels : int
            Output channels.
        kernel, stride, dilation : int or one per spatial axis
        padding : int, per axis, (before, after) pairs, "same" or "half"
        groups : int
            ``groups=x.shape[1]`` is a depthwise convolution.
        weight : Feature, optional
            The kernel, shape ``(channels, C / groups, *kernel)``, where it is tied or computed.
        """
        rank = len(x.shape) - 2
        path = self._path(name)
        size = per_axis(kernel, rank)
        strides, dilations = per_axis(stride, rank), per_axis(dilation, rank)
        pads = paddings(padding, x.shape[2:], size, strides, dilations)
        if divide(x.shape[1], groups) is None or divide(channels, groups) is None:
            raise ShapeError(f"'{path}': {groups} groups divide neither {x.shape[1]} nor {channels} channels")
        weight = weight or self._parameter(f"{path}.weight", (channels, x.shape[1] // groups, *size))
        result = self._add(Convolve(strides, pads, dilations, groups), (x, weight), path)
        return self._bias(result, path, rank) if bias else result

    def conv_transpose(
        self,
        x: Feature,
        channels: int,
        kernel: PerAxis,
        *,
        stride: PerAxis = 1,
        padding: Padding = 0,
        output_padding: int = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = False,
        weight: Feature | None = None,
        name: str = "conv_transpose",
    ) -> Feature:
        """Transposed convolution; its kernel has shape ``(C, channels / groups, *kernel)``."""
        rank = len(x.shape) - 2
        path = self._path(name)
        size = per_axis(kernel, rank)
        strides, dilations = per_axis(stride, rank), per_axis(dilation, rank)
        pads = paddings(padding, x.shape[2:], size, strides, dilations)
        weight = weight or self._parameter(f"{path}.weight", (x.shape[1], channels // groups, *size))
        op = Convolve(strides, pads, dilations, groups, True, (output_padding,) * rank)
        result = self._add(op, (x, weight), path)
        return self._bias(result, path, rank) if bias else result

    def dense(
        self,
        x: Feature,
        units: int,
        *,
        bias: bool = True,
        weight: Feature | None = None,
        name: str = "dense",
    ) -> Feature:
        """Linear layer over the last axis; its weight has shape ``(units, inputs)``."""
        path = self._path(name)
        weight = weight or self._parameter(f"{path}.weight", (units, x.shape[-1]))
        batch = _letters(len(x.shape) - 1)
        result = self._add(Contract((f"{batch}i", "oi"), f"{batch}o"), (x, weight), path)
        return self._bias(result, path, 0) if bias else result

    def embedding(
        self,
        tokens: Feature,
        rows: int,
        width: int,
        *,
        weight: Feature | None = None,
        name: str = "embedding",
    ) -> Feature:
        """Rows of a table chosen by fed indices."""
        path = self._path(name)
        weight = weight or self._parameter(f"{path}.weight", (rows, width))
        return self._add(Lookup(), (weight, tokens), path)

    def einsum(self, equation: str, *operands: Feature, name: str = "einsum") -> Feature:
        """Sum of products, ``"bqd,bkd->bqk"``."""
        return self._add(Contract.parse(equation), operands, self._path(name))

    def matmul(self, a: Feature, b: Feature, *, name: str = "matmul") -> Feature:
        """Matrix product over the last two axes; the leading axes must agree."""
        batch = _letters(len(a.shape) - 2)
        return self.einsum(f"{batch}qr,{batch}rs->{batch}qs", a, b, name=name)

    # -- attention ----------------------------------------------------------------------------

    def attention(
        self,
        query: Feature,
        key: Feature,
        value: Feature,
        *,
        causal: bool = False,
        mask: np.ndarray | None = None,
        bias: Feature | None = None,
        name: str = "attention",
    ) -> Feature:
        """Scaled dot-product attention of ``(..., Q, D)``, ``(..., K, D)`` and ``(..., K, E)``.

        Parameters
        ----------
        causal : bool
            Query i sees keys 0 to i.
        mask : ndarray of bool, optional
            True where a query sees a key; broadcasts to ``(..., Q, K)``.
        bias : Feature, optional
            Added to the scores.
        """
        path = self._path(name)
        if causal and mask is not None:
            raise ShapeError(f"'{path}': give either causal=True or a mask, not both")
        seen: Runs | Literal["causal"] | None = "causal" if causal else None
        if mask is not None:
            shape = (*query.shape[:-1], key.shape[-2])
            if np.ndim(mask) > len(shape) or any(
                have not in (1, want) for have, want in zip(np.shape(mask)[::-1], shape[::-1], strict=False)
            ):
                raise ShapeError(f"'{path}': a mask of shape {np.shape(mask)} does not fit scores {shape}")
            seen = Runs.from_dense(np.broadcast_to(mask, shape).astype(np.float64))
        operands = (query, key, value) if bias is None else (query, key, value, bias)
        return self._add(Attention(seen), operands, path)

    def multi_head_attention(
        self,
        x: Feature,
        heads: int,
        *,
        context: Feature | None = None,
        causal: bool = False,
        mask: np.ndarray | None = None,
        bias: bool = True,
        name: str = "attention",
    ) -> Feature:
        """Projections, attention per head and output projection of ``(1, L, D)``.

        `context` is what keys and values are computed from; `x` itself by default.
        """
        width = x.shape[-1]
        if divide(width, heads) is None:
            raise ShapeError(f"'{self._peek(name)}': {heads} heads do not divide a width of {width}")
        source = context or x
        with self.scope(self._leaf(name)):
            query, key, value = (
                self._split_heads(self.dense(part, width, bias=bias, name=label), heads)
                for part, label in ((x, "query"), (source, "key"), (source, "value"))
            )
            mixed = self.attention(query, key, value, causal=causal, mask=mask, name="scores")
            joined = self.reshape(self.permute(mixed, 0, 2, 1, 3), *x.shape)
            return self.dense(joined, width, bias=bias, name="out")

    def _split_heads(self, x: Feature, heads: int) -> Feature:
        batch, length, width = x.shape
        return self.permute(self.reshape(x, batch, length, heads, width // heads), 0, 2, 1, 3)

    # -- pointwise ----------------------------------------------------------------------------

    def activation(self, x: Feature, kind: str) -> Feature:
        """Any pointwise function of one value: it is one edge, whatever the function."""
        law = LAWS.get(kind, "other")
        return self._add(Map(kind, presence=of_activation(kind), law=law), (x,))

    def relu(self, x: Feature) -> Feature:
        """Rectified linear unit."""
        return self.activation(x, "relu")

    def silu(self, x: Feature) -> Feature:
        """Sigmoid-weighted linear unit (swish)."""
        return self.activation(x, "silu")

    def gelu(self, x: Feature) -> Feature:
        """Gaussian error linear unit."""
        return self.activation(x, "gelu")

    def sigmoid(self, x: Feature) -> Feature:
        """Logistic function."""
        return self.activation(x, "sigmoid")

    def tanh(self, x: Feature) -> Feature:
        """Hyperbolic tangent."""
        return self.activation(x, "tanh")

    def add(self, *features: Feature) -> Feature:
        """Pointwise sum, with broadcasting."""
        equal = all(feature.shape == features[0].shape for feature in features)
        if equal or len(features) < 3:
            presence = None if equal else any_of(len(features))
            return self._add(Map("add", presence=presence, law="sum"), features)
        return self.add(self.add(*features[:2]), *features[2:])

    def multiply(self, *features: Feature) -> Feature:
        """Pointwise product, with broadcasting."""
        if len(features) > 2:
            return self.multiply(self.multiply(*features[:2]), *features[2:])
        law: Law = "product" if len({feature.value for feature in features}) > 1 else "power"
        return self._add(Map("multiply", presence=all_of(len(features)), law=law), features)

    def scale(self, x: Feature, *shape: int, name: str = "scale") -> Feature:
        """Multiply by a parameter of a shape that broadcasts (layer scale, prompts, gains)."""
        return self.multiply(x, self.parameter(*shape, name=f"{self._leaf(name)}.scale", role="scale"))

    # -- normalisation ------------------------------------------------------------------------

    def batch_norm(self, x: Feature, *, name: str = "batch_norm") -> Feature:
        """Batch normalisation at inference over axis 1 (convention 5)."""
        path = self._path(name)
        leaves: tuple[tuple[str, Role], ...] = (
            ("weight", "scale"), ("bias", "shift"),
            ("running_mean", "running_statistic"), ("running_var", "running_statistic"),
        )  # fmt: skip
        operands = [self._parameter(f"{path}.{label}", x.shape[1:2], role) for label, role in leaves]
        return self._add(Map("batch_norm", (None, 1, 1, 1, 1)), [x, *operands], path)

    def layer_norm(
        self,
        x: Feature,
        *,
        axes: int = 1,
        bias: bool = True,
        weights: Sequence[Feature] | None = None,
        name: str = "layer_norm",
    ) -> Feature:
        """Layer normalisation over the last `axes` axes (convention 6).

        `weights` are gain and shift (the gain alone without `bias`), where they are tied.
        """
        path = self._path(name)
        first = len(x.shape) - axes
        normal = self._normalise(x, tuple(range(first, len(x.shape))), path, any_of(2))
        if weights is not None:
            return self._add(Map("affine", presence=AFFINE if bias else SHIFTLESS), [normal, *weights], path)
        return self._affine(normal, x.shape[first:], bias, path)

    def rms_norm(self, x: Feature, *, name: str = "rms_norm") -> Feature:
        """Root-mean-square normalisation over the last axis."""
        path = self._path(name)
        normal = self._normalise(x, (len(x.shape) - 1,), path, all_of(2))
        return self._affine(normal, x.shape[-1:], False, path)

    def group_norm(self, x: Feature, groups: int, *, name: str = "group_norm") -> Feature:
        """Group normalisation over axis 1 and all after it; `groups` = channels is instance norm."""
        path = self._path(name)
        batch, channels, *spatial = x.shape
        if divide(channels, groups) is None:
            raise ShapeError(f"'{path}': {groups} groups do not divide {channels} channels")
        width = channels // groups
        grouped = self._reshape(x, (batch, groups, width, *spatial), path)
        statistic = self._add(Reduce(tuple(range(2, len(grouped.shape)))), (grouped,), path)
        # The statistic goes to x's shape, not x to the statistic's: x + group_norm(x) reads one x.
        wide = self._add(
            Expand((batch, groups, width)), (self._reshape(statistic, (batch, groups, 1), path),), path
        )
        wide = self._reshape(wide, (batch, channels, *(1,) * len(spatial)), path)
        return self._affine(self._rescale(x, wide, path, any_of(2)), (channels,), True, path, axis=1)

    def softmax(self, x: Feature, *, axis: int = -1) -> Feature:
        """Softmax along one axis."""
        return self._normalise(x, (find_axis(axis, len(x.shape)),), self._path("softmax"), always(2))

    def _normalise(self, x: Feature, axes: tuple[int, ...], path: str, presence: Presence) -> Feature:
        return self._rescale(x, self._add(Reduce(axes, keepdims=True), (x,), path), path, presence)

    def _rescale(self, x: Feature, statistic: Feature, path: str, presence: Presence) -> Feature:
        return self._add(Map("normalise", presence=presence, law="normalise"), (x, statistic), path)

    def _affine(self, x: Feature, shape: Shape, bias: bool, path: str, axis: int | None = None) -> Feature:
        leaves: tuple[tuple[str, Role], ...] = (("weight", "scale"), ("bias", "shift"))
        operands = [self._parameter(f"{path}.{label}", shape, role) for label, role in leaves[: 1 + bias]]
        align = () if axis is None else (None, *(axis,) * len(operands))
        presence = AFFINE if bias else SHIFTLESS
        return self._add(Map("affine", align, presence=presence), [x, *operands], path)

    # -- pooling and resampling ---------------------------------------------------------------

    def pool(
        self,
        x: Feature,
        kernel: PerAxis,
        *,
        stride: PerAxis | None = None,
        padding: Padding = 0,
        dilation: PerAxis = 1,
        ceil: bool = False,
    ) -> Feature:
        """Average or max pooling: alike in structure (convention 3)."""
        rank = len(x.shape) - 2
        size = per_axis(kernel, rank)
        strides = size if stride is None else per_axis(stride, rank)
        dilations = per_axis(dilation, rank)
        pads = paddings(padding, x.shape[2:], size, strides, dilations)
        return self._add(Pool(size, strides, pads, dilations, ceil), (x,), self._path("pool"))

    def global_pool(self, x: Feature, *, keepdims: bool = False) -> Feature:
        """Pool every axis after the channels."""
        return self._add(Reduce(tuple(range(2, len(x.shape))), keepdims), (x,), self._path("global_pool"))

    def adaptive_pool(self, x: Feature, size: PerAxis) -> Feature:
        """Pool to a fixed number of positions per axis."""
        sizes = per_axis(size, len(x.shape) - 2)
        sources = tuple(adaptive_sources(n, out) for n, out in zip(x.shape[2:], sizes, strict=True))
        return self._add(Resample(x.shape[2:], sources), (x,), self._path("adaptive_pool"))

    def reduce(self, x: Feature, *axes: int, keepdims: bool = False) -> Feature:
        """Sum, mean or maximum over axes."""
        positions = tuple(sorted({find_axis(axis, len(x.shape)) for axis in axes}))
        return self._add(Reduce(positions, keepdims), (x,))

    def upsample(self, x: Feature, factor: int, *, mode: str = "nearest") -> Feature:
        """Enlarge every spatial axis, ``"nearest"`` or ``"bilinear"``."""
        path = self._path("upsample")
        if factor < 1:
            raise ShapeError(f"'{path}': factor {factor} is not positive")
        if mode == "nearest":
            for axis, size in enumerate(x.shape[2:], start=2):
                x = self._add(Take(axis, nearest_positions(size, size * factor)), (x,), path)
            return x
        if mode != "bilinear":
            raise ShapeError(f"'{path}': mode {mode!r} is neither 'nearest' nor 'bilinear'")
        sources = tuple(linear_sources(size, size * factor) for size in x.shape[2:])
        return self._add(Resample(x.shape[2:], sources), (x,), path)

    # -- moves --------------------------------------------------------------------------------

    def reshape(self, x: Feature, *shape: int) -> Feature:
        """The same elements under another shape."""
        return self._reshape(x, shape, "")

    def flatten(self, x: Feature) -> Feature:
        """All axes after the batch in one."""
        return self.reshape(x, x.shape[0], prod(x.shape[1:]))

    def permute(self, x: Feature, *order: int) -> Feature:
        """Axes in another order."""
        return self._add(Permute(order), (x,))

    def concatenate(self, *features: Feature, axis: int = 1) -> Feature:
        """Join along an axis."""
        return self._add(Concat(find_axis(axis, len(features[0].shape))), features)

    def split(self, x: Feature, parts: int | Sequence[int], *, axis: int = 1) -> tuple[Feature, ...]:
        """Cut an axis into equal parts, or into parts of the given sizes."""
        axis = find_axis(axis, len(x.shape))
        size = x.shape[axis]
        if isinstance(parts, int):
            if divide(size, parts) is None:
                raise ShapeError(f"cannot split axis {axis} of shape {x.shape} into {parts} equal parts")
            parts = [size // parts] * parts
        if sum(parts) != size:
            raise ShapeError(f"parts {tuple(parts)} do not add up to axis {axis} of shape {x.shape}")
        stops = np.cumsum(parts).tolist()
        return tuple(
            self._add(Slice(axis, stop - part, stop), (x,)) for part, stop in zip(parts, stops, strict=True)
        )

    def slice(self, x: Feature, start: int, stop: int, *, axis: int = 1) -> Feature:
        """Positions ``start:stop`` of an axis."""
        return self._add(Slice(find_axis(axis, len(x.shape)), start, stop), (x,))

    def take(self, x: Feature, indices: Sequence[int], *, axis: int = 1) -> Feature:
        """Known positions of an axis, in any order and number."""
        return self._add(Take(find_axis(axis, len(x.shape)), np.asarray(indices, dtype=np.int64)), (x,))

    def pad(self, x: Feature, *padding: tuple[int, int]) -> Feature:
        """Zeros around the last axes, one (before, after) pair each: positions without an element."""
        rest = ((0, 0),) * (len(x.shape) - len(padding))
        return self._add(Pad((*rest, *padding)), (x,))

    def nothing_like(self, x: Feature) -> Feature:
        """A value of this shape without any element: what a branch that is known to be zero returns."""
        return self._add(Keep(Runs.zeros(x.shape, "scaled")), (x,))

    # -- recurrence ---------------------------------------------------------------------------

    def rnn(self, x: Feature, units: int, *, bias: bool = True, name: str = "rnn") -> Feature:
        """Elman network over ``(1, L, D)``, unrolled in time: every hidden state, ``(1, L, units)``."""
        return self._recur(x, units, "rnn", bias, name)

    def lstm(self, x: Feature, units: int, *, bias: bool = True, name: str = "lstm") -> Feature:
        """Long short-term memory, unrolled in time: every hidden state."""
        return self._recur(x, units, "lstm", bias, name)

    def gru(self, x: Feature, units: int, *, bias: bool = True, name: str = "gru") -> Feature:
        """Gated recurrent unit, unrolled in time: every hidden state."""
        return self._recur(x, units, "gru", bias, name)

    def _recur(self, x: Feature, units: int, kind: str, bias: bool, name: str) -> Feature:
        with self.scope(self._leaf(name)):
            rows = GATES[kind] * units
            weights = {
                "weight_ih": self.parameter(rows, x.shape[-1], name="weight_ih"),
                "weight_hh": self.parameter(rows, units, name="weight_hh"),
            }
            if bias:
                weights["bias_ih"] = self.parameter(rows, name="bias_ih", role="bias")
                weights["bias_hh"] = self.parameter(rows, name="bias_hh", role="bias")
            cell = Cell(kind, {label: feature.value for label, feature in weights.items()}, units)
            steps = cell.unroll(self.builder, x.value, ".".join(self._scope))
        return Feature(self, steps)

    # -- plumbing -----------------------------------------------------------------------------

    def _add(self, op: Primitive, inputs: Sequence[Feature] = (), path: str = "") -> Feature:
        for feature in inputs:
            if feature.network is not self:
                raise GraphError(f"{op.label}: {feature!r} belongs to another network")
        scope = path or ".".join(self._scope)
        return Feature(self, self.builder.add(op, [feature.value for feature in inputs], scope))

    def _reshape(self, x: Feature, shape: Sequence[int], path: str) -> Feature:
        return self._add(Reshape(tuple(shape)), (x,), path)

    def _parameter(self, path: str, shape: Sequence[int], role: Role = "weight") -> Feature:
        if min(shape, default=1) < 1:
            raise ShapeError(f"parameter '{path}' of shape {tuple(shape)}: sizes must be positive")
        if path in self._parameters:
            raise GraphError(f"two parameters are named '{path}'; pass the first as weight= to tie them")
        leaf = self._add(Parameter(path, tuple(shape), role), (), path.rpartition(".")[0])
        self._parameters[path] = leaf.value
        return leaf

    def _bias(self, x: Feature, path: str, rank: int) -> Feature:
        channels = x.shape[1] if rank else x.shape[-1]
        leaf = self._parameter(f"{path}.bias", (channels,), "bias")
        return self._add(Map("bias", (None, 1) if rank else (), law="sum"), (x, leaf), path)

    def _leaf(self, name: str) -> str:
        """The name, numbered where the scope already has one like it."""
        path = self._peek(name)
        self._names[path] += 1
        count = self._names[path]
        return name if count == 1 else f"{name}{count}"

    def _path(self, name: str) -> str:
        return ".".join([*self._scope, self._leaf(name)])

    def _peek(self, name: str) -> str:
        return ".".join([*self._scope, name])


def _letters(count: int) -> str:
    """Names for `count` batch indices, clear of those the layers use."""
    return "abcdefgh"[:count]
