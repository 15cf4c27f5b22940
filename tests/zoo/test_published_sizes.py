"""Parameters and multiply-accumulates of the zoo, against what others publish."""

from __future__ import annotations

import csv
import os
import random
from math import prod
from pathlib import Path

import pytest

from reprior.analysis.costs import measure
from reprior.canonical import canonicalise
from reprior.graph import Graph
from reprior.zoo import PAPER_MODELS, nasbench201, nasbench_macro, resnet50

from ..property.profile import thorough

# Per element of a cell's feature maps (five cells at each of 16, 32 and 64 channels).
CELL_ELEMENTS = 5 * (16 * 32**2 + 32 * 16**2 + 64 * 8**2)


def table(name: str) -> list[dict[str, str]]:
    """A benchmark table from the folder that REPRIOR_DATA names."""
    folder = os.environ.get("REPRIOR_DATA")
    if not folder or not (Path(folder) / name).exists():
        pytest.skip(f"no {name}: set REPRIOR_DATA to the folder of benchmark tables")
    with (Path(folder) / name).open() as lines:
        return list(csv.DictReader(lines))


def learnable(graph: Graph) -> int:
    return sum(prod(leaf.shape) for _, leaf in graph.parameters if leaf.role != "running_statistic")


def some(rows: list[dict[str, str]], number: int) -> list[dict[str, str]]:
    return rows if thorough() else random.Random(0).sample(rows, number)


@pytest.mark.data
def test_nasbench201_parameters_and_flops() -> None:
    """Both columns are in millions.

    The table's FLOPs are our multiply-accumulates, and besides, per element: 3 for every ReLU,
    convolution and batch norm (1 + 2), 9 for every 3x3 pool; and the same 160,832 for the layers
    outside the cells of every network.
    """
    rows = [row for row in table("nasbench201_cifar10.csv") if row["params"]]
    for row in some(rows, 200):
        graph = nasbench201(row["arch"])
        assert learnable(graph) == round(float(row["params"]) * 1e6), row["arch"]
        convolutions, pools = row["arch"].count("nor_conv"), row["arch"].count("avg_pool")
        others = (3 * convolutions + 9 * pools) * CELL_ELEMENTS + 160_832
        macs = measure(canonicalise(graph)).macs
        assert macs + others == round(float(row["flops"]) * 1e6), row["arch"]


@pytest.mark.data
def test_nasbench_macro_parameters_and_macs() -> None:
    for row in some(table("nasbench_macro_cifar10.csv"), 100):
        graph = nasbench_macro(row["arch"])
        assert learnable(graph) == int(row["params"]), row["arch"]
        assert measure(canonicalise(graph)).macs == int(row["flops"]), row["arch"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("resnet50", "ResNet50_Weights"),
        ("efficientnetv2-s", "EfficientNet_V2_S_Weights"),
        ("efficientnetv2-m", "EfficientNet_V2_M_Weights"),
        ("efficientnetv2-l", "EfficientNet_V2_L_Weights"),
    ],
)
def test_parameters_published_by_torchvision(ours: str, theirs: str) -> None:
    models = pytest.importorskip("torchvision.models")
    published = getattr(models, theirs).IMAGENET1K_V1.meta["num_params"]
    assert learnable(PAPER_MODELS[ours](None)) == published


def test_resnet50_multiply_accumulates() -> None:
    """4.09 G at 224 with the stride in the 3x3 convolutions (torchvision), 3.86 G with it in the first."""
    models = pytest.importorskip("torchvision.models")
    published = models.ResNet50_Weights.IMAGENET1K_V1.meta["_ops"]
    assert round(measure(canonicalise(resnet50(224))).macs / 1e9, 3) == published
    assert round(measure(canonicalise(resnet50(224, stride_in_first=True))).macs / 1e9, 2) == 3.86
