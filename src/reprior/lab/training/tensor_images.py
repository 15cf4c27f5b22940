"""Images that lie in memory as one tensor, so that whole batches are prepared at once, on any device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

__all__ = ["TensorImages"]


@dataclass(frozen=True, slots=True, eq=False)
class TensorImages:
    """Images of one size and their classes.

    Attributes
    ----------
    pixels : torch.Tensor
        Bytes, of shape (images, 3, height, width).
    labels : torch.Tensor
        Integers, of shape (images,).
    """

    pixels: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def from_arrays(cls, pixels: Any, labels: Sequence[int] | np.ndarray[Any, Any]) -> TensorImages:
        """From an array of bytes with channels last, and classes."""
        channels_first = np.ascontiguousarray(np.moveaxis(np.asarray(pixels, dtype=np.uint8), -1, 1))
        return cls(torch.from_numpy(channels_first), torch.as_tensor(np.asarray(labels, dtype=np.int64)))

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, many: int) -> TensorImages:
        """The first so many."""
        return TensorImages(self.pixels[:many], self.labels[:many])

    def to(self, device: torch.device) -> TensorImages:
        """The same on a device."""
        return TensorImages(self.pixels.to(device), self.labels.to(device))
