"""Time and memory of the core: the table of docs/benchmarks/core.md.

Run with ``python benchmarks/core.py``; every figure is taken in a process of its own, after imports.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

B0 = "paper:efficientnetv2-b0@224"
REPEATS = 21


def seconds(function: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def one_model(exact: bool) -> dict[str, float]:
    """B0 at 224: the first call of a process, and the medians of later ones."""
    import reprior

    results = []
    first = seconds(lambda: reprior.analyze(B0, preset="paper", exact=exact))
    for _ in range(REPEATS if not exact else 5):
        start = time.perf_counter()
        found = reprior.analyze(B0, preset="paper", exact=exact)
        described = found.seconds["trace"]
        results.append((time.perf_counter() - start - described, described))
    counting, describing = (statistics.median(times) for times in zip(*results, strict=True))
    return {"first": first, "describe": describing, "count_and_summarise": counting}


def paper_models(exact: bool) -> dict[str, float]:
    """The eight models of the paper's tables, each at its own image size."""
    import reprior
    from reprior.models import PAPER_MODELS

    def run() -> None:
        for name in PAPER_MODELS:
            reprior.analyze(f"paper:{name}", preset="paper", exact=exact)

    return {"models": len(PAPER_MODELS), "total": seconds(run)}


def _cell(job: tuple[str, str]) -> float:
    import reprior

    cell, weighting = job
    return reprior.analyze(f"nb201:{cell}", weighting=weighting).total_surprisal


def nasbench201(weighting: str, processes: int = 2) -> dict[str, float]:
    """Every network of NAS-Bench-201."""
    from reprior.models.nasbench201 import cells

    jobs = [(cell, weighting) for cell in cells()]
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        found = pool.map(_cell, jobs, chunksize=125)
    assert all(map(math.isfinite, found))
    return {"networks": len(jobs), "processes": processes, "total": time.perf_counter() - start}


def depth(exact: bool) -> dict[str, float]:
    """Chains of 5,000 and 10,000 convolutions: what twice the layers cost (the least of five, in turns)."""
    from reprior import Network
    from reprior.core.canonical import canonicalise
    from reprior.core.counting import count

    graphs = []
    for layers in (5_000, 10_000):
        net = Network()
        x = net.input(1000, 2)
        for _ in range(layers):
            x = net.conv(x, 1000, 3, padding=1)
        net.output(x)
        graphs.append(canonicalise(net.graph()))
    number = "exact" if exact else "scaled"
    repeats = 1 if exact else 5
    times = [[seconds(lambda g=graph: count(g, number=number)) for graph in graphs] for _ in range(repeats)]
    half, full = (min(column) for column in zip(*times, strict=True))
    return {"half": half, "full": full, "ratio": full / half}


MEASUREMENTS: dict[str, Callable[[], dict[str, float]]] = {
    "b0 scaled": lambda: one_model(False),
    "b0 exact": lambda: one_model(True),
    "paper scaled": lambda: paper_models(False),
    "paper exact": lambda: paper_models(True),
    "depth scaled": lambda: depth(False),
    "nb201 unit": lambda: nasbench201("unit"),
    "nb201 fan_in:1.0": lambda: nasbench201("fan_in:1.0"),
}


def measure(name: str) -> dict[str, float]:
    """One measurement in a fresh process, with the peak memory of that process and its children."""
    command = [sys.executable, __file__, "--measure", name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def usage() -> list[resource.struct_rusage]:
    """What this process and its children have used."""
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]


def cpu_seconds() -> float:
    """CPU time of this process and its children."""
    return sum(item.ru_utime + item.ru_stime for item in usage())


def peak_megabytes() -> float:
    """Largest resident size of this process or any child (interpreter and NumPy included)."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return max(item.ru_maxrss for item in usage()) / unit


Row = tuple[str, str, str]


def one_model_rows(number: str, item: dict[str, float], target: str) -> list[Row]:
    """EfficientNetV2-B0."""
    return [
        (
            f"EfficientNetV2-B0 at 224, {number}: count and summarise",
            _ms(item["count_and_summarise"]),
            target,
        ),
        ("the same: describe the model, before that", _ms(item["describe"]), ""),
        ("the same: everything, first call of a process", _ms(item["first"]), ""),
        ("the same: peak memory", _mb(item), "< 300 MB"),
    ]


def paper_rows(number: str, item: dict[str, float], target: str) -> list[Row]:
    """The eight models."""
    title = f"the {item['models']} models of the paper's tables, {number}"
    return [(title, _both(item), target), ("the same: peak memory", _mb(item), "< 300 MB")]


def nasbench_rows(weighting: str, item: dict[str, float], target: str) -> list[Row]:
    """NAS-Bench-201."""
    title = f"{item['networks']:,} networks of NAS-Bench-201, {weighting}, {item['processes']} processes"
    return [(title, _both(item), target), ("the same: peak memory of a process", _mb(item), "< 300 MB")]


def depth_rows(number: str, item: dict[str, float], target: str) -> list[Row]:
    """Chains of convolutions."""
    return [
        (f"chain of 10,000 convolutions, {number}: count", f"{item['full']:.2f} s", ""),
        ("the same: over a chain of 5,000", f"{item['ratio']:.2f}", target),
    ]


ROWS: dict[str, tuple[Callable[[str, dict[str, float], str], list[Row]], str]] = {
    "b0 scaled": (one_model_rows, "< 60 ms"),
    "b0 exact": (one_model_rows, "< 1,000 ms"),
    "paper scaled": (paper_rows, "< 1.5 s"),
    "paper exact": (paper_rows, "< 30 s"),
    "depth scaled": (depth_rows, "< 2.3"),
    "nb201 unit": (nasbench_rows, "< 120 s"),
    "nb201 fan_in:1.0": (nasbench_rows, "< 120 s"),
}


def table(found: dict[str, dict[str, float]]) -> str:
    """The figures beside their targets, as Markdown."""
    rows: list[Row] = [("measurement", "figure", "target"), ("---", "---:", "---:")]
    for name, item in found.items():
        make, target = ROWS[name]
        rows += make(name.partition(" ")[2], item, target)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _ms(value: float) -> str:
    return f"{value * 1e3:,.0f} ms"


def _mb(item: dict[str, float]) -> str:
    return f"{item['megabytes']:.0f} MB"


def _both(item: dict[str, float]) -> str:
    return f"{item['total']:.2f} s ({item['cpu']:.2f} s of CPU)"


def main() -> int:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(MEASUREMENTS), help="leave the others out")
    parser.add_argument("--json", type=Path, help="keep the figures here; those not measured again stay")
    parser.add_argument("--measure", choices=list(MEASUREMENTS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        import reprior  # noqa: F401 (imports are not measured)

        before = cpu_seconds()
        result = MEASUREMENTS[arguments.measure]()
        used = {"cpu": cpu_seconds() - before, "megabytes": peak_megabytes()}
        sys.stdout.write(json.dumps({**result, **used}))
        return 0
    found = {name: measure(name) for name in arguments.only or MEASUREMENTS}
    if arguments.json:
        known = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
        merged = {**known, **found}
        found = {name: merged[name] for name in MEASUREMENTS if name in merged}
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    sys.stdout.write(table(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
