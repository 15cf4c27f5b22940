"""How fast training images are prepared: on the device, many at once, against one by one.

    python benchmarks/training_batches.py

Prints microseconds of processor time an image for either way (one thread, noise of CIFAR-10's size), and
their ratio, for the settings of the CIFAR recipes at 32 pixels.
"""

from __future__ import annotations

import statistics
import time

import torch
import typer
from accelerate import Accelerator
from PIL import Image

from reprior.lab.training import load_recipe
from reprior.lab.training.batches import Batches, LoadedBatches, TensorBatches
from reprior.lab.training.images import Images
from reprior.lab.training.schedules import Stage
from reprior.lab.training.tensor_images import TensorImages

MANY, SIZE, REPEATS = 4096, 32, 5


def seconds(batches: Batches, epoch: int) -> float:
    """Processor time of one epoch."""
    start = time.process_time()
    for _ in batches.training(epoch, Stage(0, 1, SIZE, 10.0)):
        pass
    return time.process_time() - start


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    pixels = torch.randint(0, 256, (MANY, 3, SIZE, SIZE), dtype=torch.uint8)
    tensors = TensorImages(pixels, torch.zeros(MANY, dtype=torch.int64))
    one_by_one = [(Image.fromarray(one.permute(1, 2, 0).numpy()), 0) for one in pixels]
    typer.echo("| crop | augmentation | on the device [us] | one by one [us] | ratio |")
    typer.echo("| --- | --- | --: | --: | --: |")
    for crop in ("true", "false"):
        for augment in ("none", "autoaugment", "randaugment"):
            changes = [f"data.train_size={SIZE}", f"data.crop={crop}", f"data.augment={augment}"]
            recipe = load_recipe("cifar10", [*changes, "training.workers=0"])
            device = TensorBatches(Images(tensors, tensors), recipe, Accelerator(cpu=True))
            loaded = LoadedBatches(Images(one_by_one, one_by_one), recipe, Accelerator(cpu=True))
            pairs = [(seconds(device, k), seconds(loaded, k)) for k in range(REPEATS + 1)][1:]
            mine, theirs = (statistics.median(values) / MANY * 1e6 for values in zip(*pairs, strict=True))
            ratio = statistics.median(loader / own for own, loader in pairs)
            typer.echo(f"| {crop} | {augment} | {mine:.1f} | {theirs:.1f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
