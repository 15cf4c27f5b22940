"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ...errors import SpecError
from ...naming import suggest
from .benchmark import Benchmark
from .populations.cells import CELLS
from .populations.language import LANGUAGE
from .populations.networks import NETWORKS
from .populations.transformers import TRANSFORMERS
from .populations.zoo import ZOO

__all__ = ["BENCHMARKS", "benchmark"]

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {item.name: item for item in (*CELLS, *NETWORKS, *ZOO, *TRANSFORMERS, *LANGUAGE)}
)


def benchmark(name: str) -> Benchmark:
    """The benchmark of that name, or of that table.

    Raises
    ------
    SpecError
        If there is none.
    """
    by_file = {item.file.removesuffix(".csv"): item for item in BENCHMARKS.values()}
    found = BENCHMARKS.get(name) or by_file.get(name.removesuffix(".csv"))
    if found is None:
        raise SpecError(f"there is no benchmark '{name}': {suggest(name, list(BENCHMARKS))}")
    return found
