"""State dicts that hold a shared tensor once.

The hooks are objects that hold names, not tensors: a copied or pickled module keeps working ones. PyTorch
sets an attribute on them, so they are neither methods nor frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["AddFurtherNames", "DropFurtherNames"]


@dataclass(eq=False)
class DropFurtherNames:
    """Hook after `state_dict`: a shared tensor stays under its first name alone.

    Attributes
    ----------
    first_names : mapping
        Further name of a shared tensor to its first.
    """

    first_names: Mapping[str, str]

    def __call__(
        self, module: torch.nn.Module, state: dict[str, Any], prefix: str, metadata: dict[str, Any]
    ) -> None:
        """Drop the further names."""
        for name in self.first_names:
            state.pop(prefix + name, None)


@dataclass(eq=False)
class AddFurtherNames:
    """Hook before `load_state_dict`: a shared tensor loads under all its names.

    Attributes
    ----------
    first_names : mapping
        Further name of a shared tensor to its first.
    """

    first_names: Mapping[str, str]

    def __call__(
        self,
        module: torch.nn.Module,
        state: dict[str, Any],
        prefix: str,
        metadata: dict[str, Any],
        strict: bool,
        missing: list[str],
        unexpected: list[str],
        errors: list[str],
    ) -> None:
        """Put the further names back; refuse a state dict in which they differ."""
        for name, first in self.first_names.items():
            saved = state.get(prefix + first)
            if saved is None:
                continue
            given = state.setdefault(prefix + name, saved)
            if given is not saved and not torch.equal(given, saved):
                errors.append(f"'{prefix + name}' shares '{prefix + first}', but their saved values differ.")
