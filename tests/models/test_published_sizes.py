"""Parameters and multiply-accumulates of the zoo, against what others publish."""

from __future__ import annotations

import csv
import os
import random
from math import prod
from pathlib import Path

import pytest

from reprior.core.canonical import canonicalise
from reprior.core.costs import measure
from reprior.core.graph import Graph
from reprior.models import PAPER_MODELS, nasbench201, nasbench_macro, resnet50
from reprior.models.channel_resnet import channel_resnet
from reprior.models.mobile import mnasnet, mobilenet
from reprior.models.transformers import autoformer, encoder, open_lm, shared_lm
from reprior.models.transnas import transnas

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


def macs(graph: Graph) -> int:
    return measure(canonicalise(graph)).macs


@pytest.mark.data
def test_mnasnet_parameters_and_macs() -> None:
    """The table's MACs (fvcore's) count batch norms and squeezing too: at most 13 % more."""
    for row in some(table("accel_nasbench_imagenet.csv"), 30):
        graph = mnasnet(row["arch"])
        assert learnable(graph) == round(float(row["params_millions"]) * 1e6)
        assert 0.86 < macs(graph) / (float(row["macs_millions"]) * 1e6) < 1


@pytest.mark.data
def test_transnas_parameters_and_macs() -> None:
    """Likewise; the classifier has 63 classes, as the parameters say."""
    for row in some(table("transnas_micro_class_scene.csv"), 30):
        graph = transnas(row["arch"])
        assert learnable(graph) == round(float(row["params"]) * 1e6)
        assert 0.85 < macs(graph) / (float(row["flops"]) * 1e6) < 1


@pytest.mark.data
def test_channel_bench_parameters_and_macs() -> None:
    for row in some(table("channel_bench_resnet.csv"), 50):
        graph = channel_resnet(row["arch"])
        assert learnable(graph) == int(row["params"])
        assert macs(graph) == int(row["flops"])


@pytest.mark.data
def test_mobilenet_parameters_and_macs() -> None:
    """Published rounded; v1_0.25_192's 34 M and v1_0.75's are off by themselves (30.2 M, 3 %)."""
    for row in table("mobilenets_imagenet.csv"):
        graph = mobilenet(row["arch"])
        assert abs(learnable(graph) / (float(row["params_millions"]) * 1e6) - 1) < 0.011
        assert abs(macs(graph) / (float(row["macs_millions"]) * 1e6) - 1) < 0.12


@pytest.mark.data
def test_autoformer_parameters_and_macs() -> None:
    """Without the tables of relative positions: up to 0.7 % of parameters and 3 % of multiply-adds."""
    for row in some(table("autoformer_small_imagenet.csv"), 20):
        graph = autoformer(row["arch"])
        assert -0.008 < learnable(graph) / (float(row["params_millions"]) * 1e6) - 1 <= 0
        assert -0.035 < macs(graph) / (float(row["flops_millions"]) * 1e6) - 1 <= 0


@pytest.mark.data
def test_open_lm_parameters() -> None:
    for row in table("open_lm_grid.csv"):
        assert learnable(open_lm(row["arch"])) == int(row["params"])


@pytest.mark.data
def test_encoder_parameters() -> None:
    """The column is of width 256 and hidden layers of 1024 whatever the row says: rows that say so agree."""
    rows = [row for row in table("nas_bench_bert_glue.csv") if row["arch"].split("|")[1] == "256"]
    plain = [row for row in rows if all(part.startswith("SA-SDP") for part in row["arch"].split("|")[2:])]
    wide = [row for row in plain if all(part.split("-")[3] == "1024" for part in row["arch"].split("|")[2:])]
    for row in wide:
        # Token types, which no input of ours selects, are 2 x 128.
        assert learnable(encoder(row["arch"])) + 256 == int(row["number_of_parameters"])


@pytest.mark.data
def test_shared_lm_parameters() -> None:
    """The universal row's 121 M would take a wider embedding than the others have."""
    for row in table("sharing_language.csv"):
        name = ":".join(row[k] for k in ("order", "layers_with_parameters", "layers", "width", "heads"))
        if row["params_millions"] and row["model"] != "universal":
            found = learnable(shared_lm(name)) / 1e6
            assert abs(found / float(row["params_millions"]) - 1) < 0.02


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
