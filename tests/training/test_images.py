"""Images: what is absent, damaged or wrong; what the transforms make of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reprior.lab.training import DataError, load_images, load_recipe
from reprior.lab.training.transforms import evaluation_transform, training_transform

DIGITS = load_recipe("digits").data
CIFAR = load_recipe("cifar10").data
IMAGENET = load_recipe("imagenet").data


def test_digits_are_real_and_split_evenly() -> None:
    images = load_images(replace(DIGITS, train_images=None))
    assert (len(images.train), len(images.evaluation)) == (900, 897)
    for part in images:
        counts = np.bincount([label for _, label in part], minlength=10)
        assert counts.min() > 80
    pixels = {np.asarray(image).tobytes() for image, _ in images.train}
    shared = sum(np.asarray(image).tobytes() in pixels for image, _ in images.evaluation)
    assert shared == 0


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_absent_cifar(tmp_path: Path, name: str) -> None:
    data = load_recipe(name).data
    with pytest.raises(DataError, match=rf"'{name}' needs a folder: give --data DIR"):
        load_images(data)
    with pytest.raises(DataError, match="absent or damaged; --download fetches it"):
        load_images(data, tmp_path)
    assert not list(tmp_path.iterdir())


def test_damaged_cifar(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(b"not CIFAR")
    with pytest.raises(DataError, match="absent or damaged"):
        load_images(CIFAR, tmp_path)
    assert (folder / "data_batch_1").read_bytes() == b"not CIFAR"


def _folder(path: Path, classes: dict[str, int], size: int = 40) -> None:
    for name, many in classes.items():
        (path / name).mkdir(parents=True)
        for k in range(many):
            Image.new("RGB", (size + k, size), (40 * k, 10, 20)).save(path / name / f"{k}.png")


def test_an_imagenet_folder(tmp_path: Path) -> None:
    _folder(tmp_path / "train", {"n01": 3, "n02": 2})
    _folder(tmp_path / "val", {"n01": 1, "n02": 1})
    images = load_images(replace(IMAGENET, classes=2), tmp_path)
    assert (len(images.train), len(images.evaluation)) == (5, 2)
    with pytest.raises(DataError, match="'imagenet' has 2 classes, the recipe wants 1000"):
        load_images(IMAGENET, tmp_path)
    with pytest.raises(DataError, match="has 5 training images, not 6"):
        load_images(replace(IMAGENET, classes=2, train_images=6), tmp_path)


def test_bad_imagenet_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="needs a folder with train and val"):
        load_images(IMAGENET)
    with pytest.raises(DataError, match="there is no folder"):
        load_images(IMAGENET, tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"'imagenet' in .*train"):
        load_images(IMAGENET, tmp_path)
    _folder(tmp_path / "train", {"n01": 1, "n02": 1})
    _folder(tmp_path / "val", {"n01": 1, "n03": 1})
    with pytest.raises(DataError, match="different classes"):
        load_images(IMAGENET, tmp_path)


def test_unknown_and_miscounted_sets() -> None:
    with pytest.raises(DataError, match=r"unknown data set 'digit'; did you mean|unknown data set 'digit'"):
        load_images(replace(DIGITS, name="digit"))
    with pytest.raises(DataError, match="'digits' has 10 classes, the recipe wants 12"):
        load_images(replace(DIGITS, classes=12))


def test_values_go_from_minus_one_to_one() -> None:
    image = Image.fromarray(np.array([[[0, 128, 255]]], dtype=np.uint8))
    found = evaluation_transform(replace(DIGITS, eval_size=1))(image)
    assert found.flatten().tolist() == [-1.0, 0.0, 127 / 128]


def test_evaluation_crops_the_centre_of_small_images_only() -> None:
    image = Image.new("RGB", (256, 256), (0, 0, 0))
    image.paste((255, 255, 255), (16, 16, 240, 240))  # the central 224 pixels
    small = evaluation_transform(replace(CIFAR, eval_size=224))(image)
    assert small.shape == (3, 224, 224)
    assert small.min() == 127 / 128
    large = evaluation_transform(replace(CIFAR, eval_size=384))(image)
    assert large[0, 0, 0] == -1


@pytest.mark.parametrize("augment", ["none", "autoaugment", "randaugment"])
def test_training_transforms_change_images_and_follow_the_seed(augment: str) -> None:
    import random

    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    transform = training_transform(replace(CIFAR, augment=augment), 24, 9.0)
    drawn = []
    for seed in (0, 0, 1):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        drawn.append(torch.stack([transform(image) for _ in range(8)]))
    assert drawn[0].shape == (8, 3, 24, 24)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
