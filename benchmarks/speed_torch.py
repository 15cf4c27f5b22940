"""Time of a whole analysis against common counters, in one process: the tables of docs/benchmarks/torch.md.

Run with ``python benchmarks/speed_torch.py`` (against FLOP counters) and ``python benchmarks/speed_torch.py
--size`` (models of 175 and 405 billion parameters).
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

MODELS = [
    "resnet50", "tf_efficientnetv2_s", "tf_efficientnetv2_l", "densenet121", "vit_base_patch16_224",
    "swin_tiny_patch4_window7_224", "convnext_base",
]  # fmt: skip
LARGEST = {
    "ViT": "vit_gigantic_patch14_224",
    "ConvNeXt": "convnextv2_huge",
    "Swin": "swinv2_cr_giant_384",
}
REPEATS = 5


def seconds(function: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def counters(module: Any, real: Any, size: tuple[int, ...]) -> dict[str, Callable[[], object]]:
    """The whole analysis and what it is compared with, each as a call."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    import reprior

    meta = torch.empty(1, *size, device="meta")
    example = torch.zeros(1, *size)

    def analysis() -> object:
        found = reprior.analyze(module, meta)
        return found.quantities, found.parameters

    def flop_counter() -> object:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(meta)
        return counter.get_total_flops()

    def fvcore() -> object:
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(real, example)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        return analysis.total()

    def torchinfo() -> object:
        from torchinfo import summary

        return summary(real, input_data=example, verbose=0, device="cpu")

    return {"reprior": analysis, "FlopCounterMode": flop_counter, "fvcore": fvcore, "torchinfo": torchinfo}


def compare() -> list[str]:
    """One row per model: medians of alternating calls, and their ratios."""
    import timm
    import torch

    rows = [
        "| model | reprior | FlopCounterMode (meta) | ratio "
        "| fvcore (CPU) | ratio | torchinfo (CPU) | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ratios: dict[str, list[float]] = {"FlopCounterMode": [], "fvcore": [], "torchinfo": []}
    for name in MODELS:
        with torch.device("meta"):
            module = timm.create_model(name).eval()
        real = timm.create_model(name).eval()
        calls = counters(module, real, module.default_cfg["input_size"])
        times: dict[str, list[float]] = {key: [] for key in calls}
        for repeat in range(REPEATS + 1):
            for key, call in calls.items():
                if repeat < 3 or key in ("reprior", "FlopCounterMode"):
                    times[key].append(seconds(call))
        medians = {key: statistics.median(taken[1:]) for key, taken in times.items()}
        own = medians.pop("reprior")
        cells = []
        for key, other in medians.items():
            ratios[key].append(own / other)
            cells += [f"{other:.3f} s", f"{own / other:.2f}"]
        rows.append(f"| {name} | {own:.3f} s | {' | '.join(cells)} |")
    middle = [f"| {statistics.median(values):.2f}" for values in ratios.values()]
    rows.append(f"| median | | {' | '.join(middle)} |")
    return rows


def largest() -> list[str]:
    """The largest timm models of three families, built and analysed."""
    import reprior

    reprior.analyze("timm:resnet10t")  # imports
    rows = ["| family | model | parameters | seconds |", "|---|---|---|---|"]
    for family, name in LARGEST.items():
        start = time.perf_counter()
        found = reprior.analyze(f"timm:{name}")
        taken = time.perf_counter() - start
        rows.append(f"| {family} | {name} | {found.num_parameters / 1e6:.0f} M | {taken:.2f} |")
    return rows


def giant(name: str) -> str:
    """One model of hundreds of billions of parameters, 8,192 tokens, in this process."""
    import transformers

    import reprior
    from reprior.frontends.torch import describe_module
    from reprior.frontends.torch.build import build

    if name == "GPT-3 175B":
        config = transformers.GPT2Config(
            n_embd=12288, n_layer=96, n_head=96, n_positions=8192, use_cache=False
        )
        cls = transformers.GPT2LMHeadModel
    else:
        config = transformers.LlamaConfig(
            vocab_size=128256, hidden_size=16384, intermediate_size=53248, num_hidden_layers=126,
            num_attention_heads=128, num_key_value_heads=8, max_position_embeddings=131072, use_cache=False,
        )  # fmt: skip
        cls = transformers.LlamaForCausalLM
    start = time.perf_counter()
    module = build(lambda: cls(config))
    built = time.perf_counter()
    found = reprior.analyze(describe_module(module, {"input_ids": (1, 8192)}, name=name))
    found.quantities  # noqa: B018 - what is counted, and not only described
    taken = time.perf_counter() - built
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    billions = found.num_parameters / 1e9
    return f"| {name} | {billions:.1f} B | {built - start:.1f} | {taken:.1f} | {memory:.2f} GB |"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="store_true", help="the giants and the largest timm models")
    parser.add_argument("--giant", help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.simplefilter("ignore")
    if args.giant:
        lines = [giant(args.giant)]
    elif args.size:
        lines = [
            "| model | parameters | built in s | analysed in s | peak resident |",
            "|---|---|---|---|---|",
        ]
        for name in ("GPT-3 175B", "Llama-3.1-405B"):  # each in a process of its own, for its memory
            command = [sys.executable, __file__, "--giant", name]
            lines += subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        lines += ["", *largest()]
    else:
        lines = compare()
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
