"""Training on images that lie on the device: interrupted, in parts, in half precision, in two processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reprior.lab.training import Recipe, RunError, load_recipe, train
from reprior.lab.training.checkpoints import load_checkpoint
from tests.training.archives import write_archive

CHANGES = (
    'model.blocks=["er_r1_k3_s2_e2_c8","ir_r1_k3_s2_e2_c16_se0.25"]',
    "model.stem=8",
    "model.features=32",
    "data.train_size=12",
    "data.eval_size=12",
    "data.train_images=160",
    "training.epochs=3",
    "training.batch_size=40",
    "training.eval_every=3",
)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("images") / "images.npz")


def _recipe(*changes: str) -> Recipe:
    return load_recipe("cifar10-small", [*CHANGES, *changes])


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(folder)
    assert state is not None
    return state["model"]


class _StoppedError(Exception):
    pass


@pytest.mark.parametrize("augment", ["none", "autoaugment", "randaugment"])
def test_an_interrupted_run_gives_what_an_uninterrupted_one_does(
    tmp_path: Path, archive: Path, augment: str
) -> None:
    recipe = _recipe(f"data.augment={augment}", "data.crop=true", "model.dropout=0.1", "model.drop_path=0.1")
    whole = train(recipe, tmp_path / "whole", data=archive)

    def stop(now) -> None:
        if (now.epoch, now.step) == (1, 2):
            raise _StoppedError

    with pytest.raises(_StoppedError):
        train(recipe, tmp_path / "stopped", data=archive, report=stop)
    resumed = train(recipe, tmp_path / "stopped", data=archive)
    assert resumed.accuracy == whole.accuracy
    first, second = _weights(tmp_path / "whole"), _weights(tmp_path / "stopped")
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_it_learns(tmp_path: Path, archive: Path) -> None:
    """The colour tells the class: far better than the tenth that guessing gives."""
    recipe = _recipe("training.epochs=20", "training.eval_every=20", "schedule.name=cosine")
    assert train(recipe, tmp_path, data=archive).accuracy > 50


def test_a_batch_in_parts_gives_the_gradients_of_the_whole() -> None:
    """Two equal halves have the statistics of the whole, so batch norm cannot tell the difference."""
    from reprior.lab.training.engine import _Session
    from reprior.lab.training.images import Images
    from reprior.lab.training.network import build_network
    from reprior.lab.training.run_folder import RunFolder
    from reprior.lab.training.tensor_images import TensorImages

    half = torch.randn(20, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    pixels, labels = torch.cat([half, half]), (torch.arange(20) % 10).repeat(2)
    images = TensorImages(torch.zeros(40, 3, 12, 12, dtype=torch.uint8), labels)
    found = []
    for parts in (1, 2):
        recipe = _recipe(f"training.accumulate={parts}")
        session = _Session(recipe, Images(images, images), RunFolder(Path("unused")), None)
        torch.manual_seed(0)
        module = build_network(recipe.model, 10).module.train()
        session.model = session.forward = module
        session.average = None
        session.optimizer = torch.optim.SGD(module.parameters(), lr=0.0)
        loss = session._step(pixels, labels, 0.0, 0)
        found.append((loss, [parameter.grad for parameter in module.parameters()]))
    (whole, gradients), (parts_loss, parts_gradients) = found
    assert parts_loss == pytest.approx(whole, rel=1e-5)
    for one, other in zip(gradients, parts_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_parts_must_divide_the_batch(tmp_path: Path, archive: Path) -> None:
    with pytest.raises(RunError, match="a batch of 40 cannot be divided into 3 parts"):
        train(_recipe("training.accumulate=3"), tmp_path / "run", data=archive)


def test_half_precision(tmp_path: Path, archive: Path) -> None:
    """Products in bfloat16, weights in full; another result than in full, and a finite one."""
    for precision in ("full", "bf16"):
        train(_recipe(f"training.precision={precision}"), tmp_path / precision, data=archive)
    full, half = (_weights(tmp_path / precision) for precision in ("full", "bf16"))
    kernels = [name for name, value in full.items() if value.dim() == 4]
    assert all(half[name].dtype is torch.float32 and half[name].isfinite().all() for name in kernels)
    assert any(not torch.equal(half[name], full[name]) for name in kernels)


def test_a_compiled_network_is_what_trains(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def compiled(module):
        def forward(pixels):
            calls.append(pixels.shape)
            return module(pixels)

        return forward

    monkeypatch.setattr(torch, "compile", compiled)
    with_it = train(_recipe("training.compile=true"), tmp_path / "with", data=archive)
    without = train(_recipe(), tmp_path / "without", data=archive)
    assert calls == [(40, 3, 12, 12)] * 12
    assert with_it.accuracy == without.accuracy


TWO = """
import json, os, sys
from pathlib import Path
from reprior.lab.training import load_recipe, train
recipe = load_recipe("cifar10-small", sys.argv[3:])
result = train(recipe, Path(sys.argv[1]), data=Path(sys.argv[2]))
sys.stdout.write(json.dumps({"process": int(os.environ["RANK"]), "accuracy": result.accuracy}) + "\\n")
sys.stdout.flush()
"""


def test_two_processes_share_batches_and_count_every_image_once(tmp_path: Path, archive: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(TWO)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launch, str(script), str(tmp_path / "run"), str(archive), *CHANGES, "training.accumulate=2"],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(one["process"] for one in told) == [0, 1]
    assert told[0]["accuracy"] == told[1]["accuracy"]
    assert (told[0]["accuracy"] * 40 / 100) % 1 == pytest.approx(0)  # of 40 images
