"""Runs: what they compute, going on after a kill, and what stops them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import nn

from reprior.lab.training import (
    CheckpointError,
    DataError,
    RecipeError,
    RunError,
    load_recipe,
    recipe_names,
    train,
)
from reprior.lab.training.averages import MovingAverage
from reprior.lab.training.checkpoints import load_checkpoint
from reprior.lab.training.engine import _make_optimizer
from reprior.lab.training.network import build_network
from tests.training.small import CHANGES, small_recipe


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    state = load_checkpoint(folder)
    assert state is not None
    return {f"{part}.{name}": value for part in ("model", "average") for name, value in state[part].items()}


def _same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(value, b[name]) for name, value in a.items())


def _command(folder: Path, *more: str) -> list[str]:
    changes = [item for change in CHANGES for item in ("--set", change)]
    return [
        sys.executable, "-c", "import sys; from reprior.cli import main; sys.exit(main())",
        "train", "digits", *changes, "--threads", "1", "--out", str(folder), *more,
    ]  # fmt: skip


def test_kill_and_resume_give_the_weights_of_an_uninterrupted_run(tmp_path: Path) -> None:
    whole = train(small_recipe(), tmp_path / "whole")
    folder = tmp_path / "killed"
    process = subprocess.Popen(_command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while (
        not (folder / "checkpoint.json").exists() and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    _, errors = process.communicate()
    done = json.loads((folder / "checkpoint.json").read_bytes())["epochs"]
    assert done < 4, errors
    assert not (folder / "result.json").exists()
    resumed = train(replace(small_recipe(), name="digits"), folder)
    assert resumed.accuracy == whole.accuracy
    assert _same(_weights(folder), _weights(tmp_path / "whole"))


def test_seeds_matter_and_repeat(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(small_recipe("training.epochs=1", f"training.seed={seed}"), tmp_path / name)
    a, b, c = (_weights(tmp_path / name) for name in "abc")
    assert _same(a, b)
    assert not _same(a, c)


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    first = train(small_recipe("training.epochs=1"), tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = train(small_recipe("training.epochs=1"), tmp_path)
    assert again == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_it_learns(tmp_path: Path) -> None:
    """Eight epochs on 800 digits: far above the tenth that guessing gives."""
    recipe = load_recipe("digits", ["training.epochs=6", "training.eval_every=6", "model.share=all_but_bn"])
    seen = []
    result = train(recipe, tmp_path, report=seen.append)
    assert result.accuracy > 60
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert rows[-1]["accuracy"] == result.accuracy
    assert sum(now.step == now.steps and now.epoch < 6 for now in seen) >= 6


def test_what_is_evaluated_is_right(tmp_path: Path) -> None:
    """The accuracy again, from the saved averaged weights, image by image."""
    from reprior.lab.training import load_images
    from reprior.lab.training.transforms import evaluation_transform

    recipe = small_recipe("training.epochs=2")
    result = train(recipe, tmp_path)
    network = build_network(recipe.model, 10).module.eval()
    state = load_checkpoint(tmp_path)
    assert state is not None
    network.load_state_dict(state["average"])
    transform = evaluation_transform(recipe.data)
    pairs = list(load_images(recipe.data).evaluation)
    with torch.inference_mode():
        scores = network(torch.stack([transform(image) for image, _ in pairs]))
    right = (scores.argmax(1) == torch.tensor([label for _, label in pairs])).float().mean()
    assert result.accuracy == pytest.approx(100 * float(right), abs=0.2)


def test_a_run_of_another_recipe_is_left_alone(tmp_path: Path) -> None:
    train(small_recipe("training.epochs=1"), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RunError, match=r"another recipe \(training\.seed was 0, is 7\)"):
        train(small_recipe("training.epochs=1", "training.seed=7"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("do not touch")
    with pytest.raises(RunError, match="holds files but no run"):
        train(small_recipe(), tmp_path)
    with pytest.raises(RunError, match="is no folder"):
        train(small_recipe(), tmp_path / "thesis.tex")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_checkpoint_stops_the_run_and_stays(tmp_path: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(now) -> None:
        if now.epoch == 1:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(small_recipe(), tmp_path, report=stop)
    path = tmp_path / "checkpoint-1.pt"
    path.write_bytes(path.read_bytes()[:-100])
    before = {item.name: item.read_bytes() for item in tmp_path.iterdir()}
    with pytest.raises(CheckpointError, match=r"checkpoint-1\.pt' is damaged"):
        train(small_recipe(), tmp_path)
    assert {item.name: item.read_bytes() for item in tmp_path.iterdir()} == before


def test_training_that_diverges_says_so(tmp_path: Path) -> None:
    recipe = small_recipe("schedule.base=1e30", "schedule.warmup_epochs=0")
    with pytest.raises(RunError, match=r"the loss is not finite in epoch 1: lower schedule\.base"):
        train(recipe, tmp_path)
    assert not (tmp_path / "checkpoint.json").exists()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ("training.batch_size=121", DataError, "120 training images do not fill one batch of 121"),
        ("model.name=tf_efficientnetv2_b9", RecipeError, "did you mean tf_efficientnetv2_b"),
        ("model.blocks=[]", RecipeError, "needs blocks"),
        ('model.blocks=["zz_r1"]', RecipeError, "cannot be built"),
        ("data.classes=11", DataError, "'digits' has 10 classes, the recipe wants 11"),
    ],
)
def test_what_cannot_start(tmp_path: Path, change: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        train(small_recipe(change), tmp_path / "run")


@pytest.mark.parametrize("tracker", ["nothing", "tensorboard"])
def test_trackers_that_are_not_there(tmp_path: Path, tracker: str) -> None:
    if tracker == "tensorboard" and find_spec("tensorboard"):
        pytest.skip("tensorboard is installed")
    with pytest.raises(RunError, match=r"Unsupported logging|'tensorboard' is not installed"):
        train(small_recipe(), tmp_path / "run", tracker=tracker)
    assert not (tmp_path / "run").exists()


def test_the_optimizer_decays_weights_alone() -> None:
    recipe = load_recipe("cifar10-b0-shared")
    module = build_network(recipe.model, 10).module
    optimizer = _make_optimizer(module, recipe.optimizer)
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = names[id(parameter)]
            is_norm = ".bn" in f".{name}"
            assert group["weight_decay"] == (0.0 if is_norm or name.endswith("bias") else 1e-5), name
    held = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert len(held) == len(set(held)) == len(names)


def test_rmsprop_is_tensorflows() -> None:
    """Three steps of the formula: squares start at 1, epsilon is under the root, the rate in the momentum."""
    recipe = load_recipe("imagenet")
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, 2.0)
    layer = nn.Sequential(layer)
    optimizer = _make_optimizer(layer, recipe.optimizer)
    w, square, momentum = 2.0, 1.0, 0.0
    for gradient in (1.0, -0.5, 3.0):
        for group in optimizer.param_groups:
            group["lr"] = 0.1
        layer[0].weight.grad = torch.full((1, 1), gradient)
        optimizer.step()
        g = gradient + 1e-5 * w
        square = 0.9 * square + 0.1 * g * g
        momentum = 0.9 * momentum + 0.1 * g / (square + 1e-3) ** 0.5
        w -= momentum
        assert layer[0].weight.item() == pytest.approx(w, rel=1e-6)


def test_the_moving_average_is_tensorflows() -> None:
    layer = nn.Linear(1, 1)
    average = MovingAverage(layer, decay=0.5)
    kept = layer.weight.item()
    for step in range(1, 30):
        with torch.no_grad():
            layer.weight.add_(1)
        average.update(layer, step=step)
        decay = min(0.5, (1 + step) / (10 + step))
        kept = decay * kept + (1 - decay) * layer.weight.item()
        assert average.module.weight.item() == pytest.approx(kept, rel=1e-5)


def test_two_processes_train_one_run(tmp_path: Path) -> None:
    """Two processes on the processor, as ``torchrun`` starts them, give one result."""
    script = tmp_path / "two.py"
    script.write_text(TWO)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launch, str(script), str(tmp_path / "run"), *CHANGES],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(one["process"] for one in told) == [0, 1]
    assert told[0]["accuracy"] == told[1]["accuracy"]
    assert [one["steps"] for one in told] == [3, 3]  # 120 images in batches of 40, divided by the processes
    assert (tmp_path / "run" / "result.json").exists()


TWO = """
import json, os, sys
from pathlib import Path
from reprior.lab.training import load_recipe, train
seen = []
recipe = load_recipe("digits", [*sys.argv[2:], "training.epochs=2"])
result = train(recipe, Path(sys.argv[1]), report=seen.append)
told = {"process": int(os.environ["RANK"]), "accuracy": result.accuracy, "steps": seen[0].steps}
sys.stdout.write(json.dumps(told) + "\\n")
sys.stdout.flush()
"""

RECIPES = [name for name in recipe_names() if "-" in name]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains_on_generated_images(tmp_path: Path, name: str) -> None:
    """One step a stage on images that are small, everything else as the recipe says."""
    recipe = load_recipe(name)
    many = recipe.training.stages
    data = replace(recipe.data, name="generated", train_size=32, eval_size=32, base_size=16, train_images=4)
    training = replace(recipe.training, epochs=many, batch_size=4, workers=0, eval_every=many)
    result = train(replace(recipe, data=data, training=training), tmp_path)
    assert result.epochs == many
    assert 0 <= result.accuracy <= 100
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["size"] for row in rows] == ([32] if many == 1 else [20, 24, 28, 32])
    assert result.prediction.parameters < 0.45 * result.prediction.parameters_unshared or "shared" not in name
