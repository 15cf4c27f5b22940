"""``reprior advise``: the most valuable changes of a model at a fixed number of parameters."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ..search.advice import Advice, Proposal, advise
from .console import count, number, printer, progress, short, simple_table
from .options import Input, Json, Real, Spec
from .outputs import Destinations

__all__ = ["advise_command"]

_TOP = 12
"""Changes shown without --all."""
_STAGES = 5


def advise_command(
    spec: Spec,
    max_params: Annotated[
        int | None,
        typer.Option(metavar="N", help="Most parameters of a changed model; as many as it has by default."),
    ] = None,
    max_macs: Annotated[
        int | None, typer.Option(metavar="N", help="Most multiply-accumulates of a changed model.")
    ] = None,
    input: Input = None,
    real: Real = False,
    latency: Annotated[
        bool, typer.Option("--latency", help="Measure the latency of the changes shown, on this CPU.")
    ] = False,
    all: Annotated[bool, typer.Option("--all", help="Show every change that was counted.")] = False,
    plot: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw utility against parameters; .png, .svg or .pdf."),
    ] = None,
    json: Json = None,
) -> None:
    """Find the most valuable changes of a model: what to share, widen, deepen, narrow or drop.

    Every change is counted again. With --json each comes as a patch that `reprior.search.advice.Patch`
    applies to a graph or a module, and one that shares as sets for --share sets:FILE.

    \b
    reprior advise paper:efficientnetv2-s@384
    reprior advise timm:resnet18 --max-params 8000000 --json advice.json
    """
    places = Destinations(json)
    if plot is not None:
        from ..views.plots.front import require_drawable

        require_drawable(plot)
    with progress(_STAGES) as begin:
        advice = advise(spec, input, max_params=max_params, max_macs=max_macs, real=real, begin=begin)
        if latency:
            from ..search.advice.timing import timed

            begin("measuring latency")
            advice = timed(advice, spec, input, most=_TOP)
    places.write_json(advice.to_json)
    if plot is not None:
        from ..views.plots.front import write_front

        points = [(p.kind, p.figures["num_parameters"], p.figures["utility"]) for p in advice.proposals]
        own = ("as it is", advice.before["num_parameters"], advice.before["utility"])
        write_front(plot, [own, *points], x="parameters", y="U_G in bits", title=advice.model)
    if not places.printed:
        _print(printer(), advice, None if all else _TOP)


def _print(console: Console, advice: Advice, limit: int | None) -> None:
    before = advice.before
    within = f"at most {count(advice.max_params)} parameters"
    if advice.max_macs is not None:
        within += f" and {count(advice.max_macs)} MACs"
    console.print(advice.model, style="bold")
    console.print(
        f"U_G {number(before['utility'])}, P_G {number(before['p_g'])}, P'_G {number(before['p_g_prime'])}, "
        f"{count(before['num_parameters'])} parameters, {short(before['macs'])} MACs, "
        f"depth {before['depth']}; changes have {within}",
        soft_wrap=True,
    )
    if advice.milliseconds is not None:
        console.print(f"one forward pass takes {advice.milliseconds:.1f} ms")
    fitting = [item for item in advice.proposals if item.fits]
    others = [item for item in fitting if item.kind not in ("share", "share sets")]
    sharing = [item for item in fitting if item.kind in ("share", "share sets")]
    for title, items in (("changes, most utility first", others), ("sharing layers", sharing)):
        if items:
            console.print()
            _print_table(console, title, items[:limit], advice.milliseconds)
    beaten = [item for item in sharing if item.against is not None]
    if beaten:
        console.print()
    for item in beaten:
        assert item.against is not None
        fewer = item.against.num_parameters - item.figures["num_parameters"]
        console.print(
            f"sets against {item.against.policy}: U_G {number(item.gain):>7} bits more, "
            f"{count(fewer)} parameters fewer",
            soft_wrap=True,
        )
    for note in advice.notes:
        console.print(f"note: {note}", soft_wrap=True)


def _print_table(console: Console, title: str, items: list[Proposal], before: float | None) -> None:
    """The figures of each change, and below them what each is."""
    columns = ["U_G", "+U_G", "+P_G", "+P'_G", "+params", "+MACs", "+depth", *(["ms"] if before else [])]
    table = simple_table(title, "no.", "kind", *columns, left=["kind"])
    for row, item in enumerate(items, start=1):
        more = item.difference
        table.add_row(
            str(row),
            item.kind,
            number(item.figures["utility"], 3),
            *(_signed(more[key]) for key in ("utility", "p_g", "p_g_prime")),
            *(_whole(more[key]) for key in ("num_parameters", "macs", "depth")),
            *([number(item.milliseconds, 1)] if before else []),
        )
    console.print(table)
    for row, item in enumerate(items, start=1):
        console.print(f"{row:>3} {item.text}", soft_wrap=True)


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _whole(value: int) -> str:
    sign = "+" if value > 0 else "-" if value < 0 else ""
    return f"{sign}{short(abs(value))}"
