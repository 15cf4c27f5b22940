"""TransNAS-Bench-101 micro networks (Duan et al 2021): a cell of six edges in a fixed frame."""

from __future__ import annotations

import re

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network

__all__ = ["transnas"]

_BASE = 64
_MODULES = ((True, 2), (False, 1), (True, 2), (False, 1), (True, 2))
"""For each module whether it doubles the channels, and its stride; each has two cells."""
_CELLS = 2
_EDGES = ((0,), (0, 1), (0, 1, 2))
"""For each node after the first, the nodes its edges come from."""


def transnas(text: str, *, classes: int = 63, size: int = 256) -> Graph:
    """The network of one cell, six digits: the edges into node 1 from 0, 2 from 0 and 1, 3 from 0, 1 and 2.

    Digits are 0 none, 1 skip, 2 convolution 1x1, 3 convolution 3x3; a leading ``a`` is ignored.

    Raises
    ------
    SpecError
        If the text is not six of these digits.
    """
    digits = text.removeprefix("a")
    if re.fullmatch("[0-3]{6}", digits) is None:
        raise SpecError(f"'{text}' is not a cell of six digits 0 to 3")
    net = Network()
    x = net.input(3, size, size)
    x = net.conv(x, _BASE // 2, 3, stride=2, padding=1, name="stem.0")
    x = net.relu(net.batch_norm(x, name="stem.1"))
    x = net.conv(x, _BASE, 3, stride=2, padding=1, name="stem.3")
    x = net.batch_norm(x, name="stem.4")
    channels = _BASE
    for module, (wider, stride) in enumerate(_MODULES):
        channels *= 2 if wider else 1
        for number in range(_CELLS):
            with net.scope(f"modules.{module}.{number}"):
                x = _cell(net, x, digits, channels, stride if number == 0 else 1)
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _cell(net: Network, x: Feature, digits: str, channels: int, stride: int) -> Feature:
    nodes, remaining = [x], iter(digits)
    for number, sources in enumerate(_EDGES, start=1):
        terms = []
        for source in sources:
            with net.scope(f"edges.{number}<-{source}"):
                step = stride if source == 0 else 1
                terms += _operation(net, nodes[source], next(remaining), channels, step)
        if len(terms) > 1:
            nodes.append(net.add(*terms))
        else:
            # A node without edges is zero: no element stands there.
            nodes.append(terms[0] if terms else _nothing(net, x, channels, stride))
    return nodes[-1]


def _nothing(net: Network, x: Feature, channels: int, stride: int) -> Feature:
    wide = net.concatenate(*[x] * (channels // x.shape[1]))
    return net.nothing_like(net.pool(wide, stride) if stride > 1 else wide)


def _operation(net: Network, x: Feature, digit: str, channels: int, stride: int) -> list[Feature]:
    if digit == "0":
        return []
    if digit != "1":
        return [_relu_conv_norm(net, x, channels, 1 if digit == "2" else 3, stride)]
    if x.shape[1] == channels and stride == 1:
        return [x]
    return [_reduce(net, x, channels, stride)]


def _relu_conv_norm(net: Network, x: Feature, channels: int, kernel: int, stride: int) -> Feature:
    x = net.conv(net.relu(x), channels, kernel, stride=stride, padding="half")
    return net.batch_norm(x, name="norm")


def _reduce(net: Network, x: Feature, channels: int, stride: int) -> Feature:
    """A skip that changes shape: two convolutions 1x1, the second a pixel further, side by side."""
    x = net.relu(x)
    if stride == 1:
        return net.batch_norm(net.conv(x, channels, 1), name="norm")
    left = net.conv(x, channels // 2, 1, stride=stride, name="conv_1")
    moved = net.slice(
        net.slice(net.pad(x, (0, 1), (0, 1)), 1, x.shape[2] + 1, axis=2), 1, x.shape[3] + 1, axis=3
    )
    right = net.conv(moved, channels - channels // 2, 1, stride=stride, name="conv_2")
    return net.batch_norm(net.concatenate(left, right), name="norm")
