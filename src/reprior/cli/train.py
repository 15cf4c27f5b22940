"""``reprior train``: train a recipe of the paper, or one's own."""

from __future__ import annotations

import json as json_format
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..errors import SpecError
from .console import count, number, printer, short, simple_table
from .options import Json
from .outputs import Destinations

if TYPE_CHECKING:
    from ..lab.training import Plan, Progress, Result

__all__ = ["import_training", "train_command"]


def train_command(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A recipe file, or the name of a shipped one.")
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change a setting; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The run's folder; runs/NAME by default.")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the images are.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch CIFAR where it is absent.")] = False,
    seed: Annotated[int | None, typer.Option(help="Short for --set training.seed=N.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Processor threads to compute with.")] = None,
    tracker: Annotated[
        str | None, typer.Option(metavar="NAME", help="Log to this too, such as tensorboard.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be done and what is predicted.")
    ] = False,
    json: Json = None,
) -> None:
    """Train a network with or without shared parameters, as section 5.4 of the paper does.

    A run that was interrupted goes on from its last epoch when the same command is given again.
    Several GPUs or nodes: put `accelerate launch -m reprior` in the place of `reprior`.

    \b
    reprior train cifar10-s-shared --dry-run
    reprior train cifar10-b0 --data images --download
    reprior train digits --set model.share=all_but_bn --seed 3
    """
    places = Destinations(json)
    training = import_training()
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    more = [*(changes or []), *([f"training.seed={seed}"] if seed is not None else [])]
    recipe = training.load_recipe(config, more)
    if dry_run:
        planned = training.plan(recipe, _training_images(training, recipe, data))
        places.write_json(lambda: json_format.dumps(planned.to_dict(), indent=2, allow_nan=False))
        if not places.printed:
            _print_plan(printer(), planned)
        return
    folder = out or Path("runs") / recipe.name
    with _bar() as report:
        result = training.train(recipe, folder, data=data, download=download, report=report, tracker=tracker)
    if not _is_first_process():
        return
    places.write_json(lambda: (folder / "result.json").read_text(encoding="utf-8"))
    if not places.printed:
        _print_result(printer(), result, folder)


def import_training() -> Any:
    """The package `reprior.lab.training`, or an error that says what to install."""
    try:
        from ..lab import training
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "torchvision", "timm", "accelerate"):
            raise
        raise SpecError(f"training needs {error.name}: pip install 'reprior[train]'") from None
    return training


_PUBLIC_SIZES = {"cifar10": 50_000, "cifar100": 50_000, "imagenet": 1_281_167}
"""Training images of sets that a dry run need not have (paper, table 1)."""


def _training_images(training: Any, recipe: Any, data: Path | None) -> int:
    if data is None and recipe.data.name in _PUBLIC_SIZES:
        return int(recipe.data.train_images or _PUBLIC_SIZES[recipe.data.name])
    return len(training.load_images(recipe.data, data).train)


def _is_first_process() -> bool:
    """Whether this is the one of several processes that talks (launchers number them in ``RANK``)."""
    return os.environ.get("RANK", "0") == "0"


def _print_plan(console: Console, planned: Plan) -> None:
    recipe, found = planned.recipe, planned.prediction
    table = simple_table(f"{recipe.name}: what would be done", "", "value", left=("",))
    rows = [
        ("model", recipe.model.name),
        ("sharing", recipe.model.share),
        ("parameters", count(found.parameters)),
        ("parameters without sharing", count(found.parameters_unshared)),
        ("shared tensors", count(len(planned.shared))),
        ("training images", count(planned.train_images)),
        ("batch size", count(recipe.training.batch_size)),
        ("epochs", count(recipe.training.epochs)),
        ("steps", count(planned.steps)),
        ("MACs of one image", short(found.macs)),
        ("MACs of the training", short(planned.training_macs)),
        ("P_G", number(found.p_g)),
        ("P'_G", number(found.p_g_prime)),
        ("U_G", number(found.utility)),
        ("expected spread [bit]", number(found.expected_spread)),
        ("entropy [bit]", number(found.entropy)),
    ]
    for row in rows:
        table.add_row(*row)
    console.print(table)
    table = simple_table("stages", "epochs", "image size", "magnitude")
    for stage in planned.stages:
        magnitude = f"{stage.magnitude:g}" if recipe.data.augment == "randaugment" else "-"
        table.add_row(f"{stage.first + 1} to {stage.last}", count(stage.size), magnitude)
    console.print()
    console.print(table)
    if planned.shared:
        console.print("\nshared, each line one tensor:")
    for names in planned.shared:
        console.print(f"  {len(names)}: {', '.join(names)}")


def _print_result(console: Console, result: Result, folder: Path) -> None:
    shared = result.prediction.parameters_unshared - result.prediction.parameters
    console.print(
        f"{result.recipe.name}: {result.accuracy:.2f} % after {result.epochs} epochs in "
        f"{result.seconds:.0f} s, {result.prediction.parameters:,} parameters"
        f"{f' ({shared:,} saved by sharing)' if shared else ''}; in {folder}"
    )


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None] | None]:
    """A bar over all steps, on a terminal."""
    console = Console(stderr=True, markup=False, emoji=False)
    if not console.is_terminal or not _is_first_process():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("steps")

        def report(now: Progress) -> None:
            done = min(now.epoch * now.steps + now.step, now.epochs * now.steps)
            score = f", {now.accuracy:.2f} %" if now.accuracy is not None else ""
            text = f"epoch {min(now.epoch + 1, now.epochs)} of {now.epochs}{score}"
            bar.update(task, completed=done, total=now.epochs * now.steps, description=text)

        yield report
