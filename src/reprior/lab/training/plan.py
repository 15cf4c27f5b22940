"""What a run will do and what is predicted of it, before anything is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

from ...api import analyze
from .network import Network, build_network
from .recipe import Recipe
from .schedules import Stage, stages

__all__ = ["Plan", "Prediction", "plan", "predict"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is known of a network without training.

    Attributes
    ----------
    parameters : int
        Learnable scalars, shared ones counted once.
    parameters_unshared : int
        The same without sharing.
    macs : int
        Multiply-accumulates of one image of the evaluation size.
    p_g, p_g_prime : float or None
        The paper's estimates, with its tables' conventions (preset ``paper``).
    expected_spread, entropy : float
        In bits.
    utility : float or None
        U_G.
    """

    parameters: int
    parameters_unshared: int
    macs: int
    p_g: float | None
    p_g_prime: float | None
    expected_spread: float
    entropy: float
    utility: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, before it starts.

    Attributes
    ----------
    recipe : Recipe
    prediction : Prediction
    shared : tuple of tuple of str
        The sets of parameters that are one.
    stages : tuple of Stage
    train_images : int
    steps_per_epoch, steps : int
    training_macs : int
        Multiply-accumulates of all forward and backward passes, a backward being two forwards.
    """

    recipe: Recipe
    prediction: Prediction
    shared: tuple[tuple[str, ...], ...]
    stages: tuple[Stage, ...]
    train_images: int
    steps_per_epoch: int
    steps: int
    training_macs: int

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def plan(recipe: Recipe, train_images: int) -> Plan:
    """Work out a run on so many training images.

    Raises
    ------
    RepriorError
        If the network cannot be built or analysed.
    """
    with torch.random.fork_rng(devices=[]):
        network = build_network(recipe.model, recipe.data.classes)
    prediction = predict(network, recipe)
    parts = stages(recipe)
    per_epoch = train_images // recipe.training.batch_size
    images = sum(
        (stage.last - stage.first) * (stage.size / recipe.data.eval_size) ** 2 for stage in parts
    ) * (per_epoch * recipe.training.batch_size)
    return Plan(
        recipe,
        prediction,
        tuple(item.names for item in network.shared.sets),
        parts,
        train_images,
        per_epoch,
        per_epoch * recipe.training.epochs,
        round(3 * prediction.macs * images),
    )


def predict(network: Network, recipe: Recipe) -> Prediction:
    """Analyse a network on one image of the evaluation size."""
    size = recipe.data.eval_size
    found = analyze(network.module, input=(3, size, size), name=recipe.name, preset="paper")
    assert found.costs is not None
    return Prediction(
        network.shared.after,
        network.shared.before,
        found.costs.macs,
        found.p_g,
        found.p_g_prime,
        found.expected_spread,
        found.entropy,
        found.utility,
    )
