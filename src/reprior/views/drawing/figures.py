"""The paper's figures 1, 2 and 3, drawn from the graphs that this package counts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from os import PathLike
from pathlib import Path

from ...errors import RepriorError
from ...files import write_bytes, write_text
from ...models.figures import FIGURES
from ...scalar import Dag, DagBuilder, count_contexts, summarise
from .draw import draw
from .png import to_png
from .shapes import Drawing
from .svg import to_svg

__all__ = ["FIGURE_NAMES", "FORMATS", "figure_1", "figure_drawing", "write_figures"]

FORMATS = ("svg", "png")

_TITLES = {
    "figure1": "Figure 1: the contexts of w1",
    "figure2a": "Figure 2(a): eight parameters, no reuse",
    "figure2b": "Figure 2(b): as many parameters, reused",
    "figure3a": "Figure 3(a): the graph of appendix B",
    "figure3b": "Figure 3(b): figure 3(a), unrolled horizontally",
    "figure3c": "Figure 3(c): nothing shared, a uniform graph",
}

FIGURE_NAMES = tuple(_TITLES)
"""The figures that can be drawn."""


def figure_1() -> Dag:
    """Three layers; every path from a function that takes w1 to an output is a context of w1.

    The paper's text says that figure 1(b) is a model of three layers and shows some contexts. The
    wiring is ours: two functions in each layer, each taking both values before it.
    """
    builder = DagBuilder().inputs("i1", "i2").parameters(*(f"w{n}" for n in range(1, 13)))
    before, weight = ("i1", "i2"), 1
    for first in ("f1", "f3", "o1"):
        second = f"{first[0]}{int(first[1]) + 1}"
        add = builder.output if first == "o1" else builder.function
        for name in (first, second):
            add(name, before[0], f"w{weight}", before[1], f"w{weight + 1}")
            weight += 2
        before = (first, second)
    return builder.build()


def figure_drawing(name: str) -> Drawing:
    """The drawing of one figure.

    Raises
    ------
    RepriorError
        If there is no such figure.
    """
    if name not in _TITLES:
        raise RepriorError(f"there is no figure '{name}'; there are {', '.join(FIGURE_NAMES)}")
    if name == "figure1":
        dag = figure_1()
        caption = f"{count_contexts(dag)['w1']} paths lead from f1, which takes w1, to the outputs"
        return draw(dag, _TITLES[name], caption=caption, follow="f1")
    dag = FIGURES[name]()
    found = summarise(dag)
    caption = (
        f"{found.num_parameters} parameters, {found.total_contexts} contexts, "
        f"E {found.expected_spread:.2f}, H {found.entropy:.2f}"
    )
    return draw(dag, _TITLES[name], caption=caption)


def write_figures(
    folder: str | PathLike[str],
    *,
    names: Collection[str] = FIGURE_NAMES,
    formats: Collection[str] = FORMATS,
) -> list[Path]:
    """Write figures as files ``figure1.svg``, ``figure1.png`` and so on; return them.

    Raises
    ------
    RepriorError
        If a name or format is unknown, or the folder cannot be written.
    """
    writers: dict[str, Callable[[Path, Drawing], None]] = {
        "svg": lambda path, drawing: write_text(path, to_svg(drawing)),
        "png": lambda path, drawing: write_bytes(path, to_png(drawing)),
    }
    for kind in formats:
        if kind not in writers:
            raise RepriorError(f"there is no format '{kind}'; there are {', '.join(FORMATS)}")
    drawings = {name: figure_drawing(name) for name in names}
    out = Path(folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RepriorError(f"cannot make the folder '{out}': {error.strerror or error}") from None
    written = []
    for name, drawing in drawings.items():
        for kind in formats:
            path = out / f"{name}.{kind}"
            writers[kind](path, drawing)
            written.append(path)
    return written
