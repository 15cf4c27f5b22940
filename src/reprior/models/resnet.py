"""ResNet-50 (He et al 2016), as in the paper's Table 4."""

from __future__ import annotations

from ..core.graph import Graph
from ..frontends.network import Feature, Network

__all__ = ["resnet50"]

_STAGES = ((3, 64), (4, 128), (6, 256), (3, 512))
_EXPANSION = 4


def resnet50(size: int = 224, classes: int = 1000, *, stride_in_first: bool = False) -> Graph:
    """The graph of ResNet-50 on square images.

    Parameters
    ----------
    size : int
        Height and width of the images.
    classes : int
        Number of outputs.
    stride_in_first : bool
        Whether a bottleneck strides in its first 1x1 convolution (the original) or in its 3x3
        convolution (version 1.5, torchvision's).
    """
    net = Network()
    x = net.input(3, size, size)
    x = net.relu(net.batch_norm(net.conv(x, 64, 7, stride=2, padding=3, name="conv1"), name="bn1"))
    x = net.pool(x, 3, stride=2, padding=1)
    for number, (blocks, channels) in enumerate(_STAGES, start=1):
        for block in range(blocks):
            stride = 2 if block == 0 and number > 1 else 1
            with net.scope(f"layer{number}.{block}"):
                x = _bottleneck(net, x, channels, stride, stride_in_first)
    net.output(net.dense(net.global_pool(x), classes, name="fc"))
    return net.graph()


def _bottleneck(net: Network, x: Feature, channels: int, stride: int, stride_in_first: bool) -> Feature:
    first, second = (stride, 1) if stride_in_first else (1, stride)
    y = net.relu(net.batch_norm(net.conv(x, channels, 1, stride=first, name="conv1"), name="bn1"))
    y = net.relu(net.batch_norm(net.conv(y, channels, 3, stride=second, padding=1, name="conv2"), name="bn2"))
    y = net.batch_norm(net.conv(y, channels * _EXPANSION, 1, name="conv3"), name="bn3")
    if y.shape != x.shape:
        with net.scope("downsample"):
            x = net.batch_norm(net.conv(x, channels * _EXPANSION, 1, stride=stride, name="0"), name="1")
    return net.relu(x + y)
