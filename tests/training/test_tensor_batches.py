"""Batches prepared on the device against images prepared one by one: equal, or equal in distribution."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from PIL import Image
from scipy import stats
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from reprior.lab.training import load_recipe
from reprior.lab.training.augmentation import _COLOURS, _PLANE, _apply
from reprior.lab.training.batches import LoadedBatches, TensorBatches
from reprior.lab.training.crops import Boxes, draw_boxes, resize, whole_boxes
from reprior.lab.training.images import Images
from reprior.lab.training.schedules import Stage
from reprior.lab.training.tensor_images import TensorImages
from reprior.lab.training.transforms import augmentation_policy


def _pixels(many: int = 24, size: int = 32) -> torch.Tensor:
    """Smooth random images: coarse noise, enlarged."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand((many, 3, 6, 6), generator=generator) * 255
    return torch.nn.functional.interpolate(coarse, size=size, mode="bicubic").clamp(0, 255).byte()


def _pil(pixels: torch.Tensor) -> list[Image.Image]:
    return [Image.fromarray(one.permute(1, 2, 0).numpy()) for one in pixels]


def _tensor(images: list[Image.Image]) -> torch.Tensor:
    return torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image in images]).float()


@pytest.mark.parametrize(("size", "out"), [(32, 32), (32, 20), (32, 48), (40, 13), (9, 32)])
def test_resizing_is_pils(size: int, out: int) -> None:
    pixels = _pixels(size=size)
    found = resize(pixels, whole_boxes(len(pixels), size, size), out)
    wanted = _tensor([image.resize((out, out), Image.Resampling.BILINEAR) for image in _pil(pixels)])
    assert (found - wanted).abs().max() <= 2  # PIL computes in integers, and rounds twice
    assert (found - wanted).abs().mean() < 0.15


def test_crops_and_flips_are_torchvisions() -> None:
    pixels = _pixels()
    boxes = draw_boxes(len(pixels), 32, 32, torch.Generator().manual_seed(3))
    flip = torch.arange(len(pixels)) % 2 == 0
    found = resize(pixels, boxes, 24, flip)
    wanted = []
    for image, flipped, *box in zip(_pil(pixels), flip, *boxes, strict=True):
        cut = transforms.functional.resized_crop(
            image, *(int(side) for side in box), [24, 24], InterpolationMode.BILINEAR
        )
        wanted.append(transforms.functional.hflip(cut) if flipped else cut)
    assert (found - _tensor(wanted)).abs().max() <= 1


@pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 60), (90, 10)])
def test_boxes_have_torchvisions_distribution(height: int, width: int) -> None:
    """Kolmogorov and Smirnov's test of every side and place, over 4,000 draws each."""
    torch.manual_seed(1)
    image = torch.zeros(3, height, width)
    draws = [transforms.RandomResizedCrop.get_params(image, [0.05, 1.0], [3 / 4, 4 / 3]) for _ in range(4000)]
    own = draw_boxes(4000, height, width, torch.Generator().manual_seed(2))
    assert len(Boxes._fields) == 4
    for mine, theirs in zip(own, zip(*draws, strict=True), strict=True):
        assert stats.ks_2samp(mine.numpy(), np.array(theirs), method="asymp").pvalue > 1e-3
    assert (own.top >= 0).all() and (own.top + own.height <= height).all()
    assert (own.left >= 0).all() and (own.left + own.width <= width).all()


