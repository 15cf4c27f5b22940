"""What can go wrong in training through no fault of this package."""

from __future__ import annotations

from ...errors import RepriorError

__all__ = ["CheckpointError", "DataError", "RecipeError", "RunError"]


class RecipeError(RepriorError):
    """A recipe that cannot be read or makes no sense."""


class DataError(RepriorError):
    """Images that are absent, damaged or not those that the recipe wants."""


class CheckpointError(RepriorError):
    """A checkpoint that cannot be written, read or used."""


class RunError(RepriorError):
    """A run that cannot start or go on."""
