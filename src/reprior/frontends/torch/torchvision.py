"""Models of torchvision, at the size that their published weights are evaluated at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ...errors import SpecError
from ...naming import suggest

__all__ = ["load_torchvision"]

Built = Callable[[str, Callable[[], torch.nn.Module]], torch.nn.Module]

_FRAMES = 16
_FLOW = (1, 3, 128, 128)


def load_torchvision(name: str, size: int | None, spec: str, built: Built) -> tuple[torch.nn.Module, Any]:
    """A module without weights, and what is fed to it.

    Parameters
    ----------
    name : str
        As in ``torchvision.models.list_models()``.
    size : int or None
        Height and width.
    spec : str
        For messages.
    built : callable
        Builds a module, or says why it cannot be built.
    """
    from torchvision import models

    if name not in models.list_models():
        raise SpecError(f"unknown model '{spec}': {suggest(name, models.list_models())}", model=spec)
    options: dict[str, Any] = {"weights": None}
    kind = models.get_model_builder(name).__module__.split(".")[2]
    if kind in ("detection", "segmentation"):
        options["weights_backbone"] = None
    if kind == "quantization":
        options["quantize"] = False
    if size is not None and name.startswith("vit_"):
        options["image_size"] = size
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False  # drawing them takes seconds, and they are not read
    module = built(spec, lambda: models.get_model(name, **options))
    if kind == "optical_flow":
        flow = (1, 3, size, size) if size else _FLOW
        return module, [flow, flow]
    height, width = (size, size) if size else _default_size(name, module)
    frames = (_FRAMES,) if kind == "video" else ()
    return module, [(1, 3, *frames, height, width)]


def _default_size(name: str, module: torch.nn.Module) -> tuple[int, int]:
    """The size of the preprocessing that belongs to the model's weights."""
    from torchvision import models

    transform = getattr(module, "transform", None)
    if transform is not None:  # a detection model resizes its images itself
        fixed = getattr(transform, "fixed_size", None)
        smallest = int(min(transform.min_size))
        return (int(fixed[0]), int(fixed[1])) if fixed else (smallest, smallest)
    if hasattr(module, "image_size"):  # built for one size
        return module.image_size, module.image_size
    weights = next(iter(models.get_model_weights(name)), None)
    preset = weights.transforms() if weights is not None else None
    for attribute in ("crop_size", "resize_size"):
        size = getattr(preset, attribute, None)
        if size:
            sizes = [int(one) for one in size]
            return sizes[0], sizes[-1]
    return 224, 224
