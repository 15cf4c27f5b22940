"""What changes in the course of training: the learning rate, image sizes and magnitudes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .recipe import Recipe, Schedule

__all__ = ["Stage", "learning_rate", "stages"]

_FIRST_MAGNITUDE = 5.0  # EfficientNetV2's progressive stages go from here to the recipe's magnitude


@dataclass(frozen=True, slots=True)
class Stage:
    """Epochs ``first`` to ``last`` (exclusive), counted from 0, with images of one size.

    Attributes
    ----------
    first, last, size : int
    magnitude : float
        Of RandAugment.
    """

    first: int
    last: int
    size: int
    magnitude: float


def stages(recipe: Recipe) -> tuple[Stage, ...]:
    """The progressive stages of a recipe, as EfficientNetV2's code divides them."""
    data, many, epochs = recipe.data, recipe.training.stages, recipe.training.epochs
    if many == 1:
        return (Stage(0, epochs, data.train_size, data.magnitude),)
    return tuple(
        Stage(
            epochs * k // many,
            epochs * (k + 1) // many,
            int(data.base_size + (data.train_size - data.base_size) * (k + 1) / many),
            _FIRST_MAGNITUDE + (data.magnitude - _FIRST_MAGNITUDE) * k / (many - 1),
        )
        for k in range(many)
    )


def learning_rate(schedule: Schedule, batch_size: int, epoch: float, epochs: int) -> float:
    """Learning rate at a point of training.

    Parameters
    ----------
    schedule : Schedule
    batch_size : int
        Of all processes together.
    epoch : float
        Epochs done, fractions of an epoch included.
    epochs : int
        Length of the training.
    """
    top = schedule.base * batch_size / 256
    if epoch < schedule.warmup_epochs:
        return top * epoch / schedule.warmup_epochs
    if schedule.name == "exponential":
        return top * schedule.decay_factor ** math.floor(epoch / schedule.decay_epochs)
    if schedule.name == "cosine":
        return top * (1 + math.cos(math.pi * epoch / epochs)) / 2
    return top
