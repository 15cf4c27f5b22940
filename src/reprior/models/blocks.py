"""What mobile networks are made of: convolutions with batch norm, squeeze-and-excite."""

from __future__ import annotations

from typing import Literal

from ..frontends.network import Feature, Network

__all__ = ["Active", "conv_norm", "squeeze_excite"]

Active = Literal["relu", "silu"]


def conv_norm(
    net: Network,
    x: Feature,
    channels: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    active: Active | None = None,
    name: str,
) -> Feature:
    """A convolution, padded by half its kernel, its batch norm and, if asked for, an activation."""
    with net.scope(name):
        x = net.conv(x, channels, kernel, stride=stride, padding="half", groups=groups)
        x = net.batch_norm(x, name="norm")
    return net.activation(x, active) if active else x


def squeeze_excite(net: Network, x: Feature, narrow: int, active: Active) -> Feature:
    """Channels weighed by what two pointwise convolutions make of their means."""
    gate = net.global_pool(x, keepdims=True)
    gate = net.activation(net.conv(gate, narrow, 1, bias=True, name="se_reduce"), active)
    return x * net.sigmoid(net.conv(gate, x.shape[1], 1, bias=True, name="se_expand"))
