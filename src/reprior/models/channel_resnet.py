"""Channel-Bench ResNets (as in GENIUS, Zheng et al 2023): one residual network in 16,384 widths."""

from __future__ import annotations

import re

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network

__all__ = ["channel_resnet"]

_WIDEST = (256, 256, 256, 512, 512, 512, 512)
"""Channels at digit 4: the first stage, inside its two blocks, inside the third block, the second stage,
inside its further two blocks."""


def channel_resnet(text: str, *, classes: int = 10, size: int = 32) -> Graph:
    """The network of seven digits 1 to 4, quarters of the widest channels; a leading ``a`` is ignored.

    Raises
    ------
    SpecError
        If the text is not seven of these digits.
    """
    digits = text.removeprefix("a")
    if re.fullmatch("[1-4]{7}", digits) is None:
        raise SpecError(f"'{text}' is not seven digits 1 to 4")
    first, a, b, c, second, d, e = (int(q) * most // 4 for q, most in zip(digits, _WIDEST, strict=True))
    net = Network()
    x = net.conv(net.input(3, size, size), first, 3, stride=2, padding=1, name="stem")
    x = net.relu(net.batch_norm(x, name="stem_norm"))
    blocks = ((a, first, 1), (b, first, 1), (c, second, 2), (d, second, 1), (e, second, 1))
    for number, (inside, channels, stride) in enumerate(blocks):
        with net.scope(f"blocks.{number}"):
            x = _block(net, x, inside, channels, stride)
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _block(net: Network, x: Feature, inside: int, channels: int, stride: int) -> Feature:
    y = net.relu(net.batch_norm(net.conv(x, inside, 3, stride=stride, padding=1, name="conv1"), name="bn1"))
    y = net.batch_norm(net.conv(y, channels, 3, padding=1, name="conv2"), name="bn2")
    return net.relu(y + (_shortcut(net, x, channels, stride) if stride > 1 else x))


def _shortcut(net: Network, x: Feature, channels: int, stride: int) -> Feature:
    """Every second pixel, channels cut off or filled with zeros: no parameter."""
    for axis in (2, 3):
        x = net.take(x, range(0, x.shape[axis], stride), axis=axis)
    have = x.shape[1]
    return net.pad(x, (0, channels - have), (0, 0), (0, 0)) if have < channels else net.slice(x, 0, channels)
