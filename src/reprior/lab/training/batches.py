"""Where batches come from: loaded image by image, or prepared whole from images that lie on the device.

Both give the same distribution. Everything random follows from (seed, epoch, process).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader, RandomSampler

from .augmentation import augment
from .crops import central_boxes, draw_boxes, resize, whole_boxes
from .images import Images
from .recipe import Recipe
from .schedules import Stage
from .tensor_images import TensorImages
from .transforms import (
    Transformed,
    augmentation_policy,
    central_share,
    evaluation_transform,
    training_transform,
)

__all__ = ["Batches", "LoadedBatches", "TensorBatches", "batches_of", "seed_of"]

Batch = tuple[torch.Tensor, torch.Tensor]

_AT_ONCE = 512
"""Images prepared together, at least: an operation costs about as much for one image as for many."""


def seed_of(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])


class Batches(Protocol):
    """A process's share of all batches, on its device: images scaled to [-1, 1], and their classes."""

    def training(self, epoch: int, stage: Stage) -> Iterator[Batch]:
        """The whole batches of an epoch, in an order of its own."""
        ...

    def evaluation(self) -> Iterator[Batch]:
        """The evaluation images."""
        ...

    def count(self, hits: torch.Tensor) -> tuple[int, int]:
        """How many of all processes' hits in a batch are true, and how many there are, each image once."""
        ...


def batches_of(images: Images, recipe: Recipe, accelerator: Accelerator) -> Batches:
    """The batches of images, wherever they lie."""
    if isinstance(images.train, TensorImages):
        return TensorBatches(images, recipe, accelerator)
    return LoadedBatches(images, recipe, accelerator)


class LoadedBatches:
    """Images loaded one by one, by processes of their own where the recipe wants any."""

    def __init__(self, images: Images, recipe: Recipe, accelerator: Accelerator) -> None:
        self.images = images
        self.recipe = recipe
        self.accelerator = accelerator

    def training(self, epoch: int, stage: Stage) -> Iterator[Batch]:
        images = Transformed(
            self.images.train, training_transform(self.recipe.data, stage.size, stage.magnitude)
        )
        order = torch.Generator().manual_seed(seed_of(self.recipe.training.seed, epoch))
        yield from self._loader(images, sampler=RandomSampler(images, generator=order), drop_last=True)

    def evaluation(self) -> Iterator[Batch]:
        yield from self._loader(Transformed(self.images.evaluation, evaluation_transform(self.recipe.data)))

    def count(self, hits: torch.Tensor) -> tuple[int, int]:
        found = self.accelerator.gather_for_metrics(hits)
        return int(found.sum()), found.numel()

    def _loader(self, images: Transformed, **options: Any) -> DataLoader[Any]:
        loader = DataLoader(
            images,
            self.recipe.training.batch_size // self.accelerator.num_processes,
            num_workers=self.recipe.training.workers,
            pin_memory=self.accelerator.device.type == "cuda",
            **options,
        )
        prepared = self.accelerator.prepare_data_loader(loader)
        assert isinstance(prepared, DataLoader)
        return prepared


class TensorBatches:
    """Images that lie on the device, cropped, flipped and augmented there, many at once."""

    def __init__(self, images: Images, recipe: Recipe, accelerator: Accelerator) -> None:
        self.train: TensorImages = images.train.to(accelerator.device)
        self.held_out: TensorImages = images.evaluation.to(accelerator.device)
        self.recipe = recipe
        self.accelerator = accelerator

    def training(self, epoch: int, stage: Stage) -> Iterator[Batch]:
        settings, process = self.recipe.training, self.accelerator.process_index
        order = torch.Generator().manual_seed(seed_of(settings.seed, epoch))
        generator = torch.Generator().manual_seed(seed_of(settings.seed, epoch, process))
        share = settings.batch_size // self.accelerator.num_processes
        steps = len(self.train) // settings.batch_size
        chosen = torch.randperm(len(self.train), generator=order)[: steps * settings.batch_size]
        # Step, process, image: each process has its part of every batch.
        own = chosen.reshape(steps, -1, share)[:, process]
        at_once = max(_AT_ONCE // share, 1)
        for first in range(0, steps, at_once):
            places = own[first : first + at_once].reshape(-1).to(self.train.pixels.device)
            pixels = self._prepare(self.train.pixels[places], stage, generator)
            yield from zip(pixels.split(share), self.train.labels[places].split(share), strict=True)

    def evaluation(self) -> Iterator[Batch]:
        data, images = self.recipe.data, self.held_out
        processes, process = self.accelerator.num_processes, self.accelerator.process_index
        many, _, height, width = images.pixels.shape
        share = central_share(data)
        for places in torch.arange(many).split(self.recipe.training.batch_size):
            # Each process sees its part of every batch, which may be empty in the last.
            pixels = images.pixels[places[process::processes]]
            if share is None:
                boxes = whole_boxes(len(pixels), height, width)
            else:
                boxes = central_boxes(len(pixels), height, width, share)
            labels = images.labels[places[process::processes]]
            yield _scaled(resize(pixels, boxes, data.eval_size)), labels

    def count(self, hits: torch.Tensor) -> tuple[int, int]:
        both = torch.tensor([int(hits.sum()), hits.numel()], device=self.accelerator.device)
        right, many = self.accelerator.reduce(both, "sum").tolist()
        return right, many

    def _prepare(self, pixels: torch.Tensor, stage: Stage, generator: torch.Generator) -> torch.Tensor:
        data = self.recipe.data
        many, _, height, width = pixels.shape
        draw = draw_boxes(many, height, width, generator) if data.crop else None
        flip = torch.rand(many, generator=generator) < 0.5 if data.flip else None
        result = resize(pixels, draw or whole_boxes(many, height, width), stage.size, flip)
        policy = augmentation_policy(data, stage.size, stage.magnitude)
        return _scaled(result if policy is None else augment(result, policy))


def _scaled(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.sub_(128).div_(128)
