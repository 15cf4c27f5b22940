"""Vision transformers of the AutoFormer spaces."""

from __future__ import annotations

from ..benchmark import Benchmark

__all__ = ["TRANSFORMERS"]

TRANSFORMERS = (
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
        because="the repository has no licence file",
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
        because="it is published as a pickle, gt_results/gt_autoformer.pth",
    ),
)
