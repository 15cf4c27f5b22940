"""Checkpoints that are whole or not there.

A run's folder has one checkpoint, ``checkpoint-EPOCHS.pt``, and ``checkpoint.json`` that names it with its
digest. The second is replaced in one step after the first is on disk: whatever happens in between, the
previous checkpoint stays.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import torch

from .errors import CheckpointError

__all__ = ["load_checkpoint", "save_checkpoint", "write_whole"]

_POINTER = "checkpoint.json"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a failure leaves what was there.

    Raises
    ------
    CheckpointError
        If it cannot be written, for want of space for instance.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CheckpointError(f"'{path}' cannot be written: {error.strerror or error}") from error


def save_checkpoint(folder: Path, epochs: int, state: dict[str, Any]) -> None:
    """Save the state after a number of epochs in place of the previous checkpoint.

    Raises
    ------
    CheckpointError
        If it cannot be written; the previous one is kept.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    name = f"checkpoint-{epochs}.pt"
    pointer = {"file": name, "epochs": epochs, "sha256": hashlib.sha256(content).hexdigest()}
    write_whole(folder / name, content)
    write_whole(folder / _POINTER, json.dumps(pointer, indent=2).encode())
    for old in folder.glob("checkpoint-*.pt"):
        if old.name != name:
            old.unlink()


def load_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The state that was saved last; None if there is none.

    Raises
    ------
    CheckpointError
        If it is damaged or cannot be read.
    """
    pointer = folder / _POINTER
    if not pointer.exists():
        return None
    try:
        told = json.loads(pointer.read_bytes())
        path = folder / told["file"]
        content = path.read_bytes()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"'{pointer}' cannot be followed: {error}") from error
    if hashlib.sha256(content).hexdigest() != told.get("sha256"):
        raise CheckpointError(f"'{path}' is damaged: its digest is not the one in '{pointer.name}'")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # a file with the right digest that this PyTorch cannot read
        raise CheckpointError(f"'{path}' cannot be read: {str(error).splitlines()[0]}") from error
    assert isinstance(state, dict)
    return state
