"""Networks of MBConv blocks in stages, as EfficientNetV2 has them, with blocks that may share weights.

A text says a network: ``f1k3n1c16-f4k3n2c32-f4k3n2c48-m4k3n3c96-m6k3n5c112-m6k3n8c192`` is
EfficientNetV2-B0. A stage is its kind (``f`` fused MBConv, ``m`` MBConv with squeeze-and-excite), expansion,
kernel, number of blocks and channels; an ``s`` behind says that its blocks after the first share the
weights of their convolutions (batch norms stay apart). Strides, stem and head are those of the family.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network
from ..naming import split_size

__all__ = ["MBConvStage", "mbconv", "mbconv_network", "mbconv_text", "parse_mbconv"]

STRIDES = (1, 2, 2, 2, 1, 2)
"""Of the first block of every stage; the stem halves the image before."""

_STEM, _HEAD = 32, 1280
_STAGE = re.compile(r"([fm])([1-9])k([1-9])n(\d{1,2})c(\d{1,4})(s?)")


@dataclass(frozen=True, slots=True)
class MBConvStage:
    """A run of blocks.

    Attributes
    ----------
    fused : bool
        One dense convolution instead of a pointwise and a depthwise one; no squeeze-and-excite.
    expansion, kernel, blocks, channels : int
    shared : bool
        Whether the blocks after the first share the weights of their convolutions.
    """

    fused: bool
    expansion: int
    kernel: int
    blocks: int
    channels: int
    shared: bool = False

    def __str__(self) -> str:
        kind, mark = "f" if self.fused else "m", "s" if self.shared else ""
        return f"{kind}{self.expansion}k{self.kernel}n{self.blocks}c{self.channels}{mark}"


def mbconv_text(stages: tuple[MBConvStage, ...]) -> str:
    """The text that says these stages."""
    return "-".join(str(stage) for stage in stages)


def parse_mbconv(text: str) -> tuple[MBConvStage, ...]:
    """Read the stages.

    Raises
    ------
    SpecError
        If it is not six of them.
    """
    found = [_STAGE.fullmatch(stage) for stage in text.split("-")]
    if None in found or len(found) != len(STRIDES):
        raise SpecError(f"'{text}' is not six stages like f4k3n2c32 or m6k5n3c112s")
    stages = []
    for match in found:
        assert match is not None
        kind, *numbers, shared = match.groups()
        expansion, kernel, blocks, channels = (int(number) for number in numbers)
        if min(blocks, channels) < 1 or kernel % 2 == 0:
            raise SpecError(f"'{match[0]}' in '{text}': blocks and channels are positive, kernels odd")
        stages.append(MBConvStage(kind == "f", expansion, kernel, blocks, channels, shared == "s"))
    return tuple(stages)


def mbconv(text: str, *, size: int = 224, classes: int = 1000) -> Graph:
    """The graph of the network that a text says, with ``@SIZE`` behind it for other images.

    Raises
    ------
    SpecError
        If it is no such text.
    """
    name, given = split_size(text, f"mbconv:{text}")
    return mbconv_network(parse_mbconv(name), size=given or size, classes=classes).graph()


def mbconv_network(stages: tuple[MBConvStage, ...], *, size: int = 224, classes: int = 1000) -> Network:
    """The network of some stages."""
    net = Network()
    x = _Convolutions(net)(net.input(3, size, size), _STEM, 3, stride=2, name="stem", active=True)
    for number, (stage, first) in enumerate(zip(stages, STRIDES, strict=True)):
        repeated = _Convolutions(net, tied=stage.shared)
        for block in range(stage.blocks):
            convolutions = repeated if block else _Convolutions(net)
            with net.scope(f"stages.{number}.{block}"):
                y = _block(net, x, stage, 1 if block else first, convolutions)
                x = x + y if y.shape == x.shape and (block or first == 1) else y
    x = _Convolutions(net)(x, _HEAD, 1, name="head", active=True)
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net


class _Convolutions:
    """Convolutions with batch norm, of one block or of several that share their weights."""

    def __init__(self, net: Network, tied: bool = False) -> None:
        self.net, self.tied = net, tied
        self._weights: dict[str, Feature] = {}

    def __call__(
        self,
        x: Feature,
        channels: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        name: str,
        active: bool,
    ) -> Feature:
        net = self.net
        with net.scope(name):
            weight = self._weight((channels, x.shape[1] // groups, kernel, kernel), name)
            x = net.conv(
                x, channels, kernel, stride=stride, padding="half", groups=groups, weight=weight, name="conv"
            )
            x = net.batch_norm(x, name="norm")
            return net.silu(x) if active else x

    def gate(self, x: Feature, channels: int, name: str) -> Feature:
        """A pointwise convolution with bias, of a squeeze-and-excite."""
        net = self.net
        with net.scope(name):
            if not self.tied:
                return net.conv(x, channels, 1, bias=True, name="conv")
            weight = self._weight((channels, x.shape[1], 1, 1), name)
            y = net.conv(x, channels, 1, weight=weight, name="conv")
            key = f"{name}.bias"
            if key not in self._weights:
                self._weights[key] = net.parameter(1, channels, 1, 1, name="conv.bias", role="bias")
            return net.add(y, self._weights[key])

    def _weight(self, shape: tuple[int, ...], name: str) -> Feature | None:
        if not self.tied:
            return None
        if name not in self._weights:
            self._weights[name] = self.net.parameter(*shape, name="conv.weight")
        return self._weights[name]


def _block(net: Network, x: Feature, stage: MBConvStage, stride: int, conv: _Convolutions) -> Feature:
    narrow, channels = x.shape[1], stage.channels
    wide = narrow * stage.expansion
    if stage.fused and stage.expansion == 1:
        return conv(x, channels, stage.kernel, stride=stride, name="conv", active=True)
    if stage.fused:
        x = conv(x, wide, stage.kernel, stride=stride, name="expand", active=True)
        return conv(x, channels, 1, name="project", active=False)
    if stage.expansion > 1:
        x = conv(x, wide, 1, name="expand", active=True)
    x = conv(x, wide, stage.kernel, stride=stride, groups=wide, name="depthwise", active=True)
    gate = net.global_pool(x, keepdims=True)
    gate = net.silu(conv.gate(gate, max(1, narrow // 4), "se_reduce"))
    gate = net.sigmoid(conv.gate(gate, wide, "se_expand"))
    return conv(x * gate, channels, 1, name="project", active=False)