ARGUMENTS = {
    "Posterize": [(0,), (2,), (4,)],
    "Solarize": [(0,), (77,), (256,)],
    "SolarizeAdd": [(0,), (66,), (110,)],
    "Color": [(0.1,), (1.0,), (1.9,)],
    "Contrast": [(0.1,), (1.9,)],
    "Brightness": [(0.1,), (1.9,)],
    "Sharpness": [(0.1,), (1.9,)],
    "AutoContrast": [()],
    "Equalize": [()],
    "Invert": [()],
    "ShearX": [(0.3,), (-0.1,)],
    "ShearY": [(0.3,), (-0.1,)],
    "TranslateXRel": [(0.4,), (-0.11,)],
    "TranslateYRel": [(0.4,), (-0.11,)],
    "Rotate": [(30.0,), (-12.0,)],
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_operations_are_timms(name: str) -> None:
    """Colours to one level; moves to a few levels on average, since PIL's cubic filter is another one."""
    operations = {
        operation.name: operation
        for augment in ("randaugment", "autoaugment")
        for operation in _all_operations(augment)
    }
    known = operations.get(name) or operations[f"{name}Increasing"]
    pixels = _pixels()
    for arguments in ARGUMENTS[name]:
        random.seed(0)
        found = pixels.float()
        _apply(found, [(name, arguments)] * len(pixels))
        wanted = _tensor([known.aug_fn(image, *arguments, **known.kwargs) for image in _pil(pixels)])
        error = (found - wanted).abs()
        if name in _COLOURS:
            assert error.mean() < 1.1 and error.quantile(0.999) <= 3, (name, arguments)
        else:
            assert name in _PLANE
            assert error.mean() < 4 and error.median() <= 2, (name, arguments)
            assert ((found == 128) == (wanted == 128)).float().mean() > 0.98  # what is filled


def _all_operations(augment: str) -> list:
    policy = augmentation_policy(replace(load_recipe("cifar10").data, augment=augment), 32, 9.0)
    return list(policy.ops) if hasattr(policy, "ops") else [one for part in policy.policy for one in part]


def test_every_operation_of_the_policies_is_known() -> None:
    for augment in ("autoaugment", "randaugment"):
        for operation in _all_operations(augment):
            assert operation.name in _COLOURS or operation.name in _PLANE


@pytest.mark.parametrize("augment", ["none", "autoaugment", "randaugment"])
@pytest.mark.parametrize("crop", [False, True])
def test_batches_have_the_loaders_distribution(augment: str, crop: bool) -> None:
    """Mean, spread and roughness of the images; the same images in the same order."""
    pixels = _pixels(512)
    labels = torch.arange(512)
    changes = [f"data.augment={augment}", f"data.crop={str(crop).lower()}", "training.batch_size=64"]
    recipe = load_recipe("cifar10-small", changes)
    loaded = Images(list(zip(_pil(pixels), labels.tolist(), strict=True)), [])
    tensors = Images(TensorImages(pixels, labels), TensorImages(pixels, labels))
    found = [
        _statistics(make(images, recipe, Accelerator(cpu=True)))
        for make, images in ((LoadedBatches, loaded), (TensorBatches, tensors))
    ]
    (order, *theirs), (own_order, *mine) = found
    assert sorted(own_order) == sorted(order) == labels.tolist()
    for mine_one, theirs_one in zip(mine, theirs, strict=True):
        assert stats.ks_2samp(mine_one, theirs_one).pvalue > 1e-3


def _statistics(
    batches: LoadedBatches | TensorBatches,
) -> tuple[list[int], np.ndarray, np.ndarray, np.ndarray]:
    random.seed(5)
    np.random.seed(5)
    torch.manual_seed(5)
    every = list(batches.training(0, Stage(0, 1, 32, 9.0)))
    images = torch.cat([images for images, _ in every])
    assert images.min() >= -1 and images.max() <= 1 and images.dtype is torch.float32
    rough = (images[..., 1:] - images[..., :-1]).abs().mean((1, 2, 3))
    flat = images.flatten(1)
    order = torch.cat([labels for _, labels in every]).tolist()
    return order, flat.mean(1).numpy(), flat.std(1).numpy(), rough.numpy()


def test_evaluation_sees_every_image_once_and_as_it_is() -> None:
    pixels = _pixels(50)
    images = TensorImages(pixels, torch.arange(50))
    recipe = load_recipe("cifar10-small", ["training.batch_size=16"])
    batches = TensorBatches(Images(images, images), recipe, Accelerator(cpu=True))
    every = list(batches.evaluation())
    assert torch.cat([labels for _, labels in every]).tolist() == list(range(50))
    assert torch.equal(torch.cat([part for part, _ in every]), (pixels.float() - 128) / 128)
    assert batches.count(torch.tensor([True, False, True])) == (2, 3)


def test_evaluation_of_large_images_crops_their_centre_as_the_loader_does() -> None:
    pixels = _pixels(8, size=40)
    recipe = load_recipe("cifar10", ["data.eval_size=64", "training.workers=0"])
    loaded = Images([], list(zip(_pil(pixels), range(8), strict=True)))
    tensors = Images(TensorImages(pixels, torch.arange(8)), TensorImages(pixels, torch.arange(8)))
    ((theirs, _),) = LoadedBatches(loaded, recipe, Accelerator(cpu=True)).evaluation()
    ((mine, _),) = TensorBatches(tensors, recipe, Accelerator(cpu=True)).evaluation()
    assert (mine - theirs).abs().max() <= 1 / 128
