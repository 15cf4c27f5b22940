"""Random crops, flips and resizing of a whole batch: what torchvision does image by image on PIL's images.

Resizing is linear along rows and columns, so one matrix per image and axis does the cropping, the flipping
and PIL's antialiased bilinear filter at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

__all__ = ["Boxes", "central_boxes", "draw_boxes", "resize", "whole_boxes"]

_SCALE = (0.05, 1.0)
_RATIO = (3 / 4, 4 / 3)
_TRIES = 10


class Boxes(NamedTuple):
    """What is cut out of each image: integer tensors of shape (images,)."""

    top: torch.Tensor
    left: torch.Tensor
    height: torch.Tensor
    width: torch.Tensor


def draw_boxes(many: int, height: int, width: int, generator: torch.Generator) -> Boxes:
    """Boxes of 5 % to 100 % of the area and ratios of 3:4 to 4:3, as ``RandomResizedCrop`` draws them.

    The first of ten draws that fits is taken; if none does, the central box of the nearest ratio.
    """
    shape = (many, _TRIES)
    area = height * width * (_SCALE[0] + (_SCALE[1] - _SCALE[0]) * torch.rand(shape, generator=generator))
    low, high = (math.log(ratio) for ratio in _RATIO)
    ratio = torch.exp(low + (high - low) * torch.rand(shape, generator=generator))
    heights, widths = (area / ratio).sqrt().round().long(), (area * ratio).sqrt().round().long()
    fits = (heights > 0) & (heights <= height) & (widths > 0) & (widths <= width)
    first = fits.long().argmax(1, keepdim=True)
    box_height, box_width = heights.gather(1, first)[:, 0], widths.gather(1, first)[:, 0]
    places = torch.rand((2, many), generator=generator)
    top = (places[0] * (height - box_height + 1)).floor().long()
    left = (places[1] * (width - box_width + 1)).floor().long()
    none = ~fits.any(1)
    if none.any():
        central_height = min(height, round(width / _RATIO[0]))
        central_width = min(width, round(height * _RATIO[1]))
        box_height[none], box_width[none] = central_height, central_width
        top[none], left[none] = (height - central_height) // 2, (width - central_width) // 2
    return Boxes(top, left, box_height, box_width)


def whole_boxes(many: int, height: int, width: int) -> Boxes:
    """Every image whole."""
    return Boxes(*(torch.full((many,), value) for value in (0, 0, height, width)))


def central_boxes(many: int, height: int, width: int, share: float) -> Boxes:
    """The central square with a share of the shorter side."""
    side = int(share * min(height, width))
    return Boxes(
        *(torch.full((many,), value) for value in ((height - side) // 2, (width - side) // 2, side, side))
    )


def resize(pixels: torch.Tensor, boxes: Boxes, size: int, flip: torch.Tensor | None = None) -> torch.Tensor:
    """Cut boxes out, mirror some and resize all, rounding as PIL does.

    Parameters
    ----------
    pixels : torch.Tensor
        Bytes, of shape (images, 3, height, width).
    boxes : Boxes
    size : int
        Height and width of the results.
    flip : torch.Tensor, optional
        Which images to mirror: booleans of shape (images,).

    Returns
    -------
    torch.Tensor
        Whole numbers from 0 to 255 as floats, of shape (images, 3, size, size), in memory of their own.
    """
    many, channels, height, width = pixels.shape
    if size == height == width and bool((boxes.height == height).all() and (boxes.width == width).all()):
        result = pixels.float()
        if flip is not None:
            mirrored = flip.nonzero()[:, 0].to(pixels.device)
            result[mirrored] = result[mirrored].flip(3)
        return result
    columns = _weights(boxes.left, boxes.width, width, size)
    if flip is not None:
        columns = torch.where(flip[:, None, None], columns.flip(1), columns)
    rows = _weights(boxes.top, boxes.height, height, size)
    # All channels of an image go into one product, since few large ones are faster than many small ones;
    # channels stand behind the rows, so that no product has to be copied for the next.
    lines = pixels.transpose(1, 2).contiguous().float().reshape(many, height * channels, width)
    across = _rounded(torch.bmm(lines, columns.to(pixels.device).transpose(1, 2)))
    result = _rounded(torch.bmm(rows.to(pixels.device), across.reshape(many, height, channels * size)))
    return result.reshape(many, size, channels, size).transpose(1, 2)


def _weights(start: torch.Tensor, length: torch.Tensor, size: int, out: int) -> torch.Tensor:
    """For each image, what each of `size` positions of an axis weighs in each of `out` results."""
    scale = length[:, None].float() / out
    centre = (torch.arange(out) + 0.5) * scale + start[:, None]
    position = torch.arange(size) + 0.5
    reach = scale.clamp(min=1)[:, :, None]
    weights = (position - centre[:, :, None]).abs_().div_(-reach).add_(1).clamp_(min=0)
    inside = (position > start[:, None]) & (position < (start + length)[:, None])
    weights.mul_(inside[:, None])
    return weights.div_(weights.sum(-1, keepdim=True))


def _rounded(values: torch.Tensor) -> torch.Tensor:
    return values.add_(0.5).floor_().clamp_(0, 255)
