"""A module, and what is fed to it unless the user says otherwise."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import torch

__all__ = ["Loaded", "loaded_module"]


class Loaded(NamedTuple):
    """A module and its own input; None if it does not say."""

    module: torch.nn.Module
    input: Any = None


def loaded_module(model: Any) -> Loaded | None:
    """A module as it is, or that of an exported program with its example; None for anything else."""
    if isinstance(model, torch.nn.Module):
        return Loaded(model)
    export = sys.modules.get("torch.export")  # who has a program has imported it
    if export is None or not isinstance(model, export.ExportedProgram):
        return None
    args, kwargs = model.example_inputs or ((), {})
    return Loaded(model.module(), [*args, *kwargs.values()] or None)
