"""``reprior bench``: how well quantities order the models of public benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from ..errors import SpecError
from ..files import write_text
from .console import number, printer, progress, simple_table
from .executors import ExecutorName, chosen_executor
from .options import Csv, Json
from .outputs import Destinations
from .rank import Cache, Own, Processes, Resamples, cache_file, ranking_table, require_rank_extra

if TYPE_CHECKING:
    from ..lab.bench import Leaderboard
    from ..rank import Ranking

__all__ = ["bench_command"]


def bench_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Which benchmarks, or all (the default)."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where the tables are; by default REPRIOR_DATA, else downloaded."),
    ] = None,
    cache: Cache = None,
    processes: Processes = None,
    executor: ExecutorName = "local",
    resamples: Resamples = 200,
    score: Own = None,
    uncounted: Annotated[
        bool, typer.Option("--uncounted", help="Only U_G and baselines, which need no count: much faster.")
    ] = False,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Write NAME.csv of each benchmark into this directory.")
    ] = None,
    json: Json = None,
    csv: Csv = None,
) -> None:
    """Correlate every quantity and baseline with the accuracies of public benchmarks.

    \b
    reprior bench macro
    reprior bench nasbench201 --csv nasbench201.csv
    reprior bench all --data TABLES --score mine.py:score
    """
    require_rank_extra()
    from ..lab.bench import ANCHORS, BENCHMARKS, benchmark, leaderboard, load, run

    everything = not names or names == ["all"]
    chosen = [benchmark(name) for name in (BENCHMARKS if everything else names or ())]
    places = Destinations(json, csv)
    if uncounted and score is not None:
        raise SpecError("--score is given a counted analysis: leave out --uncounted")
    if len(chosen) > 1 and not everything and (json, csv) != (None, None):
        raise SpecError("--json and --csv take one benchmark or all; --out DIR takes several")
    if out is not None and not Path(out).is_dir():
        raise SpecError(f"there is no directory '{out}'")
    standings: dict[str, Ranking] = {}
    for item in chosen:
        try:
            table = load(item, data)
        except SpecError as error:
            # Tables without a public licence cannot be downloaded; the others are still worth a leaderboard.
            if not everything:
                raise
            typer.echo(f"left out: {item.name}: {error}", err=True)
            continue
        with chosen_executor(executor) as (pool, _), progress(len(table.entries)) as begin:
            result = run(
                item,
                table,
                cache=cache_file(cache),
                processes=processes,
                executor=pool,
                resamples=resamples,
                own=score,
                uncounted=uncounted,
                report=lambda done: begin(f"{done} models scored"),
            )
        standings[item.name] = next(iter(result.rankings.values()))
        if not everything:
            places.write_json(result.to_json)
            places.write_csv(result.to_csv)
        if out is not None:
            write_text(Path(out) / f"{item.name}.csv", result.to_csv())
        if places.printed:
            continue
        console = printer()
        for population, ranking in result.rankings.items():
            console.print(
                ranking_table(f"{item.title}: {population}, {len(ranking.entries)} models", ranking)
            )
            console.print()
        published = [anchor for anchor in ANCHORS if anchor.benchmark == item.name]
        if published:
            others = simple_table(
                "published by others", "method", "tau", "rho", "population", left=["method"]
            )
            for anchor in published:
                others.add_row(anchor.method, number(anchor.tau, 3), number(anchor.rho, 3), anchor.population)
            console.print(others)
            console.print()
        console.print(f"Data: {item.origin}")
        missing = {row.model: row.reason for row in next(iter(result.rankings.values())).rejected}
        for model, reason in missing.items():
            typer.echo(f"left out: {model}: {reason}", err=True)
    if everything and standings:
        board = leaderboard(standings)
        places.write_json(board.to_json)
        places.write_csv(board.to_csv)
        if out is not None:
            write_text(Path(out) / "leaderboard.csv", board.to_csv())
        if not places.printed:
            printer().print(_standings(board, len(standings)))


def _standings(board: Leaderboard, populations: int) -> Table:
    columns = ["mean tau", "worst", "at", "near pairs", "rho", "nDCG"]
    table = simple_table(f"{populations} populations", "quantity", *columns, left=["quantity", "at"])
    for item in board.standings:
        figures = [number(value, 3) for value in (item.near, item.rho, item.ndcg)]
        table.add_row(item.quantity, number(item.tau, 3), number(item.worst, 2), item.worst_at, *figures)
    return table
