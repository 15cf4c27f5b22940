"""From a PIL image to what the network is fed, as EfficientNetV2's code prepares it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from timm.data.auto_augment import (
    AutoAugment,
    RandAugment,
    auto_augment_transform,
    rand_augment_transform,
)
from torch.utils.data import Dataset
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from .recipe import Data

__all__ = [
    "Transformed",
    "augmentation_policy",
    "central_share",
    "evaluation_transform",
    "training_transform",
]

Transform = Callable[[Image.Image], Any]
"""From an image to what a network is fed."""

_BILINEAR = InterpolationMode.BILINEAR


class Transformed(Dataset[tuple[torch.Tensor, int]]):
    """A data set seen through a transform of its images."""

    def __init__(self, images: Any, transform: Transform) -> None:
        self.images = images
        self.transform = transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image, label = self.images[index]
        return self.transform(image.convert("RGB")), label


def training_transform(data: Data, size: int, magnitude: float) -> Transform:
    """Crop, flip, augment and scale to [-1, 1].

    Parameters
    ----------
    data : Data
    size : int
        Height and width that the network is fed, in this stage.
    magnitude : float
        Of RandAugment, in this stage.
    """
    steps: list[Any] = []
    if data.crop:
        steps.append(transforms.RandomResizedCrop(size, scale=(0.05, 1.0), interpolation=_BILINEAR))
    else:
        steps.append(transforms.Resize((size, size), interpolation=_BILINEAR))
    if data.flip:
        steps.append(transforms.RandomHorizontalFlip())
    policy = augmentation_policy(data, size, magnitude)
    return _Steps([*steps, *([] if policy is None else [policy]), _scaled])


def augmentation_policy(data: Data, size: int, magnitude: float) -> AutoAugment | RandAugment | None:
    """The policy of timm's that a recipe wants, for images of a size."""
    # What an operation leaves empty is filled with grey; shifts are in proportion to the image.
    settings = {"translate_const": round(size * 0.45), "img_mean": (128, 128, 128)}
    if data.augment == "none":
        return None
    if data.augment == "autoaugment":
        policy = auto_augment_transform("v0", settings)
        operations = [operation for part in policy.policy for operation in part]
    else:
        policy = rand_augment_transform(f"rand-m{magnitude:g}-n2", settings)
        operations = policy.ops
    for operation in operations:
        if operation.name.startswith("Posterize"):
            operation.aug_fn = _posterize
    return policy


def _posterize(image: Image.Image, bits: int, **settings: Any) -> Image.Image:
    """Keep so many bits of every value; none leaves black, which Pillow refuses to do."""
    return image.point(lambda value: value & (256 - 2 ** (8 - bits)))


def evaluation_transform(data: Data) -> Transform:
    """Central crop of the images below 320, resize, scale to [-1, 1]."""
    size, share = data.eval_size, central_share(data)
    steps: list[Any] = [] if share is None else [_CentralCrop(share)]
    steps.append(transforms.Resize((size, size), interpolation=_BILINEAR))
    return _Steps([*steps, _scaled])


def central_share(data: Data) -> float | None:
    """Of the shorter side, the share that the evaluated square has; None for whole images."""
    return data.eval_size / (data.eval_size + 32) if data.crop and data.eval_size < 320 else None


class _Steps:
    """One step after another."""

    def __init__(self, steps: list[Any]) -> None:
        self.steps = steps

    def __call__(self, image: Image.Image) -> Any:
        value: Any = image
        for step in self.steps:
            value = step(value)
        return value


class _CentralCrop:
    """The central square with a share of the shorter side."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, image: Image.Image) -> Image.Image:
        side = int(self.share * min(image.size))
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return image.crop((left, top, left + side, top + side))


def _scaled(image: Image.Image) -> torch.Tensor:
    """Values from -1 to 1, channels first."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    return (pixels.float() - 128) / 128
