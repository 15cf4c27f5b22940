"""``reprior bench``: how well quantities order the models of public benchmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import SpecError
from ..files import write_text
from .console import number, printer, progress, simple_table
from .options import Csv, Json
from .outputs import Destinations
from .rank import Cache, Processes, Resamples, cache_file, ranking_table, require_rank_extra

__all__ = ["bench_command"]


def bench_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="nasbench201, macro or timm; by default all."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where the tables are; by default REPRIOR_DATA, else downloaded."),
    ] = None,
    cache: Cache = None,
    processes: Processes = None,
    resamples: Resamples = 200,
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
    """
    require_rank_extra()
    from ..bench import ANCHORS, BENCHMARKS, benchmark, load, run

    chosen = [benchmark(name) for name in names or BENCHMARKS]
    places = Destinations(json, csv)
    if len(chosen) > 1 and (json, csv) != (None, None):
        raise SpecError("--json and --csv take one benchmark; --out DIR takes several")
    if out is not None and not Path(out).is_dir():
        raise SpecError(f"there is no directory '{out}'")
    for item in chosen:
        table = load(item, data)
        with progress(len(table.entries)) as begin:
            result = run(
                item,
                table,
                cache=cache_file(cache),
                processes=processes,
                resamples=resamples,
                report=lambda done: begin(f"{done} models scored"),
            )
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
