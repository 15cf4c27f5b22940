"""The drawn figures: what stands on their nodes is what enumeration counts."""

from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from reprior.errors import RepriorError
from reprior.models.figures import FIGURES
from reprior.scalar import DagBuilder
from reprior.views.drawing import FIGURE_NAMES, draw, figure_1, figure_drawing, to_png, to_svg, write_figures
from tests.enumeration import contexts, paths, targets_of

SVG = "{http://www.w3.org/2000/svg}"


def graph(name):
    return figure_1() if name == "figure1" else FIGURES[name]()


@pytest.mark.parametrize("name", FIGURE_NAMES)
def test_counts_on_the_nodes(name):
    dag = graph(name)
    counted = {origin: len(found) for origin, found in contexts(dag).items()}
    targets = targets_of(dag)
    outputs = {node.name for node in dag.nodes if node.kind == "output"}
    root = ElementTree.fromstring(to_svg(figure_drawing(name)))
    marks = [group for group in root.iter(f"{SVG}g") if group.get("class") == "mark"]
    assert len(marks) == len(dag)
    for mark, node in zip(marks, dag.nodes, strict=True):
        expected = (
            counted[node.origin]
            if node.kind == "parameter"
            else sum(1 for _ in paths(node.name, targets, outputs))
        )
        label, count = (text.text for text in mark.iter(f"{SVG}text"))
        assert (label, count) == (node.origin, str(expected))
        assert mark.get("data-count") == str(expected)


def test_published_contexts_of_figure_3a():
    root = ElementTree.fromstring(to_svg(figure_drawing("figure3a")))
    shown = {mark.get("data-origin"): mark.get("data-count") for mark in root.iter(f"{SVG}g")}
    assert [shown[f"w{n}"] for n in range(1, 9)] == ["2"] * 4 + ["1"] * 4


def test_figure_1_follows_every_context_of_w1():
    drawing = figure_drawing("figure1")
    found = contexts(figure_1())["w1"]
    assert drawing.caption.startswith(f"{len(found)} paths")
    strong = {mark.label for mark in drawing.marks if mark.strong}
    assert strong == {name for path in found for name in path}
    edges = {piece for path in found for piece in pairwise(path)}
    assert sum(line.strong for line in drawing.lines) == len(edges)


def test_written_files(tmp_path):
    image = pytest.importorskip("PIL.Image")
    out = tmp_path / "new" / "figures"
    written = write_figures(out)
    assert sorted(path.name for path in written) == sorted(
        f"{name}.{kind}" for name in FIGURE_NAMES for kind in ("svg", "png")
    )
    for path in written:
        if path.suffix == ".svg":
            ElementTree.parse(path)
            continue
        with image.open(path) as picture:
            drawing = figure_drawing(path.stem)
            assert picture.size == pytest.approx((2 * drawing.width, 2 * drawing.height), abs=2)
            assert len(picture.convert("RGB").getcolors(10**6)) > 20


def test_png_shows_the_marks():
    image = pytest.importorskip("PIL.Image")
    drawing = figure_drawing("figure3a")
    picture = image.open(BytesIO(to_png(drawing))).convert("RGB")
    colours = {"parameter": (240, 228, 66), "input": (86, 180, 233), "output": (230, 159, 0)}
    for mark in drawing.marks:
        if mark.kind in colours:
            x, y = mark.centre
            near = picture.getpixel((round(2 * (x - 0.6 * drawing.radius)), round(2 * y)))
            assert near == colours[mark.kind]


def test_hostile_names_are_text():
    name = '<script>alert("1")</script>&\x00\ud800'
    dag = DagBuilder().inputs("x").parameters(name).output("y", "x", name).build()
    root = ElementTree.fromstring(to_svg(draw(dag, name, caption=name)))
    assert root.find(f"{SVG}title").text == '<script>alert("1")</script>&\ufffd\ufffd'
    assert not list(root.iter(f"{SVG}script"))
    assert to_png(draw(dag, "$x$ " + name[:20]))[:4] == b"\x89PNG"


def test_large_numbers_are_powers():
    builder = DagBuilder().inputs("x").parameters("w").function("f0", "x", "w")
    for k in range(40):
        for side in "ab":
            builder = builder.function(f"{side}{k}", f"f{k}")
        builder = builder.function(f"f{k + 1}", f"a{k}", f"b{k}")
    dag = builder.output("y", "f40").build()
    mark = next(mark for mark in draw(dag, "deep").marks if mark.label == "w")
    assert mark.count == "2^40.0"


def test_refusals(tmp_path):
    with pytest.raises(RepriorError, match="too large to draw"):
        draw(figure_1(), "", limit=5)
    with pytest.raises(RepriorError, match="no node 'f9'"):
        draw(figure_1(), "", follow="f9")
    with pytest.raises(RepriorError, match="no figure 'figure4'"):
        write_figures(tmp_path, names=["figure4"])
    with pytest.raises(RepriorError, match="no format 'gif'"):
        write_figures(tmp_path, formats=["gif"])
    (tmp_path / "file").write_text("")
    with pytest.raises(RepriorError, match="cannot make the folder"):
        write_figures(tmp_path / "file")
