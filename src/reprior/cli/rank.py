"""``reprior rank``: how well quantities order the models of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from ..errors import RepriorError, SpecError
from ..files import require_writable, write_text
from .console import number, printer, progress, simple_table
from .executors import ExecutorName, chosen_executor
from .options import Csv, Json
from .outputs import Destinations

if TYPE_CHECKING:
    from ..rank import Ranking

__all__ = ["rank_command", "ranking_table", "require_rank_extra"]

Cache = Annotated[
    str | None,
    typer.Option("--cache", metavar="FILE", help="Where scores are kept; 'none' keeps nothing."),
]
Processes = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Processes to score with; by default one per core."),
]
Resamples = Annotated[
    int, typer.Option(min=0, metavar="N", help="Bootstrap resamples for the intervals; 0 for none.")
]

Own = Annotated[
    str | None,
    typer.Option(
        "--score", metavar="FILE.py:FUNCTION", help="A score of your own: from an analysis to a number."
    ),
]


def rank_command(
    table: Annotated[str, typer.Argument(metavar="TABLE.csv", help="Models and their accuracies.")],
    spec: Annotated[str, typer.Option(metavar="COLUMN", help="Column with the models.")] = "spec",
    accuracy: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column to predict; -COLUMN where less is better.")
    ] = "accuracy",
    group: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column to compare within, such as a recipe.")
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column with image sizes.")] = None,
    prefix: Annotated[str, typer.Option(metavar="TEXT", help="Put before each model, such as 'timm:'.")] = "",
    extra: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Score of the table to compare with (repeatable)."),
    ] = None,
    cache: Cache = None,
    processes: Processes = None,
    executor: ExecutorName = "local",
    resamples: Resamples = 200,
    score: Own = None,
    scores: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write every model's scores as CSV.")
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw score against accuracy (.png, .svg, .pdf).")
    ] = None,
    quantity: Annotated[str, typer.Option(metavar="KEY", help="What the plot shows.")] = "utility",
    json: Json = None,
    csv: Csv = None,
) -> None:
    """Correlate every quantity with the accuracy of trained models.

    \b
    reprior rank models.csv --spec model --accuracy top1 --group recipe
    reprior rank timm.csv --spec arch --accuracy top1 --prefix timm: --plot scores.png
    """
    require_rank_extra()
    from ..rank import read_table
    from ..rank.plot import write_plot
    from ..rank.ranking import rank

    places = Destinations(json, csv)
    for file in (scores, plot):
        if file is not None:
            require_writable(file)
    found = read_table(
        table, spec=spec, accuracy=accuracy, group=group, size=size, prefix=prefix, extra=extra or ()
    )
    with chosen_executor(executor) as (pool, _), progress(len(found.entries)) as begin:
        result = rank(
            found,
            cache=cache_file(cache),
            processes=processes,
            executor=pool,
            resamples=resamples,
            own=score,
            report=lambda done: begin(f"{done} of {len(found.entries)} scored"),
        )
    places.write_json(result.to_json)
    places.write_csv(result.to_csv)
    if scores is not None:
        write_text(scores, result.scores_to_csv())
    if plot is not None:
        write_plot(result, quantity, plot)
    if not places.printed:
        printer().print(ranking_table(f"{len(result.entries)} models", result))
    for row in result.rejected:
        where = f"line {row.row}: " if row.row else ""
        typer.echo(f"left out: {where}{row.model}: {row.reason}", err=True)


def require_rank_extra() -> None:
    """Say which extra to install where it is missing."""
    try:
        import scipy.stats  # noqa: F401
    except ImportError:
        raise RepriorError("ranking needs scipy: pip install 'reprior[rank]'") from None


def cache_file(given: str | None) -> Path | None:
    """Where scores are kept."""
    from ..rank import default_cache

    if given == "none":
        return None
    if given is None:
        return default_cache()
    if Path(given).is_dir():
        raise SpecError(f"cannot use '{given}' as a cache: it is a directory")
    return Path(given)


def ranking_table(title: str, ranking: Ranking) -> RichTable:
    """The correlations for people, highest tau first."""
    grouped = any(item.within is not None for item in ranking.correlations)
    names = ["tau", "95 %", "near", "rho", "top rho", "nDCG", "partial", *(["within"] if grouped else [])]
    table = simple_table(title, "quantity", *names, left=["quantity"])
    for item in ranking.correlations:
        low, high = number(item.tau_low, 2), number(item.tau_high, 2)
        cells = [number(item.tau, 3), "-" if item.tau_low is None else f"{low} {high}"]
        cells += [
            number(value, 3) for value in (item.near, item.rho, item.top_rho, item.ndcg, item.partial_rho)
        ]
        table.add_row(item.quantity, *cells, *([number(item.within, 3)] if grouped else []))
    return table
