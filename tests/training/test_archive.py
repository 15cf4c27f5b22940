"""Archives of images: what is in them, and what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reprior.lab.training import DataError, load_images, load_recipe
from tests.training.archives import arrays, write_archive

DATA = replace(load_recipe("cifar10-small").data, train_images=None)


def test_an_archive_has_the_images_and_their_classes(tmp_path: Path) -> None:
    images = load_images(DATA, write_archive(tmp_path / "images.npz"))
    assert images.train.pixels.shape == (200, 3, 12, 12)
    assert images.train.pixels.dtype is torch.uint8
    assert images.evaluation.labels.tolist() == [k % 10 for k in range(40)]
    # Classes are 19 levels apart; noise of 0 to 59 has mean 29.5, whatever JPEG makes of it.
    levels = images.train.pixels.float().mean((1, 2, 3)) - 29.5
    assert ((levels / 19).round() == images.train.labels).all()


def test_a_part_of_the_training_images(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "images.npz")
    assert len(load_images(replace(DATA, train_images=30), path).train) == 30
    with pytest.raises(DataError, match="has 200 training images, not 201"):
        load_images(replace(DATA, train_images=201), path)
    with pytest.raises(DataError, match="has 10 classes, the recipe wants 12"):
        load_images(replace(DATA, classes=12), path)


GOOD = arrays()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_ends": GOOD["train_ends"][:-1]}, "do not fit together"),
        ({"train_ends": GOOD["train_ends"][::-1]}, "do not fit together"),
        ({"test_labels": np.full(40, -1)}, "do not fit together"),
        ({"test_jpeg": np.zeros(0, np.uint8), "test_ends": np.zeros(0, int), "test_labels": np.zeros(0, int)},
         "do not fit together"),
        ({"train_jpeg": np.zeros_like(GOOD["train_jpeg"])}, "image 0 cannot be decoded"),
        ({"train_labels": np.array([{"pickled": "object"}] * 200)}, "cannot be read"),
        (arrays(size=16) | {name: GOOD[name] for name in GOOD if name.startswith("test")}, "different sizes"),
    ],
)  # fmt: skip
def test_archives_that_are_not_right(tmp_path: Path, changes: dict[str, np.ndarray], message: str) -> None:
    path = write_archive(tmp_path / "images.npz", **changes)
    with pytest.raises(DataError, match=message):
        load_images(DATA, path)


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_images(DATA, tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DataError, match="cannot be read"):
        load_images(DATA, tmp_path / "text.npz")
    np.savez(tmp_path / "other.npz", x=np.arange(3))
    with pytest.raises(DataError, match="it lacks train_jpeg"):
        load_images(DATA, tmp_path / "other.npz")
    with (tmp_path / "one.npz").open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(DataError, match="no archive of images but one array"):
        load_images(DATA, tmp_path / "one.npz")
    whole = write_archive(tmp_path / "whole.npz").read_bytes()
    (tmp_path / "part.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cannot be read"):
        load_images(DATA, tmp_path / "part.npz")
