"""Training, on Accelerate: it brings mixed precision, several GPUs and several nodes.

Everything random in an epoch follows from (seed, epoch, process), so a run that goes on from the
checkpoint of an epoch does what it would have done without the interruption.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import accelerate
import timm
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import set_seed
from timm.optim import RMSpropTF, param_groups_weight_decay

from .averages import MovingAverage
from .batches import batches_of, seed_of
from .checkpoints import load_checkpoint, save_checkpoint
from .errors import CheckpointError, DataError, RunError
from .images import Images, load_images
from .network import build_network
from .plan import predict
from .recipe import Optimizer, Recipe
from .run_folder import Result, RunFolder
from .schedules import Stage, learning_rate, stages

__all__ = ["Progress", "train"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is, after every step and evaluation.

    Attributes
    ----------
    epoch, epochs : int
        Epochs done, and in all.
    step, steps : int
        Steps done in this epoch, and its steps.
    accuracy : float or None
        Of the last evaluation, in percent.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    accuracy: float | None


Report = Callable[[Progress], None]


def train(
    recipe: Recipe,
    out: Path,
    *,
    data: Path | None = None,
    download: bool = False,
    report: Report | None = None,
    tracker: str | None = None,
) -> Result:
    """Train as a recipe says, or go on where a run stopped, or return what a finished run found.

    Under ``accelerate launch`` or ``torchrun`` every process calls this; the batch is divided among them.

    Parameters
    ----------
    recipe : Recipe
    out : Path
        The run's folder: new, or one in which the same recipe was run.
    data : Path, optional
        Where the images are.
    download : bool
        Fetch them where that is possible.
    report : callable, optional
        Told of every step.
    tracker : str, optional
        A tracker of Accelerate's to log to besides the folder, such as ``tensorboard``.

    Returns
    -------
    Result

    Raises
    ------
    RepriorError
        If the images, the folder or its checkpoint are not as they should be, or training diverges.
    """
    folder = RunFolder(out)
    images = load_images(recipe.data, data, download=download)
    session = _Session(recipe, images, folder, tracker)
    return session.run(report or _silent)


def _silent(progress: Progress) -> None:
    pass


class _Session:
    """One go at a run."""

    def __init__(self, recipe: Recipe, images: Images, folder: RunFolder, tracker: str | None) -> None:
        self.recipe = recipe
        self.images = images
        self.folder = folder
        precision = _precision(recipe.training.precision)
        # Accelerate keeps the settings of the first run in a process, for all that follow.
        AcceleratorState._reset_state()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an absent tracker, which is refused below
                self.accelerator = Accelerator(
                    cpu=not _has_accelerator(),  # or processes on processors would not know of each other
                    mixed_precision=precision,
                    log_with=tracker,
                    project_dir=folder.path,
                )
        except (ImportError, ValueError) as error:
            raise RunError(f"cannot set training up: {str(error).splitlines()[0]}") from error
        if tracker and not self.accelerator.log_with:
            raise RunError(f"tracker '{tracker}' is not installed")
        self.tracker = tracker
        self.history: list[dict[str, Any]] = []
        self.steps = self._check_batches()
        self.batches = batches_of(images, recipe, self.accelerator)

    def _check_batches(self) -> int:
        batch, processes = self.recipe.training.batch_size, self.accelerator.num_processes
        if batch % processes:
            raise RunError(f"a batch of {batch} cannot be divided among {processes} processes")
        if batch // processes % self.recipe.training.accumulate:
            parts = self.recipe.training.accumulate
            raise RunError(f"a batch of {batch // processes} cannot be divided into {parts} parts")
        steps = len(self.images.train) // batch
        if not steps:
            raise DataError(f"{len(self.images.train)} training images do not fill one batch of {batch}")
        return steps

    def run(self, report: Report) -> Result:
        recipe, accelerator = self.recipe, self.accelerator
        with accelerator.main_process_first():
            self.folder.open(recipe)
            done = self.folder.result
        if done is not None:
            return done
        set_seed(seed_of(recipe.training.seed))
        network = build_network(recipe.model, recipe.data.classes)
        self.prediction = predict(network, recipe)
        decay = recipe.training.ema_decay
        if recipe.training.channels_last:
            network.module.to(memory_format=torch.channels_last)
        # A copy of the plain module: one prepared for mixed precision has a forward that belongs to it.
        self.average = MovingAverage(network.module, decay=decay) if decay else None
        if self.average is not None:
            self.average.to(accelerator.device)
        self.model, self.optimizer = accelerator.prepare(
            network.module, _make_optimizer(network.module, recipe.optimizer)
        )
        self.forward = torch.compile(self.model) if recipe.training.compile else self.model
        first = self._restore()
        if self.tracker:
            accelerator.init_trackers("reprior")
        for stage in stages(recipe):
            for epoch in range(max(first, stage.first), stage.last):
                self._epoch(epoch, stage, report)
        accelerator.end_training()
        result = Result(
            recipe,
            self.prediction,
            self.history[-1]["accuracy"],
            recipe.training.epochs,
            sum(row["seconds"] for row in self.history),
            accelerator.device.type,
            {"torch": torch.__version__, "timm": timm.__version__, "accelerate": accelerate.__version__},
        )
        if accelerator.is_main_process:
            self.folder.write_result(result)
        return result

    def _epoch(self, epoch: int, stage: Stage, report: Report) -> None:
        """Train one epoch, evaluate if it is due, save."""
        start = time.perf_counter()
        settings = self.recipe.training
        set_seed(seed_of(settings.seed, epoch, self.accelerator.process_index))
        accuracy = next((r["accuracy"] for r in reversed(self.history) if r["accuracy"] is not None), None)
        loss = rate = 0.0
        self.model.train()
        for step, (pixels, labels) in enumerate(self.batches.training(epoch, stage)):
            progress = epoch + step / self.steps
            rate = learning_rate(self.recipe.schedule, settings.batch_size, progress, settings.epochs)
            loss += self._step(pixels, labels, rate, epoch * self.steps + step)
            report(Progress(epoch, settings.epochs, step + 1, self.steps, accuracy))
        if not math.isfinite(loss):
            raise RunError(f"the loss is not finite in epoch {epoch + 1}: lower schedule.base")
        due = (epoch + 1) % settings.eval_every == 0 or epoch + 1 == settings.epochs
        found = self._accuracy() if due else None
        row = {
            "epoch": epoch + 1,
            "size": stage.size,
            "learning_rate": rate,
            "loss": loss / self.steps,
            "accuracy": found,
            "seconds": round(time.perf_counter() - start, 3),
        }
        self.history.append(row)
        self.accelerator.log({key: value for key, value in row.items() if value is not None}, step=epoch + 1)
        if self.accelerator.is_main_process:
            save_checkpoint(self.folder.path, epoch + 1, self._state(epoch + 1))
            self.folder.write_metrics(self.history)
        self.accelerator.wait_for_everyone()
        report(Progress(epoch + 1, settings.epochs, self.steps, self.steps, found if due else accuracy))

    def _step(self, pixels: torch.Tensor, labels: torch.Tensor, rate: float, step: int) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        settings, total = self.recipe.training, 0.0
        self.optimizer.zero_grad()
        parts = settings.accumulate
        for own, classes in zip(pixels.chunk(parts), labels.chunk(parts), strict=True):
            with self.accelerator.autocast():
                scores = self.forward(self._laid_out(own))
            loss = torch.nn.functional.cross_entropy(
                scores.float(), classes, label_smoothing=settings.label_smoothing
            )
            self.accelerator.backward(loss / parts)
            total += float(loss.detach()) / parts
        self.optimizer.step()
        if self.average is not None:
            self.average.update(self.accelerator.unwrap_model(self.model), step=step + 1)
        return total

    def _laid_out(self, pixels: torch.Tensor) -> torch.Tensor:
        """Images in the memory layout that the recipe wants."""
        return (
            pixels.contiguous(memory_format=torch.channels_last)
            if self.recipe.training.channels_last
            else pixels
        )

    def _accuracy(self) -> float:
        """Top-1 of the averaged weights, where there are any, in percent."""
        model = self.model if self.average is None else self.average.module
        model.eval()
        right = many = 0
        with torch.inference_mode():
            for pixels, labels in self.batches.evaluation():
                with self.accelerator.autocast():
                    found = model(self._laid_out(pixels)).argmax(1)
                hits, all_of_them = self.batches.count(found == labels)
                right += hits
                many += all_of_them
        return 100 * right / many

    def _state(self, epochs: int) -> dict[str, Any]:
        scaler = self.accelerator.scaler
        return {
            "version": _VERSION,
            "epochs": epochs,
            "model": self.accelerator.unwrap_model(self.model).state_dict(),
            "average": None if self.average is None else self.average.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": None if scaler is None else scaler.state_dict(),
            "history": self.history,
        }

    def _restore(self) -> int:
        """Load the last checkpoint; returns how many epochs are done."""
        state = load_checkpoint(self.folder.path)
        if state is None:
            return 0
        try:
            if state["version"] != _VERSION:
                raise CheckpointError(f"the checkpoint in '{self.folder.path}' is of another version")
            self.accelerator.unwrap_model(self.model).load_state_dict(state["model"])
            if self.average is not None:
                self.average.module.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.accelerator.scaler is not None and state["scaler"]:
                self.accelerator.scaler.load_state_dict(state["scaler"])
            self.history = list(state["history"])
            return int(state["epochs"])
        except CheckpointError:
            raise
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise CheckpointError(f"the checkpoint in '{self.folder.path}' does not fit: {reason}") from error


def _precision(wanted: str) -> str:
    """What Accelerate calls the numbers to compute in."""
    if wanted == "auto":
        if not torch.cuda.is_available():
            return "no"
        return "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return {"full": "no"}.get(wanted, wanted)


def _has_accelerator() -> bool:
    return any(device.is_available() for device in (torch.cuda, torch.backends.mps, torch.xpu))


def _make_optimizer(module: torch.nn.Module, settings: Optimizer) -> torch.optim.Optimizer:
    groups = param_groups_weight_decay(module, settings.weight_decay)
    if settings.name == "adamw":
        return torch.optim.AdamW(groups, lr=0.0, eps=settings.epsilon)
    made = RMSpropTF(
        groups,
        lr=0.0,
        alpha=settings.decay,
        eps=settings.epsilon,
        momentum=settings.momentum,
        weight_decay=0.0,
    )
    assert isinstance(made, torch.optim.Optimizer)
    return made
