"""Convolutional networks of one space each: NAS-Bench-Macro, MnasNets, MobileNets, Channel-Bench."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

from ..benchmark import Benchmark, Source
from ..columns import table

__all__ = ["NETWORKS", "macro", "mnasnet", "mobilenets"]


def macro(files: Mapping[str, bytes]) -> str:
    """All networks; a leading ``a`` keeps their digits from being read as a number."""
    networks = json.loads(files["networks"])
    keys = ("mean_acc", "std", "params", "flops")
    lines = [[f"a{arch}", *(values[key] for key in keys)] for arch, values in sorted(networks.items())]
    return table(["arch", *keys], lines)


def mnasnet(files: Mapping[str, bytes]) -> str:
    """An archive of one ``result_NUMBER.json`` a network, by number.

    ``architecture`` has expansion, kernel, layers and squeezing of seven blocks (``block0_e``, ``_k``,
    ``_l``, ``_se``), ``metrics`` the accuracy. Where a network stands twice the first counts. The costs that
    the authors measured are left empty: only tests read them.
    """
    lines: list[list[object]] = []
    for record in _archived(files["archive"]):
        settings, metrics = record["architecture"], record["metrics"]
        blocks = [[settings[f"block{k}_{key}"] for key in ("e", "k", "l")] for k in range(7)]
        squeezed = [int(str(settings[f"block{k}_se"]) == "True") for k in range(7)]
        arch = "_".join(
            ".".join(map(str, (*block, gate))) for block, gate in zip(blocks, squeezed, strict=True)
        )
        lines.append([arch, metrics["val_top1"], metrics["train_time"], "", ""])
    return table(["arch", "val_top1", "train_time", "macs_millions", "params_millions"], lines)


def _archived(data: bytes) -> Iterator[Any]:
    """The JSON records of a compressed archive, by the numbers in their names."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        found = []
        for member in archive:
            number = re.search(r"result_(\d+)\.json$", member.name)
            content = archive.extractfile(member) if number and member.isfile() else None
            if number and content is not None:
                found.append((int(number[1]), json.load(content)))
    return (record for _, record in sorted(found, key=lambda item: item[0]))


_MOBILENET = re.compile(r"\[mobilenet_(v[12])_([\d.]+)_(\d+)\]\([^)]*\)", re.IGNORECASE)


def mobilenets(files: Mapping[str, bytes]) -> str:
    """Lists of checkpoints on two Markdown pages: multiply-adds, parameters, top-1; not the quantised."""
    lines: list[list[object]] = []
    for page in ("v1", "v2"):
        for text in files[page].decode("utf-8").splitlines():
            name, *cells = (cell.strip() for cell in text.strip().strip("|").split("|"))
            found = _MOBILENET.fullmatch(name)
            if found is not None:
                version, width, size = found[1].lower(), float(found[2]), found[3]
                macs, parameters, top1 = cells[:3]
                lines.append([f"{version}_{width}_{size}", top1, version, macs, parameters])
    return table(["arch", "top1", "version", "macs_millions", "params_millions"], lines)


_RAW = "https://raw.githubusercontent.com"
_MACRO = f"{_RAW}/xiusu/NAS-Bench-Macro/master/data"
_SLIM = f"{_RAW}/tensorflow/models/{{}}/research/slim/nets"

NETWORKS = (
    Benchmark(
        name="macro",
        title="NAS-Bench-Macro, CIFAR-10",
        file="nasbench_macro_cifar10.csv",
        origin="github.com/xiusu/NAS-Bench-Macro (Apache-2.0): mean test accuracy of three runs",
        spec="arch",
        accuracy="mean_acc",
        prefix="macro:",
        kind="networks",
        digest="56c85793da50b4e9a66451f58c9ceadcae40269f7937f51c46078ad06b44f672",
        source=Source({"networks": f"{_MACRO}/nas-bench-macro_cifar10.json"}, macro),
    ),
    Benchmark(
        name="mnasnet",
        title="MnasNets of Accel-NASBench, ImageNet",
        file="accel_nasbench_imagenet.csv",
        origin="github.com/afzalxo/Accel-NASBench (Apache-2.0): top-1 of short training",
        spec="arch",
        accuracy="val_top1",
        prefix="mnasnet:",
        digest="3dc1bca67cc7e43df554639c82f35978d8708f12cbf5f9c36f75573eacb06ab6",
        extra=("params_millions", "macs_millions"),
        kind="networks",
        source=Source(
            {
                "archive": f"{_RAW}/afzalxo/Accel-NASBench/dcd4d726b33197dd9bc3d74a20393013398600ae"
                "/anb_dataset/anb_dataset_jsons.tar.gz"
            },
            mnasnet,
        ),
    ),
    Benchmark(
        name="mobilenets",
        title="MobileNets v1 and v2, ImageNet",
        file="mobilenets_imagenet.csv",
        origin="github.com/tensorflow/models, slim (Apache-2.0): published top-1",
        spec="arch",
        accuracy="top1",
        prefix="mobilenet:",
        digest="8dddf2d12b49ce755f81af1e411f0530bea907a775bef593652be862c47860bf",
        extra=("params_millions", "macs_millions"),
        kind="networks",
        source=Source(
            {
                "v1": _SLIM.format("02c04f49a188ba9a515100a3375a6359f3fffef1") + "/mobilenet_v1.md",
                "v2": _SLIM.format("0ba83cf0211401a8505505276c59418f15338d31") + "/mobilenet/README.md",
            },
            mobilenets,
        ),
    ),
    Benchmark(
        name="channels",
        title="Channel-Bench ResNets, CIFAR-10",
        file="channel_bench_resnet.csv",
        origin="github.com/mingkai-zheng/GENIUS (no licence file: --data alone): mean accuracy",
        spec="arch",
        accuracy="mean_acc",
        prefix="channels:",
        digest="4f7aca847deb3a92698fc9d2cc33be73b2c343353ff858a95c73cd97c9211403",
        extra=("params", "flops"),
        kind="networks",
        because="the repository has no licence file",
    ),
)
