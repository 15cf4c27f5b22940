"""Small archives of JPEG images."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

__all__ = ["arrays", "write_archive"]


def arrays(train: int = 200, test: int = 40, size: int = 12, classes: int = 10) -> dict[str, np.ndarray]:
    """Squares whose colour tells the class, with noise."""
    random = np.random.default_rng(0)
    result = {}
    for part, many in (("train", train), ("test", test)):
        labels = np.arange(many) % classes
        files = []
        for label in labels:
            pixels = random.integers(0, 60, (size, size, 3)) + 19 * label
            file = io.BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG")
            files.append(np.frombuffer(file.getvalue(), np.uint8))
        result[f"{part}_jpeg"] = np.concatenate(files)
        result[f"{part}_ends"] = np.cumsum([len(file) for file in files])
        result[f"{part}_labels"] = labels.astype(np.uint8)
    return result


def write_archive(path: Path, **changes: np.ndarray) -> Path:
    """An archive with some arrays replaced."""
    np.savez(path, **{**arrays(), **changes})
    return path
