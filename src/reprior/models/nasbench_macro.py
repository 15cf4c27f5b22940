"""NAS-Bench-Macro networks (Su et al 2021): eight layers, each one of three blocks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network
from .blocks import conv_norm

__all__ = ["architectures", "nasbench_macro"]

_STAGES = ((64, 2), (128, 3), (256, 3))
_BLOCKS = {"1": (3, 3), "2": (6, 5)}  # expansion and kernel; 0 is the identity
_LAYERS = 8


def architectures() -> Iterator[str]:
    """All 6,561 architectures, one digit a layer."""
    for digits in itertools.product("012", repeat=_LAYERS):
        yield "".join(digits)


def nasbench_macro(text: str, *, classes: int = 10, size: int = 32) -> Graph:
    """The network of eight choices: 0 identity, 1 MBConv of expansion 3 and kernel 3, 2 of 6 and 5.

    A leading ``a`` (as in tables that must not read the choices as a number) is ignored.

    Raises
    ------
    SpecError
        If the text is not eight of these digits.
    """
    choices = text.removeprefix("a")
    if len(choices) != _LAYERS or set(choices) - set("012"):
        raise SpecError(f"'{text}' is not an architecture of eight digits 0, 1 or 2")
    net = Network()
    x = net.input(3, size, size)
    x = conv_norm(net, x, 32, 3, active="relu", name="stem")
    remaining = iter(choices)
    for number, (channels, layers) in enumerate(_STAGES):
        for layer in range(layers):
            stride = 2 if layer == 0 else 1
            with net.scope(f"stages.{number}.{layer}"):
                x = _layer(net, x, channels, stride, next(remaining))
    x = conv_norm(net, x, 1280, 1, active="relu", name="head")
    net.output(net.dense(net.global_pool(x), classes, name="classifier"))
    return net.graph()


def _layer(net: Network, x: Feature, channels: int, stride: int, choice: str) -> Feature:
    same = stride == 1 and x.shape[1] == channels
    if choice == "0":
        return x if same else conv_norm(net, x, channels, 1, stride=stride, name="identity")
    expansion, kernel = _BLOCKS[choice]
    wide = x.shape[1] * expansion
    y = conv_norm(net, x, wide, 1, active="relu", name="expand")
    y = conv_norm(net, y, wide, kernel, stride=stride, groups=wide, active="relu", name="depthwise")
    y = conv_norm(net, y, channels, 1, name="project")
    return x + y if same else y
