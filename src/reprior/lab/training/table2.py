"""Finished runs in the form of the paper's Table 2, beside the published figures."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..paper import ROWS
from .recipe import Recipe
from .run_folder import Result

__all__ = ["Table2Row", "table2"]

_DATA = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet": "ImageNet"}
_MODELS = {"tf_efficientnetv2_b0": "V2-B0", "tf_efficientnetv2_s": "V2-S"}
_AUGMENTATIONS = {"none": "None", "autoaugment": "AutoAug", "randaugment": "RandAug"}


@dataclass(frozen=True, slots=True)
class Table2Row:
    """Runs of one recipe with different seeds.

    Attributes
    ----------
    model, data, augmentation : str
    parameters, macs, batch, epochs : int
    runs : int
        How many seeds.
    score : float
        Mean top-1, in percent.
    deviation : float or None
        Standard deviation over the seeds, where there are several.
    p_g, p_g_prime : float or None
        Predicted before training.
    published_parameters, published_score : str or None
        As printed in Table 2 (millions, percent), where it has this row.
    """

    model: str
    data: str
    augmentation: str
    parameters: int
    macs: int
    batch: int
    epochs: int
    runs: int
    score: float
    deviation: float | None
    p_g: float | None
    p_g_prime: float | None
    published_parameters: str | None
    published_score: str | None


def table2(results: Sequence[Result]) -> list[Table2Row]:
    """Rows of Table 2, in the order of the results; runs that differ in their seed alone are one row."""
    groups: dict[Recipe, list[Result]] = {}
    for result in results:
        recipe = result.recipe
        key = replace(recipe, name="", training=replace(recipe.training, seed=0, workers=0))
        groups.setdefault(key, []).append(result)
    return [_row(group) for group in groups.values()]


def _row(results: Sequence[Result]) -> Table2Row:
    recipe, prediction = results[0].recipe, results[0].prediction
    scores = [result.accuracy for result in results]
    printed = {row.name: row for row in ROWS if row.table == "Table 2"}.get(_published_name(recipe))
    return Table2Row(
        _model_name(recipe),
        _DATA.get(recipe.data.name, recipe.data.name),
        _AUGMENTATIONS[recipe.data.augment],
        prediction.parameters,
        prediction.macs,
        recipe.training.batch_size,
        recipe.training.epochs,
        len(scores),
        math.fsum(scores) / len(scores),
        statistics.stdev(scores) if len(scores) > 1 else None,
        prediction.p_g,
        prediction.p_g_prime,
        printed.printed["params [M]"] if printed else None,
        printed.top1 if printed else None,
    )


def _model_name(recipe: Recipe) -> str:
    name = _MODELS.get(recipe.model.name)
    if name is None:
        return recipe.name
    return f"{name}-{'original' if recipe.model.share == 'none' else 'shared'}"


def _published_name(recipe: Recipe) -> str:
    return f"{_model_name(recipe)}, {_DATA.get(recipe.data.name, recipe.data.name)}"
