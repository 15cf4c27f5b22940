"""Checkpoints: whole or not there, and never at the cost of the previous one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reprior.lab.training import CheckpointError
from reprior.lab.training.checkpoints import load_checkpoint, save_checkpoint

STATE = {"epochs": 1, "model": {"w": torch.arange(5.0)}}


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path, 1, STATE)
    save_checkpoint(tmp_path, 2, {**STATE, "epochs": 2})
    state = load_checkpoint(tmp_path)
    assert state is not None
    assert state["epochs"] == 2
    assert torch.equal(state["model"]["w"], torch.arange(5.0))
    assert sorted(_files(tmp_path)) == ["checkpoint-2.pt", "checkpoint.json"]


@pytest.mark.parametrize("where", [0, 0.5, -1])
def test_one_wrong_byte_is_found(tmp_path: Path, where: float) -> None:
    save_checkpoint(tmp_path, 1, STATE)
    path = tmp_path / "checkpoint-1.pt"
    content = bytearray(path.read_bytes())
    content[int(where * len(content)) if where == 0.5 else int(where)] ^= 1
    path.write_bytes(content)
    before = _files(tmp_path)
    with pytest.raises(CheckpointError, match=r"checkpoint-1\.pt' is damaged"):
        load_checkpoint(tmp_path)
    assert _files(tmp_path) == before


@pytest.mark.parametrize("text", ["", "{}", '{"file": "checkpoint-9.pt", "sha256": ""}', "[1]"])
def test_pointers_that_lead_nowhere(tmp_path: Path, text: str) -> None:
    (tmp_path / "checkpoint.json").write_text(text)
    with pytest.raises(CheckpointError, match="cannot be followed"):
        load_checkpoint(tmp_path)


def test_a_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    import hashlib

    (tmp_path / "checkpoint-1.pt").write_bytes(b"hello")
    digest = hashlib.sha256(b"hello").hexdigest()
    (tmp_path / "checkpoint.json").write_text(json.dumps({"file": "checkpoint-1.pt", "sha256": digest}))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(tmp_path)


def test_a_failure_between_the_two_files_keeps_the_previous(tmp_path: Path, monkeypatch) -> None:
    save_checkpoint(tmp_path, 1, STATE)
    from reprior.lab.training import checkpoints

    whole = checkpoints.write_whole

    def fail(path: Path, content: bytes) -> None:
        if path.name == "checkpoint.json":
            raise CheckpointError("no space")
        whole(path, content)

    monkeypatch.setattr(checkpoints, "write_whole", fail)
    with pytest.raises(CheckpointError):
        save_checkpoint(tmp_path, 2, {**STATE, "epochs": 2})
    state = load_checkpoint(tmp_path)
    assert state is not None
    assert state["epochs"] == 1


FULL = """
import resource, sys
from pathlib import Path
import torch
from reprior.lab.training import CheckpointError
from reprior.lab.training.checkpoints import save_checkpoint
folder = Path(sys.argv[1])
save_checkpoint(folder, 1, {"w": torch.zeros(10)})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    save_checkpoint(folder, 2, {"w": torch.zeros(1_000_000)})
except CheckpointError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX's")
def test_writing_more_than_there_is_room_for(tmp_path: Path) -> None:
    """The operating system refuses the write in the middle, as on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    assert "checkpoint-2.pt' cannot be written: File too large" in done.stdout
    assert sorted(_files(tmp_path)) == ["checkpoint-1.pt", "checkpoint.json"]
    assert load_checkpoint(tmp_path) is not None
