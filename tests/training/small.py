"""A recipe that trains in a second or two and uses everything that is random."""

from __future__ import annotations

from reprior.lab.training import Recipe, load_recipe

__all__ = ["CHANGES", "small_recipe"]

CHANGES = (
    "model.share=all_but_bn",
    "model.dropout=0.1",
    "model.drop_path=0.1",
    "data.train_images=120",
    "data.augment=randaugment",
    "data.flip=true",
    "data.crop=true",
    "training.epochs=4",
    "training.batch_size=40",
    "training.eval_every=2",
    "training.ema_decay=0.9",
)


def small_recipe(*changes: str) -> Recipe:
    """The digits, with these changes and more."""
    return load_recipe("digits", [*CHANGES, *changes])
