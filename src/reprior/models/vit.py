"""Vision transformers whose blocks may use fewer sets of parameters than there are blocks.

A text says a network: ``d12w192h3r4`` is DeiT-tiny with a mean over patches (12 blocks, width 192, 3 heads,
hidden layers 4 times as wide); ``d12w192h3r4-cycle6`` uses six sets of parameters in a cycle. The orders are
those of Takase & Kiyono (2023), see `reprior.sharing.layer_order`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network
from ..naming import split_size
from ..sharing.orders import layer_order

__all__ = ["ViT", "parse_vit", "vit", "vit_network"]

_TEXT = re.compile(r"d(\d{1,3})w(\d{1,5})h(\d{1,3})r(\d{1,2})(?:-(sequence|cycle|cycle_rev)(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class ViT:
    """What a text says.

    Attributes
    ----------
    depth, width, heads, ratio : int
    order : str or None
        How blocks take turns at the sets of parameters; None where each has its own.
    sets : int
    """

    depth: int
    width: int
    heads: int
    ratio: int
    order: str | None = None
    sets: int = 0

    def __str__(self) -> str:
        shared = "" if self.order is None else f"-{self.order}{self.sets}"
        return f"d{self.depth}w{self.width}h{self.heads}r{self.ratio}{shared}"

    def uses(self) -> list[int]:
        """The set of parameters of each block."""
        if self.order is None:
            return list(range(self.depth))
        return layer_order(self.order, self.sets, self.depth)


def parse_vit(text: str) -> ViT:
    """Read a setting.

    Raises
    ------
    SpecError
        If it is none, heads do not divide the width, or there are more sets than blocks.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise SpecError(f"'{text}' is no setting like d12w192h3r4 or d12w192h3r4-cycle6")
    depth, width, heads, ratio = (int(number) for number in found.groups()[:4])
    if min(depth, width, heads, ratio) < 1 or width % heads:
        raise SpecError(f"'{text}': all numbers are positive, and heads divide the width")
    setting = ViT(depth, width, heads, ratio, found[5], int(found[6] or 0))
    setting.uses()
    return setting


def vit(text: str, *, size: int = 224, patch: int = 16, classes: int = 1000) -> Graph:
    """The graph of the network that a text says, with ``@SIZE`` behind it for other images.

    Raises
    ------
    SpecError
        If it is no such text.
    """
    name, given = split_size(text, f"vit:{text}")
    return vit_network(parse_vit(name), size=given or size, patch=patch, classes=classes).graph()


def vit_network(setting: ViT, *, size: int = 224, patch: int = 16, classes: int = 1000) -> Network:
    """The network of a setting; norms are never shared.

    Raises
    ------
    SpecError
        If patches do not divide the image.
    """
    if size % patch:
        raise SpecError(f"patches of {patch} do not divide an image of {size}")
    net = Network()
    width, length = setting.width, (size // patch) ** 2
    x = net.conv(net.input(3, size, size), width, patch, stride=patch, bias=True, name="patches")
    x = net.permute(net.reshape(x, 1, width, length), 0, 2, 1)
    x = x + net.parameter(1, length, width, name="positions")
    sets: dict[int, dict[str, Feature]] = {}
    for number, use in enumerate(setting.uses()):
        with net.scope(f"blocks.{number}"):
            x = _block(net, x, setting, _dense(net, sets.setdefault(use, {})))
    x = net.reduce(net.layer_norm(x, name="norm"), 1)
    net.output(net.dense(x, classes, name="head"))
    return net


_Dense = Callable[[Feature, int, str], Feature]


def _dense(net: Network, weights: dict[str, Feature]) -> _Dense:
    """Dense layers that share a weight and bias by name."""

    def layer(x: Feature, units: int, name: str) -> Feature:
        if name not in weights:
            weights[name] = net.parameter(units, x.shape[-1], name=f"{name}.weight")
            weights[f"{name}.bias"] = net.parameter(units, name=f"{name}.bias", role="bias")
        y = net.dense(x, units, bias=False, weight=weights[name], name=name)
        return net.add(y, weights[f"{name}.bias"])

    return layer


def _block(net: Network, x: Feature, setting: ViT, dense: _Dense) -> Feature:
    _, length, width = x.shape
    y = net.layer_norm(x, name="norm1")
    head = (1, length, setting.heads, width // setting.heads)
    query, key, value = (
        net.permute(net.reshape(dense(y, width, part), *head), 0, 2, 1, 3)
        for part in ("query", "key", "value")
    )
    y = net.attention(query, key, value, name="scores")
    x = x + dense(net.reshape(net.permute(y, 0, 2, 1, 3), 1, length, width), width, "out")
    y = net.gelu(dense(net.layer_norm(x, name="norm2"), setting.ratio * width, "fc1"))
    return x + dense(y, width, "fc2")
