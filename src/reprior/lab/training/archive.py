"""Images in one NumPy archive of JPEG files.

The archive has three arrays for each of ``train`` and ``test``: ``*_jpeg``, all files one after another
as bytes; ``*_ends``, where each of them ends; ``*_labels``, their classes from 0. It holds numbers alone:
nothing in it is unpickled.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from .errors import DataError
from .tensor_images import TensorImages

__all__ = ["is_archive", "read_archive"]

Arrays = dict[str, np.ndarray[Any, Any]]


def read_archive(path: Path) -> tuple[TensorImages, TensorImages, int]:
    """The training images, the evaluation images and the number of classes of an archive.

    Raises
    ------
    DataError
        If it cannot be read, or is not such an archive.
    """
    try:
        with path.open("rb") as stored:
            file = np.load(stored, allow_pickle=False)
            parts = [{kind: file[f"{part}_{kind}"] for kind in _KINDS} for part in ("train", "test")]
    except KeyError as error:
        raise DataError(f"'{path}' is no archive of images: it lacks {error.args[0].split()[0]}") from error
    except IndexError as error:
        raise DataError(f"'{path}' is no archive of images but one array") from error
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"'{path}' cannot be read: {reason}") from error
    train, test = (_images(part, path) for part in parts)
    if train.pixels.shape[1:] != test.pixels.shape[1:]:
        raise DataError(f"'{path}': training and test images are of different sizes")
    return train, test, int(max(train.labels.max(), test.labels.max())) + 1


_KINDS = ("jpeg", "ends", "labels")


def _images(part: Arrays, path: Path) -> TensorImages:
    """Decode one part; all its images have one size."""
    data, ends, labels = (part[kind].reshape(-1) for kind in _KINDS)
    starts = np.concatenate([[0], ends[:-1]])
    whole = len(ends) == len(labels) > 0 and data.dtype == np.uint8 and ends[-1] == len(data)
    if not whole or (ends <= starts).any() or labels.min() < 0:
        raise DataError(f"'{path}' is no archive of images: its files, ends and labels do not fit together")
    pixels = None
    for place, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        try:
            image = np.asarray(Image.open(io.BytesIO(data[start:end].tobytes())).convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise DataError(f"'{path}': image {place} cannot be decoded") from error
        if pixels is None:
            pixels = np.empty((len(ends), *image.shape), dtype=np.uint8)
        if image.shape != pixels.shape[1:]:
            raise DataError(f"'{path}': image {place} is of another size than the first")
        pixels[place] = image
    return TensorImages.from_arrays(pixels, labels)


def is_archive(path: Path | None) -> bool:
    """Whether a path is meant as an archive."""
    return path is not None and path.suffix == ".npz"
