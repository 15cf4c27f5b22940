"""AutoAugment and RandAugment of a whole batch, by timm's policies, on any device.

What is drawn for each image comes from timm's own policy objects; images for which the same was drawn are
changed together. Moves in the plane are one resampling for all images, whatever was drawn.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from timm.data.auto_augment import AugmentOp, AutoAugment, RandAugment
from torchvision.transforms.v2 import functional

__all__ = ["GREY", "augment"]

GREY = 128.0
"""What an operation leaves empty is filled with this."""

Draw = tuple[str, tuple[float, ...]]
"""An operation's name and its arguments."""


def augment(pixels: torch.Tensor, policy: AutoAugment | RandAugment) -> torch.Tensor:
    """Change every image as the policy draws for it, from Python's and NumPy's generators, in place.

    Parameters
    ----------
    pixels : torch.Tensor
        Whole numbers from 0 to 255 as floats, of shape (images, 3, height, width).
    policy : AutoAugment or RandAugment
        Of timm.

    Returns
    -------
    torch.Tensor
        The same.
    """
    chosen = [_operations(policy) for _ in range(len(pixels))]
    for layer in range(max(map(len, chosen))):
        _apply(pixels, [_draw(operations[layer]) for operations in chosen])
    return pixels


def _operations(policy: AutoAugment | RandAugment) -> Sequence[AugmentOp]:
    """What one image goes through."""
    if isinstance(policy, AutoAugment):
        return random.choice(policy.policy)
    return list(np.random.choice(policy.ops, policy.num_layers))


def _draw(operation: AugmentOp) -> Draw | None:
    """An operation's arguments for one image; None where chance leaves it out."""
    if operation.prob < 1 and random.random() > operation.prob:
        return None
    if operation.level_fn is None:
        return operation.name, ()
    magnitude = max(0.0, min(operation.magnitude, operation.magnitude_max or 10.0))
    return operation.name, tuple(operation.level_fn(magnitude, operation.hparams))


def _apply(pixels: torch.Tensor, draws: Sequence[Draw | None]) -> None:
    """One operation an image, or none."""
    groups: dict[Draw, list[int]] = {}
    moved: list[tuple[int, Draw]] = []
    for place, draw in enumerate(draws):
        if draw is None:
            continue
        if draw[0] in _PLANE:
            moved.append((place, draw))
        else:
            groups.setdefault(draw, []).append(place)
    for (name, arguments), places in groups.items():
        index = torch.tensor(places, device=pixels.device)
        pixels[index] = _COLOURS[name](pixels[index], *arguments)
    modes = [random.choice(("bilinear", "bicubic")) for _ in moved]  # as timm does
    for mode in dict.fromkeys(modes):
        own = [one for one, drawn in zip(moved, modes, strict=True) if drawn == mode]
        index = torch.tensor([place for place, _ in own], device=pixels.device)
        matrices = [_PLANE[name](pixels.shape[-1], *arguments) for _, (name, arguments) in own]
        pixels[index] = _resample(pixels[index], matrices, mode)


# -- colours: by torchvision, on bytes ----------------------------------------------------------------------


def _on_bytes(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    return lambda pixels, *arguments: function(pixels.to(torch.uint8), *arguments).float()


def _solarize(pixels: torch.Tensor, threshold: float) -> torch.Tensor:
    return torch.where(pixels < threshold, pixels, 255 - pixels)


def _solarize_add(pixels: torch.Tensor, add: float) -> torch.Tensor:
    return torch.where(pixels < 128, (pixels + add).clamp(max=255), pixels)


def _posterize(pixels: torch.Tensor, bits: float) -> torch.Tensor:
    step = 2.0 ** (8 - bits)
    return pixels if bits >= 8 else (pixels / step).floor() * step


_COLOURS: dict[str, Callable[..., torch.Tensor]] = {
    "AutoContrast": _on_bytes(functional.autocontrast),
    "Equalize": _on_bytes(functional.equalize),
    "Invert": lambda pixels: 255 - pixels,
    "Posterize": _posterize,
    "PosterizeIncreasing": _posterize,
    "PosterizeOriginal": _posterize,
    "Solarize": _solarize,
    "SolarizeIncreasing": _solarize,
    "SolarizeAdd": _solarize_add,
    **{
        f"{name}{suffix}": _on_bytes(function)
        for suffix in ("", "Increasing")
        for name, function in (
            ("Color", functional.adjust_saturation),
            ("Contrast", functional.adjust_contrast),
            ("Brightness", functional.adjust_brightness),
            ("Sharpness", functional.adjust_sharpness),
        )
    },
}


# -- moves in the plane: from a place in the result to the place in the image that it shows ------------------

Matrix = tuple[float, float, float, float, float, float]


def _rotation(size: int, degrees: float) -> Matrix:
    """About the centre."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    middle = size / 2
    return (
        cosine, -sine, middle - cosine * middle + sine * middle,
        sine, cosine, middle - sine * middle - cosine * middle,
    )  # fmt: skip


_PLANE: dict[str, Callable[..., Matrix]] = {
    "ShearX": lambda size, factor: (1, factor, 0, 0, 1, 0),
    "ShearY": lambda size, factor: (1, 0, 0, factor, 1, 0),
    "TranslateXRel": lambda size, share: (1, 0, share * size, 0, 1, 0),
    "TranslateYRel": lambda size, share: (1, 0, 0, 0, 1, share * size),
    "Rotate": _rotation,
}


def _resample(pixels: torch.Tensor, matrices: Iterable[Matrix], mode: str) -> torch.Tensor:
    """Every image seen through its own affine map; grey where that leads outside."""
    size = pixels.shape[-1]
    maps = torch.tensor(list(matrices), dtype=torch.float32, device=pixels.device).reshape(-1, 2, 3)
    centres = torch.arange(size, device=pixels.device) + 0.5
    across, down = centres.expand(size, size), centres[:, None].expand(size, size)
    places = torch.stack([across, down, torch.ones_like(across)], -1)
    source = torch.einsum("nij,hwj->nhwi", maps, places)
    outside = ((source < 0) | (source >= size)).any(-1)[:, None]
    seen = torch.nn.functional.grid_sample(
        pixels, source * (2 / size) - 1, mode=mode, padding_mode="border", align_corners=False
    )
    return seen.add_(0.5).floor_().clamp_(0, 255).masked_fill_(outside, GREY)
