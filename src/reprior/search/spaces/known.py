"""The spaces by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...models.mbconv import STRIDES, MBConvStage, mbconv_text
from ...models.nasbench201 import OPERATIONS
from ...models.vit import ViT
from .base import Choice, ChoiceSpace

__all__ = ["MACRO", "MBCONV", "NASBENCH201", "RESNET_WIDTH", "TRANSFORMER"]

_EDGES = ("1<-0", "2<-0", "2<-1", "3<-0", "3<-1", "3<-2")


def _cell(setting: Mapping[str, Any]) -> str:
    a, b, c, d, e, f = (setting[edge] for edge in _EDGES)
    return f"nb201:|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


NASBENCH201 = ChoiceSpace("nb201", dict.fromkeys(_EDGES, Choice(OPERATIONS)), _cell)
"""The 15,625 cells of NAS-Bench-201: an operation for each of six edges."""


def _macro(setting: Mapping[str, Any]) -> str:
    return "macro:" + "".join(str(setting[f"layer{k}"]) for k in range(8))


# Kinds of block, not sizes: categories, though they are written as digits.
MACRO = ChoiceSpace("macro", {f"layer{k}": Choice(("0", "1", "2")) for k in range(8)}, _macro)
"""The 6,561 networks of NAS-Bench-Macro: one of three blocks for each of eight layers."""

_WIDTHS = ("stage1", "inside1", "inside2", "inside3", "stage2", "inside4", "inside5")


def _resnet(setting: Mapping[str, Any]) -> str:
    return "channels:a" + "".join(str(setting[name]) for name in _WIDTHS)


RESNET_WIDTH = ChoiceSpace("resnet-width", dict.fromkeys(_WIDTHS, Choice((1, 2, 3, 4))), _resnet)
"""The 16,384 widths of Channel-Bench-ResNet: quarters of the channels at seven places."""

_CHANNELS = ((8, 24), (16, 48), (24, 72), (48, 144), (64, 168), (96, 288))
_BLOCKS = (3, 4, 4, 6, 8, 10)


def _mbconv_choices() -> dict[str, Choice]:
    choices: dict[str, Choice] = {}
    for number, (low, high) in enumerate(_CHANNELS):
        choices[f"kind{number}"] = Choice(("fused", "mbconv"))
        choices[f"expansion{number}"] = Choice(tuple(range(1, 7)))
        choices[f"kernel{number}"] = Choice((3, 5, 7))
        choices[f"blocks{number}"] = Choice(tuple(range(1, _BLOCKS[number] + 1)))
        choices[f"channels{number}"] = Choice(tuple(range(low, high + 1, 8)))
        choices[f"shared{number}"] = Choice((False, True))
    return choices


def _mbconv(setting: Mapping[str, Any]) -> str:
    stages = [
        MBConvStage(
            setting[f"kind{k}"] == "fused",
            setting[f"expansion{k}"],
            setting[f"kernel{k}"],
            setting[f"blocks{k}"],
            setting[f"channels{k}"],
            # One block after the first has nobody to share with.
            setting[f"shared{k}"] and setting[f"blocks{k}"] > 2,
        )
        for k in range(len(STRIDES))
    ]
    return "mbconv:" + mbconv_text(tuple(stages))


MBCONV = ChoiceSpace("mbconv", _mbconv_choices(), _mbconv)
"""Networks of the EfficientNetV2 kind: six stages, each with its kind of block, expansion, kernel, number of
blocks, channels, and whether its blocks after the first share their weights."""

_ORDERS = ("none", "sequence", "cycle", "cycle_rev")


def _transformer(setting: Mapping[str, Any]) -> str:
    depth, heads, order = setting["depth"], setting["heads"], setting["order"]
    # As many sets as blocks, or blocks that all use one: then the order changes nothing.
    sets = max(1, depth // setting["turns"])
    if order == "none" or sets == depth:
        return f"vit:{ViT(depth, setting['width'], heads, setting['ratio'])}"
    order = "cycle" if sets == 1 else order
    return f"vit:{ViT(depth, setting['width'], heads, setting['ratio'], order, sets)}"


TRANSFORMER = ChoiceSpace(
    "transformer",
    {
        "depth": Choice(tuple(range(4, 17))),
        "width": Choice(tuple(range(96, 769, 96))),
        "heads": Choice((1, 2, 3, 4, 6, 8, 12)),
        "ratio": Choice(tuple(range(1, 7))),
        "order": Choice(_ORDERS),
        "turns": Choice((2, 3, 4)),
    },
    _transformer,
)
"""Vision transformers: depth, width, heads, ratio of the hidden layers, and the order in which blocks share
sets of parameters (of which there are depth / turns)."""
