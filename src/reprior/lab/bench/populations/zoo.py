"""Models of many families: timm."""

from __future__ import annotations

from ..benchmark import Benchmark

__all__ = ["ZOO"]

ZOO = (
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
        because="it is a selection of rows of a file that changes from release to release",
    ),
)
