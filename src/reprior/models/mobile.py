"""Mobile networks: MobileNet v1 and v2 (Howard et al 2017, Sandler et al 2018), and MnasNet's space."""

from __future__ import annotations

import re

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network
from .blocks import conv_norm, squeeze_excite

__all__ = ["mnasnet", "mobilenet"]

_V1 = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    *((512, 1),) * 5, (1024, 2), (1024, 1),
)  # fmt: skip
"""Channels and stride of the depthwise-separable layers of v1."""

_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, layers and stride of the stages of v2."""

_MNASNET = ((16, 1), (24, 2), (40, 2), (80, 2), (112, 1), (192, 2), (320, 1))
"""Channels and stride of the seven stages of Accel-NASBench."""

_MOBILENET = re.compile(r"(v1|v2)_(\d+(?:\.\d+)?)_(\d+)")


def mobilenet(text: str, *, classes: int = 1000) -> Graph:
    """MobileNet by version, width and image size: ``v1_0.75_160``, ``v2_1.4_224``.

    Raises
    ------
    SpecError
        If the text is no such name.
    """
    found = _MOBILENET.fullmatch(text)
    if found is None or not float(found[2]) or int(found[3]) < 32:
        raise SpecError(f"'{text}' is no MobileNet like v1_0.75_160 or v2_1.4_224")
    width, size = float(found[2]), int(found[3])
    net = Network()
    x = net.input(3, size, size)
    x = _v1(net, x, width) if found[1] == "v1" else _v2(net, x, width)
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _v1(net: Network, x: Feature, width: float) -> Feature:
    x = conv_norm(net, x, max(8, int(32 * width)), 3, stride=2, active="relu", name="stem")
    for number, (channels, stride) in enumerate(_V1):
        with net.scope(f"blocks.{number}"):
            many = x.shape[1]
            x = conv_norm(net, x, many, 3, stride=stride, groups=many, active="relu", name="depthwise")
            x = conv_norm(net, x, max(8, int(channels * width)), 1, active="relu", name="pointwise")
    return x


def _v2(net: Network, x: Feature, width: float) -> Feature:
    x = conv_norm(net, x, _rounded(32 * width), 3, stride=2, active="relu", name="stem")
    for number, (expansion, channels, layers, stride) in enumerate(_V2):
        for layer in range(layers):
            with net.scope(f"stages.{number}.{layer}"):
                step = stride if layer == 0 else 1
                x = _inverted_residual(net, x, _rounded(channels * width), expansion, 3, step)
    return conv_norm(net, x, _rounded(1280 * max(width, 1.0)), 1, active="relu", name="head")


def mnasnet(text: str, *, size: int = 224, classes: int = 1000) -> Graph:
    """A network of Accel-NASBench: seven stages ``expansion.kernel.layers.squeeze`` joined by ``_``.

    Raises
    ------
    SpecError
        If the text is not seven such stages.
    """
    stages = [re.fullmatch(r"([1-9])\.([357])\.([1-9])\.([01])", part) for part in text.split("_")]
    if len(stages) != len(_MNASNET) or None in stages:
        raise SpecError(f"'{text}' is not seven stages like 6.3.1.0 (expansion, kernel, layers, squeeze)")
    net = Network()
    x = conv_norm(net, net.input(3, size, size), 32, 3, stride=2, active="relu", name="stem")
    for number, (found, (channels, stride)) in enumerate(zip(stages, _MNASNET, strict=True)):
        assert found is not None
        expansion, kernel, layers, squeeze = (int(digit) for digit in found.groups())
        for layer in range(layers):
            with net.scope(f"stages.{number}.{layer}"):
                step = stride if layer == 0 else 1
                x = _inverted_residual(net, x, channels, expansion, kernel, step, squeeze=bool(squeeze))
    x = conv_norm(net, x, 1280, 1, active="relu", name="head")
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _rounded(channels: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth below."""
    found = max(8, int(channels + 4) // 8 * 8)
    return found if found >= 0.9 * channels else found + 8


def _inverted_residual(
    net: Network,
    x: Feature,
    channels: int,
    expansion: int,
    kernel: int,
    stride: int,
    *,
    squeeze: bool = False,
) -> Feature:
    wide = x.shape[1] * expansion
    y = conv_norm(net, x, wide, 1, active="relu", name="expand") if expansion > 1 else x
    y = conv_norm(net, y, wide, kernel, stride=stride, groups=wide, active="relu", name="depthwise")
    if squeeze:
        y = squeeze_excite(net, y, max(1, x.shape[1] // 4), "relu")
    y = conv_norm(net, y, channels, 1, name="project")
    return x + y if y.shape == x.shape and stride == 1 else y
