"""From the published files of a benchmark to its table."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping

__all__ = ["macro", "nasbench201"]

_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
"""The operations by the numbers that the published files give them."""


def nasbench201(files: Mapping[str, bytes]) -> str:
    """All cells with accuracy; proxies for those that the benchmark's authors count as unique.

    Cells are published as six numbers: the operations into node 1 from 0, 2 from 0, 3 from 0, 2 from 1,
    3 from 1, 3 from 2.
    """
    unique = {row["net"] for row in _rows(files["unique"])}
    proxies = {row["net"]: row for row in _rows(files["proxies"])}
    names = sorted(set(next(iter(proxies.values()))) - {"", "net", "net_str"})
    lines = []
    for row in _rows(files["accuracies"]):
        net = row["net"]
        known = proxies.get(net, {}) if net in unique else {}
        values = [known.get(name, "") for name in names]
        lines.append([_cell(ast.literal_eval(net)), row["val_accs"], int(net in unique), *values])
    return _csv(
        ["arch", "cifar10_val_acc", "reachable", *names], sorted(lines, key=lambda line: str(line[0]))
    )


def _cell(operations: tuple[int, ...]) -> str:
    a, b, d, c, e, f = (_OPERATIONS[number] for number in operations)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


def macro(files: Mapping[str, bytes]) -> str:
    """All networks; a leading ``a`` keeps their digits from being read as a number."""
    networks = json.loads(files["networks"])
    keys = ("mean_acc", "std", "params", "flops")
    lines = [[f"a{arch}", *(values[key] for key in keys)] for arch, values in sorted(networks.items())]
    return _csv(["arch", *keys], lines)


def _rows(data: bytes) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(data.decode("utf-8")))


def _csv(header: list[str], lines: Iterable[list[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()
