"""What a search of the MBConv space finds, beside EfficientNetV2-B0: a table of docs/benchmarks/search.md.

    python benchmarks/search_found.py [--trials 10000] [--workers 2]

The best network within 8M parameters and 800M multiply-adds, its quantities and latency as the product counts
and measures them, and one epoch of training by its PyTorch code on scikit-learn's digits.
"""

from __future__ import annotations

import argparse
import time

import torch
from sklearn.datasets import load_digits

import reprior
from reprior.models.mbconv import mbconv
from reprior.registry import describe
from reprior.search import run, to_torch
from reprior.search.latency import Latency, latency_of

B0 = "mbconv:f1k3n1c16-f4k3n2c32-f4k3n2c48-m4k3n3c96-m6k3n5c112-m6k3n8c192"
LIMITS = {"params": "8M", "macs": "800M"}
SIZE, TEST, BATCH = 32, 297, 50
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--spec", help="a network that was found before: no search")
    given = parser.parse_args()
    best = given.spec
    if best is None:
        begun = time.perf_counter()
        best = run("mbconv", limits=LIMITS, trials=given.trials, seed=0, workers=given.workers).best.candidate
        print(f"{given.trials} trials: {time.perf_counter() - begun:.0f} s; {best}", flush=True)
    specs = (best, B0)
    # In turn, so that what else the machine does falls on both.
    times: dict[str, list[Latency]] = {spec: [] for spec in specs}
    for _ in range(ROUNDS):
        for spec in specs:
            times[spec].append(latency_of(None, describe(spec)))
    for spec in specs:
        found = reprior.analyze(spec)
        latency = sorted(times[spec], key=lambda one: one.median)[ROUNDS // 2]
        loss, accuracy, seconds = one_epoch(spec.removeprefix("mbconv:"))
        print(
            f"| `{spec}` | {found.utility:.2f} | {found.p_g:.4g} | {found.expected_spread:.2f} "
            f"| {found.num_parameters / 1e6:.2f}M | {found.costs.macs / 1e6:.0f}M | {found.costs.depth} "
            f"| {latency.median * 1e3:.1f} ± {latency.spread * 1e3:.1f} "
            f"| {loss[0]:.2f} to {loss[1]:.2f} | {100 * accuracy:.0f}% | {seconds:.0f} s |",
            flush=True,
        )


def one_epoch(text: str) -> tuple[tuple[float, float], float, float]:
    """Mean loss of the first and the last five batches, accuracy on digits left out, seconds."""
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16
    x = torch.nn.functional.interpolate(x, size=(SIZE, SIZE)).expand(-1, 3, -1, -1)
    y = torch.tensor(labels)
    torch.manual_seed(0)
    order = torch.randperm(len(x))
    train, test = order[TEST:], order[:TEST]
    module = to_torch(mbconv(text, size=SIZE, classes=10))
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)
    losses = []
    begun = time.perf_counter()
    module.train()
    for batch in train.split(BATCH):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(x[batch]), y[batch])
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    seconds = time.perf_counter() - begun
    # One epoch is 30 steps: running means of batch norms still hold the first ones. They are taken anew.
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None
    with torch.no_grad():
        for batch in train.split(BATCH):
            module(x[batch])
    module.eval()
    with torch.no_grad():
        accuracy = float((module(x[test]).argmax(1) == y[test]).float().mean())
    return (sum(losses[:5]) / 5, sum(losses[-5:]) / 5), accuracy, seconds


if __name__ == "__main__":
    main()
