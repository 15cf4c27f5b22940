"""The images to train on, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from torch.utils.data import Dataset, Subset
from torchvision import datasets

from ...naming import suggest
from .archive import is_archive, read_archive
from .errors import DataError
from .recipe import Data
from .tensor_images import TensorImages

__all__ = ["Images", "load_images"]


class Images(NamedTuple):
    """Pairs of a PIL image and a label, or `TensorImages`, for training and for evaluation."""

    train: Any
    evaluation: Any


class _InMemory(Dataset[tuple[Image.Image, int]]):
    def __init__(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], labels: np.ndarray[Any, Any]) -> None:
        self.images = [Image.fromarray(one).convert("RGB") for one in pixels]
        self.labels = [int(label) for label in labels]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return self.images[index], self.labels[index]


def load_images(data: Data, folder: Path | None = None, *, download: bool = False) -> Images:
    """The images of a recipe.

    Parameters
    ----------
    data : Data
    folder : Path, optional
        Where they are, or are to be downloaded to; or an archive of them (`reprior.lab.training.archive`).
        Digits and generated images need none.
    download : bool
        Fetch CIFAR from its public source; its checksums are verified, as they are without.

    Raises
    ------
    DataError
        If they are absent, damaged, too few or of another number of classes.
    """
    if data.name not in _LOADERS:
        raise DataError(f"unknown data set '{data.name}': {suggest(data.name, list(_LOADERS))}")
    load = _archive if folder is not None and is_archive(folder) else _LOADERS[data.name]
    images, classes = load(data, folder, download)
    if classes != data.classes:
        raise DataError(f"'{data.name}' has {classes} classes, the recipe wants {data.classes}")
    if data.train_images is None:
        return images
    if not 0 < data.train_images <= len(images.train):
        raise DataError(f"'{data.name}' has {len(images.train)} training images, not {data.train_images}")
    if isinstance(images.train, TensorImages):
        return Images(images.train.first(data.train_images), images.evaluation)
    return Images(Subset(images.train, range(data.train_images)), images.evaluation)


def _cifar(kind: Callable[..., Any], classes: int) -> Callable[[Data, Path | None, bool], tuple[Images, int]]:
    def load(data: Data, folder: Path | None, download: bool) -> tuple[Images, int]:
        if folder is None:
            raise DataError(f"'{data.name}' needs a folder: give --data DIR (and --download to fetch it)")
        try:
            both = [kind(str(folder), train=train, download=download) for train in (True, False)]
        except (OSError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if download else "absent or damaged; --download fetches it"
            raise DataError(f"'{data.name}' in '{folder}': {reason}") from error
        return Images(*(TensorImages.from_arrays(part.data, part.targets) for part in both)), classes

    return load


def _archive(data: Data, path: Path | None, download: bool) -> tuple[Images, int]:
    assert path is not None
    train, evaluation, classes = read_archive(path)
    return Images(train, evaluation), classes


def _imagenet(data: Data, folder: Path | None, download: bool) -> tuple[Images, int]:
    """Folders ``train`` and ``val`` of one folder a class; or the archives, verified and unpacked."""
    if folder is None:
        raise DataError("'imagenet' needs a folder with train and val in it: give --data DIR")
    if not folder.is_dir():
        raise DataError(f"'imagenet': there is no folder '{folder}'")
    try:
        if (folder / "ILSVRC2012_devkit_t12.tar.gz").exists():
            both = [datasets.ImageNet(str(folder), split=split) for split in ("train", "val")]
        else:
            both = [datasets.ImageFolder(str(folder / split)) for split in ("train", "val")]
    except (OSError, RuntimeError) as error:
        raise DataError(f"'imagenet' in '{folder}': {str(error).splitlines()[0]}") from error
    train, evaluation = both
    if train.classes != evaluation.classes:
        raise DataError(f"'imagenet' in '{folder}': train and val have different classes")
    return Images(train, evaluation), len(train.classes)


def _digits(data: Data, folder: Path | None, download: bool) -> tuple[Images, int]:
    """The 1,797 real digits of scikit-learn, half of them to train on; both halves have all classes alike."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError:
        raise DataError("digits need scikit-learn: pip install 'reprior[train]'") from None
    digits = load_digits()
    pixels = (digits.images * (255 / 16)).round().astype(np.uint8)
    parts = train_test_split(pixels, digits.target, test_size=897, stratify=digits.target, random_state=0)
    return Images(_InMemory(parts[0], parts[2]), _InMemory(parts[1], parts[3])), 10


def _generated(data: Data, folder: Path | None, download: bool) -> tuple[Images, int]:
    """Noise of the right shapes, to try a recipe out."""
    random = np.random.default_rng(0)
    many = data.train_images or 64
    pixels = random.integers(0, 256, (many + 16, data.train_size, data.train_size, 3), dtype=np.uint8)
    labels = np.arange(many + 16) % data.classes
    return Images(
        _InMemory(pixels[:many], labels[:many]), _InMemory(pixels[many:], labels[many:])
    ), data.classes


_LOADERS: dict[str, Callable[[Data, Path | None, bool], tuple[Images, int]]] = {
    "cifar10": _cifar(datasets.CIFAR10, 10),
    "cifar100": _cifar(datasets.CIFAR100, 100),
    "imagenet": _imagenet,
    "digits": _digits,
    "generated": _generated,
}
