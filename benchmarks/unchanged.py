"""What a move of the source must leave alone: digests of the JSON of sixty models.

    python benchmarks/unchanged.py           compare with the table; 1 if a digest differs
    python benchmarks/unchanged.py --write   write it anew, after a change that is meant to change figures
    python benchmarks/unchanged.py --json D  also keep each model's JSON in a folder, for diff

A digest is taken of `Analysis.to_dict`, less the seconds it took. The table is `unchanged.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import reprior

TABLE = Path(__file__).with_suffix(".json")

PAPER = [
    "paper:efficientnetv2-b0@64",
    "paper:efficientnetv2-b3@96",
    "paper:efficientnetv2-s@128",
    "paper:resnet50@64",
    "paper:figure2a",
    "paper:figure2b",
    "paper:figure3a",
    "paper:figure3b",
    "paper:figure3c",
]
SPACES = [
    "nb201:|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|",
    "macro:01201201",
    "channels:a1234123",
]
TIMM = [
    "resnet18", "resnext50_32x4d", "seresnet50", "densenet121", "mobilenetv2_100", "mobilenetv3_small_100",
    "efficientnet_b0", "tf_efficientnetv2_b0", "regnety_002", "ghostnet_100", "convnext_atto",
    "convnextv2_atto", "vit_tiny_patch16_224", "deit_tiny_patch16_224", "swin_tiny_patch4_window7_224",
    "swinv2_tiny_window8_256", "mixer_s32_224", "poolformer_s12", "mobilevit_xxs", "edgenext_xx_small",
    "gmlp_s16_224", "resmlp_12_224", "levit_128s", "coat_lite_tiny", "pvt_v2_b0", "efficientformer_l1",
    "fastvit_t8", "repvgg_a0", "cait_xxs24_224", "crossvit_tiny_240", "beit_base_patch16_224",
    "nfnet_f0", "res2net50_26w_4s", "vgg11", "inception_v3",
]  # fmt: skip
TORCHVISION = [
    "alexnet", "googlenet", "shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5", "swin_t", "maxvit_t",
    "lraspp_mobilenet_v3_large",
]  # fmt: skip
HF = ["bert", "gpt2", "llama", "t5", "mamba"]

MODELS = [
    *PAPER,
    *SPACES,
    *(f"timm:{name}" for name in TIMM),
    *(f"torchvision:{name}" for name in TORCHVISION),
]
MODELS += [f"hf:{name}" for name in HF]


def content(spec: str) -> str:
    """The JSON of a model, less what differs from run to run."""
    data = reprior.analyze(spec).to_dict()
    del data["seconds"]
    return json.dumps(data, indent=1, allow_nan=False)


def digest(text: str) -> str:
    """Of the JSON of a model."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("models", nargs="*")
    given = parser.parse_args()
    found = {}
    known = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    for spec in given.models or MODELS:
        try:
            text = content(spec)
        except reprior.RepriorError as error:
            text = str(error)
        found[spec] = digest(text)
        if given.json:
            given.json.mkdir(parents=True, exist_ok=True)
            (given.json / f"{re.sub('[^a-zA-Z0-9_]+', '-', spec)}.json").write_text(text)
        if not given.write and known.get(spec) != found[spec]:
            print(f"{spec}: {known.get(spec)} was, {found[spec]} is")
    if given.write:
        TABLE.write_text(json.dumps(known | found if given.models else found, indent=1) + "\n")
        return 0
    changed = sum(known.get(spec) != value for spec, value in found.items())
    print(f"{len(found)} models, {changed} changed")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main())
