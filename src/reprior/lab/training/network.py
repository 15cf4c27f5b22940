"""The network that a recipe names, with its sharing applied."""

from __future__ import annotations

from typing import NamedTuple

import timm
import torch
from timm.models.efficientnet import EfficientNet, decode_arch_def
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import RepriorError
from ...frontends.torch.sharing import SharedParameters, share_parameters
from ...naming import suggest
from .errors import RecipeError
from .recipe import Model

__all__ = ["Network", "build_network"]


class Network(NamedTuple):
    """A module and what its sharing did."""

    module: torch.nn.Module
    shared: SharedParameters


def build_network(model: Model, classes: int) -> Network:
    """Build a network with fresh weights; seed PyTorch first.

    Raises
    ------
    RecipeError
        If there is no such network, or its settings do not fit.
    """
    try:
        module = _small(model, classes) if model.name == "efficientnetv2" else _timm(model, classes)
    except RepriorError:
        raise
    except Exception as error:  # whatever a constructor makes of settings that do not fit
        lines = str(error).splitlines() or [type(error).__name__]
        raise RecipeError(f"model '{model.name}' cannot be built: {lines[0]}") from error
    for part in module.modules():
        if isinstance(part, _BatchNorm):
            part.momentum = 1 - model.bn_momentum
    return Network(module, share_parameters(module, model.share))


def _timm(model: Model, classes: int) -> torch.nn.Module:
    if not timm.is_model(model.name):
        raise RecipeError(f"unknown model '{model.name}': {suggest(model.name, timm.list_models())}")
    if model.blocks:
        raise RecipeError(f"model '{model.name}' takes no blocks; 'efficientnetv2' does")
    made = timm.create_model(
        model.name, num_classes=classes, drop_rate=model.dropout, drop_path_rate=model.drop_path
    )
    assert isinstance(made, torch.nn.Module)
    return made


def _small(model: Model, classes: int) -> torch.nn.Module:
    if not model.blocks:
        raise RecipeError("model 'efficientnetv2' needs blocks, such as 'er_r2_k3_s1_e2_c8'")
    made = EfficientNet(
        decode_arch_def([[stage] for stage in model.blocks]),
        num_classes=classes,
        stem_size=model.stem,
        num_features=model.features,
        act_layer=torch.nn.SiLU,
        drop_rate=model.dropout,
        drop_path_rate=model.drop_path,
        round_chs_fn=_exact_channels,
    )
    assert isinstance(made, torch.nn.Module)
    return made


def _exact_channels(channels: float, *rest: object, **settings: object) -> int:
    """Channels as the blocks give them: rounding to multiples of eight would undo small widths."""
    return int(channels)
