"""EfficientNetV2 (Tan & Le 2021), with the conventions of the paper's Tables 2 to 4.

Block settings are those of the official models. As in the paper, every convolution pads kernel // 2
on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from ..core.graph import Graph
from ..frontends.network import Feature, Network
from .blocks import conv_norm, squeeze_excite

__all__ = ["EFFICIENTNETV2", "Architecture", "Stage", "efficientnetv2"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of blocks with equal settings.

    Attributes
    ----------
    repeats, kernel, stride, expansion, channels : int
        The stride is that of the first block.
    fused : bool
        Fused MBConv (one dense convolution) instead of MBConv with squeeze-and-excite.
    """

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int
    fused: bool


@dataclass(frozen=True, slots=True)
class Architecture:
    """One model of the family.

    Attributes
    ----------
    stages : tuple of Stage
    stem, head : int
        Channels of the first and the last convolution.
    size : int
        Image size it is evaluated at.
    width, depth : float
        Factors on channels and repeats.
    """

    stages: tuple[Stage, ...]
    stem: int
    size: int
    head: int = 1280
    width: float = 1.0
    depth: float = 1.0

    def channels(self, count: int) -> int:
        """Channels after scaling: the nearest multiple of 8, even if that is much smaller."""
        return max(8, int(count * self.width + 4) // 8 * 8)

    def repeats(self, count: int) -> int:
        """Blocks after scaling."""
        return ceil(self.depth * count)


_BASE = (
    Stage(1, 3, 1, 1, 16, fused=True),
    Stage(2, 3, 2, 4, 32, fused=True),
    Stage(2, 3, 2, 4, 48, fused=True),
    Stage(3, 3, 2, 4, 96, fused=False),
    Stage(5, 3, 1, 6, 112, fused=False),
    Stage(8, 3, 2, 6, 192, fused=False),
)
_S = (
    Stage(2, 3, 1, 1, 24, fused=True),
    Stage(4, 3, 2, 4, 48, fused=True),
    Stage(4, 3, 2, 4, 64, fused=True),
    Stage(6, 3, 2, 4, 128, fused=False),
    Stage(9, 3, 1, 6, 160, fused=False),
    Stage(15, 3, 2, 6, 256, fused=False),
)
_M = (
    Stage(3, 3, 1, 1, 24, fused=True),
    Stage(5, 3, 2, 4, 48, fused=True),
    Stage(5, 3, 2, 4, 80, fused=True),
    Stage(7, 3, 2, 4, 160, fused=False),
    Stage(14, 3, 1, 6, 176, fused=False),
    Stage(18, 3, 2, 6, 304, fused=False),
    Stage(5, 3, 1, 6, 512, fused=False),
)
_L = (
    Stage(4, 3, 1, 1, 32, fused=True),
    Stage(7, 3, 2, 4, 64, fused=True),
    Stage(7, 3, 2, 4, 96, fused=True),
    Stage(10, 3, 2, 4, 192, fused=False),
    Stage(19, 3, 1, 6, 224, fused=False),
    Stage(25, 3, 2, 6, 384, fused=False),
    Stage(7, 3, 1, 6, 640, fused=False),
)

EFFICIENTNETV2: dict[str, Architecture] = {
    "b0": Architecture(_BASE, 32, 224),
    "b1": Architecture(_BASE, 32, 240, depth=1.1),
    "b2": Architecture(_BASE, 32, 260, width=1.1, depth=1.2),
    "b3": Architecture(_BASE, 32, 300, width=1.2, depth=1.4),
    "s": Architecture(_S, 24, 384),
    "m": Architecture(_M, 24, 480),
    "l": Architecture(_L, 32, 480),
}


def efficientnetv2(variant: str, size: int | None = None, classes: int = 1000) -> Graph:
    """The graph of EfficientNetV2-`variant` (b0, b1, b2, b3, s, m, l) on square images.

    Raises
    ------
    KeyError
        If there is no such variant.
    ShapeError
        If the size is not positive.
    """
    architecture = EFFICIENTNETV2[variant]
    size = architecture.size if size is None else size
    net = Network()
    x = net.input(3, size, size)
    x = conv_norm(net, x, architecture.channels(architecture.stem), 3, stride=2, active="silu", name="stem")
    for number, stage in enumerate(architecture.stages):
        channels = architecture.channels(stage.channels)
        for block in range(architecture.repeats(stage.repeats)):
            stride = stage.stride if block == 0 else 1
            with net.scope(f"stages.{number}.{block}"):
                make = _fused_mbconv if stage.fused else _mbconv
                y = make(net, x, channels, stage, stride)
                x = x + y if y.shape == x.shape and stride == 1 else y
    # The head grows with the width only where that makes it wider.
    x = conv_norm(net, x, architecture.channels(architecture.head), 1, active="silu", name="head")
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _fused_mbconv(net: Network, x: Feature, channels: int, stage: Stage, stride: int) -> Feature:
    if stage.expansion == 1:
        return conv_norm(net, x, channels, stage.kernel, stride=stride, active="silu", name="conv")
    wide = x.shape[1] * stage.expansion
    x = conv_norm(net, x, wide, stage.kernel, stride=stride, active="silu", name="expand")
    return conv_norm(net, x, channels, 1, name="project")


def _mbconv(net: Network, x: Feature, channels: int, stage: Stage, stride: int) -> Feature:
    narrow = x.shape[1]
    wide = narrow * stage.expansion
    x = conv_norm(net, x, wide, 1, active="silu", name="expand")
    x = conv_norm(net, x, wide, stage.kernel, stride=stride, groups=wide, active="silu", name="depthwise")
    x = squeeze_excite(net, x, max(1, narrow // 4), "silu")
    return conv_norm(net, x, channels, 1, name="project")
