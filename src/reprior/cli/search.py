"""``reprior search``: architectures that are best by what can be counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ..errors import RepriorError
from ..files import require_writable, write_text
from .console import number, printer, progress, short, simple_table
from .executors import ExecutorName, chosen_executor
from .options import Csv, Html, Input, Json
from .outputs import Destinations

if TYPE_CHECKING:
    from ..search import SearchResult

__all__ = ["search_command"]

_MOST = 20
"""Rows of the front that are printed; the files have all."""

_WHOLE = ("params", "macs", "depth", "weighted_layers", "activations")


def search_command(
    space: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.py:build",
            help="What to search: nb201, macro, mbconv, resnet-width, transformer, or a function of a trial.",
        ),
    ],
    objective: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY",
            help="What to want more of, or with '-' before it less (repeatable).",
            show_default=False,
        ),
    ] = None,
    max_params: Annotated[str | None, typer.Option(metavar="N", help="Most parameters: 5M, 600k.")] = None,
    max_macs: Annotated[
        str | None, typer.Option(metavar="N", help="Most multiply-accumulates: 600M, 1.2G.")
    ] = None,
    max_latency: Annotated[
        str | None, typer.Option(metavar="T", help="Longest forward pass on this CPU: 20ms.")
    ] = None,
    trials: Annotated[
        int, typer.Option(min=1, metavar="N", help="Finished trials there shall be in all.")
    ] = 100,
    sampler: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="random, tpe, nsga2, nsga3, gp, evolution; else evolution, or nsga2 for several objectives.",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="With one worker, makes it repeat itself.")
    ] = None,
    storage: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where trials are kept: a journal file, sqlite:///FILE, postgresql://... or memory:.",
        ),
    ] = "reprior-search.journal",
    study: Annotated[
        str | None, typer.Option(metavar="NAME", help="The study; by default named by what it searches.")
    ] = None,
    executor: ExecutorName = "local",
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="How many at a time; one per core, and one where latency counts."
        ),
    ] = None,
    timeout: Annotated[
        float,
        typer.Option(min=0.1, metavar="SECONDS", help="Longest that your function may take for a trial."),
    ] = 60.0,
    input: Input = None,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
    history: Annotated[str | None, typer.Option(metavar="FILE", help="Write all trials as CSV.")] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw the front (.png, .svg, .pdf).")
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Write each model of the front as JSON of the builder."),
    ] = None,
) -> None:
    """Search architectures by graph analysis alone, within limits.

    Quantities: utility (U_G), p_g, p_g_prime, expected_spread, entropy, total_surprisal,
    log2_total_contexts, nsc (more is better); params, macs, depth, weighted_layers, activations, latency
    (less is better). Run again with the same storage and study, it goes on up to N trials in all; several
    may run at once.

    \b
    reprior search --space mbconv --max-params 8M --max-macs 800M --trials 1000
    reprior search --space nb201 --objective utility --objective -macs --html front.html
    reprior search --space mine.py:build --input 3x224x224 --storage sqlite:///mine.db
    """
    require_search_extra()
    from ..search import run

    places = Destinations(json, csv, html)
    for file in (history, plot):
        if file is not None:
            require_writable(file)
    limits = {
        name: most
        for name, most in (("params", max_params), ("macs", max_macs), ("latency", max_latency))
        if most is not None
    }
    with ExitStack() as stack:
        begin = stack.enter_context(progress(trials))
        pool, number_of = stack.enter_context(chosen_executor(executor))
        report = _Report(begin, trials, storage)
        stack.enter_context(report.interrupted())
        result = run(
            space,
            objective or ["utility"],
            limits=limits,
            trials=trials,
            sampler=sampler,
            seed=seed,
            storage=storage,
            study=study,
            executor=pool,
            workers=workers or number_of,
            timeout=timeout,
            input=input,
            report=report,
        )
    places.write_json(result.to_json)
    places.write_csv(result.to_csv)
    places.write_html(lambda: _page(result))
    if history is not None:
        write_text(history, result.history_to_csv())
    if plot is not None:
        from ..search.report import write_plot

        write_plot(result, plot)
    if models is not None:
        _write_models(result, models)
    if not places.printed:
        _print(result, storage)
    failure = result.failure()
    if failure is not None:
        raise RepriorError(failure)


def require_search_extra() -> None:
    """Say which extra to install where it is missing."""
    try:
        import optuna  # noqa: F401
        import scipy.stats  # noqa: F401
    except ImportError:
        raise RepriorError("searching needs Optuna: pip install 'reprior[search]'") from None


class _Report:
    """How far the search is, and what is kept when it is interrupted."""

    def __init__(self, begin: Callable[[str], None], trials: int, storage: str) -> None:
        self._begin, self._trials, self._storage = begin, trials, storage
        self._finished = 0

    def __call__(self, finished: int) -> None:
        self._finished = finished
        self._begin(f"{finished} of {self._trials} trials")

    @contextmanager
    def interrupted(self) -> Any:
        """Say on the way out what is kept."""
        try:
            yield
        except KeyboardInterrupt:
            from ..search.storage import kept_in

            where = kept_in(self._storage)
            kept = (
                "; nothing is kept" if where == "memory:" else f" and kept in '{where}'; run again to go on"
            )
            typer.echo(f"interrupted: {self._finished} of {self._trials} trials are finished{kept}", err=True)
            raise


def _page(result: SearchResult) -> str:
    from ..search.report import to_html

    return to_html(result)


def _write_models(result: SearchResult, folder: str) -> None:
    from ..search.models import write_models

    for path in write_models(result, folder):
        typer.echo(f"wrote {path}", err=True)


def _print(result: SearchResult, storage: str) -> None:
    from ..search.storage import kept_in

    console = printer()
    if result.front:
        console.print(_table(result))
    failed = [trial for trial in result.trials if trial.error is not None]
    kept = sum(trial.feasible for trial in result.trials)
    said = f"{len(result.trials)} trials in '{kept_in(storage)}'"
    if result.limits:
        said += f", {kept} within {', '.join(map(str, result.limits))}"
    console.print(said, soft_wrap=True)
    if failed:
        console.print(f"{len(failed)} trials failed; the last: {failed[-1].error}", soft_wrap=True)
    for note in result.notes:
        console.print(f"note: {note}", soft_wrap=True)


def _table(result: SearchResult) -> Table:
    objectives = [item.quantity for item in result.objectives]
    extra = [item.quantity for item in result.limits]
    shown = list(dict.fromkeys([*objectives, *extra, "params", "macs"]))
    wanted = ", ".join(map(str, result.objectives))
    beyond = f", {_MOST} of {len(result.front)}" if len(result.front) > _MOST else ""
    table = simple_table(f"{result.space} by {wanted}{beyond}", "trial", *shown, "model", left=["model"])
    for trial in result.front[:_MOST]:
        cells = [_cell(key, trial.quantities.get(key)) for key in shown]
        table.add_row(str(trial.number), *cells, trial.candidate or _choices(trial.params))
    return table


def _choices(params: Any) -> str:
    return " ".join(f"{name}={value}" for name, value in params.items())


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    if key == "latency":
        return f"{value * 1e3:.3g} ms"
    return short(int(value)) if key in _WHOLE else number(value, 3)
