"""The builder: a network described layer by layer."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...core.primitives import (
    Attention,
    Contract,
    Convolve,
    Lookup,
)
from ...core.runs import Runs
from ...errors import ShapeError
from .feature import Feature
from .geometry import Padding, PerAxis, divide, paddings, per_axis
from .recurrent import GATES, Cell
from .statistics import Statistics

__all__ = ["Network"]


class Network(Statistics):
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


def _letters(count: int) -> str:
    """Names for `count` batch indices, clear of those the layers use."""
    return "abcdefgh"[:count]
