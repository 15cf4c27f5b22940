"""Families for studying design: multilayer perceptrons and constant-width CNNs (paper, section 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network

__all__ = ["Skip", "cnn", "mlp"]

Skip = Literal["none", "residual", "dense"]


def mlp(
    inputs: int, width: int, depth: int, outputs: int, *, skip: Skip = "none", tied: bool = False
) -> Graph:
    """A perceptron with `depth` hidden layers of equal width.

    Parameters
    ----------
    skip : {"none", "residual", "dense"}
        ``residual`` adds a hidden layer's input to its output, ``dense`` feeds every later layer
        the concatenation of all earlier ones.
    tied : bool
        Whether the hidden layers after the first share their weights (not with ``dense``).

    Raises
    ------
    SpecError
        If `skip` is unknown, `depth` is below 1, or tied layers have unequal shapes.
    """
    _check(skip, depth, tied)
    net = Network()
    x = net.relu(net.dense(net.input(inputs), width, name="layers.0"))
    shared = net.parameter(width, width, name="shared.weight") if tied and depth > 1 else None

    def layer(y: Feature, number: int) -> Feature:
        return net.relu(net.dense(y, width, weight=shared, name=f"layers.{number}"))

    x = _stack(net, x, depth, skip, layer)
    net.output(net.dense(x, outputs, name="head"))
    return net.graph()


def cnn(
    size: int,
    width: int,
    depth: int,
    classes: int,
    *,
    kernel: int = 3,
    skip: Skip = "none",
    tied: bool = False,
) -> Graph:
    """A CNN of constant width and resolution on RGB images, ending in global pooling.

    Parameters and errors are those of `mlp`; `size` is the height and width of the images.
    """
    _check(skip, depth, tied)
    net = Network()
    x = net.relu(net.conv(net.input(3, size, size), width, kernel, padding="half", name="layers.0"))
    shared = net.parameter(width, width, kernel, kernel, name="shared.weight") if tied and depth > 1 else None

    def layer(y: Feature, number: int) -> Feature:
        return net.relu(net.conv(y, width, kernel, padding="half", weight=shared, name=f"layers.{number}"))

    x = _stack(net, x, depth, skip, layer)
    net.output(net.dense(net.global_pool(x), classes, name="head"))
    return net.graph()


def _check(skip: Skip, depth: int, tied: bool) -> None:
    if skip not in ("none", "residual", "dense"):
        raise SpecError(f"skip pattern '{skip}' is not one of none, residual, dense")
    if depth < 1:
        raise SpecError(f"a network of {depth} hidden layers; there must be at least 1")
    if tied and skip == "dense":
        raise SpecError("layers of a dense skip pattern differ in shape and cannot be tied")


def _stack(
    net: Network, x: Feature, depth: int, skip: Skip, layer: Callable[[Feature, int], Feature]
) -> Feature:
    """The hidden layers after the first, with skips."""
    earlier = [x]
    for number in range(1, depth):
        y = layer(x, number)
        earlier.append(y)
        if skip == "dense":
            y = net.concatenate(*earlier)
        x = x + y if skip == "residual" else y
    return x
