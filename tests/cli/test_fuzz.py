"""Whatever the file or the spec: a result or one line, never a traceback."""

import contextlib
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from reprior.cli import main

NAMES = st.sampled_from(["x", "y", "w", "f", "g", "", "\n", "é"])
KINDS = st.sampled_from(["input", "parameter", "function", "output", "output", "neuron", 3, None])
SOURCES = st.lists(
    NAMES
    | st.fixed_dictionaries(
        {"name": NAMES}, optional={"delay": st.integers(-1, 2) | st.none(), "odd": st.just(1)}
    ),
    max_size=4,
)
NODES = st.fixed_dictionaries(
    {}, optional={"name": NAMES, "kind": KINDS, "sources": SOURCES, "origin": NAMES}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def nearly_right(draw):
    """A graph whose sources are mostly earlier nodes; now and then later ones, or inputs that are fed."""
    kinds = draw(
        st.lists(st.sampled_from(["input", "parameter", "function", "output"]), min_size=1, max_size=9)
    )
    nodes = []
    for place, kind in enumerate(kinds):
        takes = kind in ("function", "output") or draw(st.integers(0, 19)) == 0
        reach = place - 1 if draw(st.integers(0, 9)) else len(kinds)
        names = st.integers(0, max(reach, 0)).map("n{}".format) if reach >= 0 else st.nothing()
        sources = draw(st.lists(names, max_size=4)) if takes and reach >= 0 else []
        nodes.append({"name": f"n{place}", "kind": kind, "sources": sources})
    return {"nodes": nodes}


FILES = (
    JSON
    | nearly_right()
    | st.fixed_dictionaries(
        {"nodes": st.lists(NODES, max_size=8)},
        optional={"length": st.integers(-1, 4), "outputs": st.text(max_size=4)},
    )
)


def behaves(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)  # anything but a refusal escapes and fails the test
    if status == 0:
        assert err.getvalue() == ""
        assert "nan" not in out.getvalue().lower().split()
    else:
        assert (status, out.getvalue()) == (2, "")
        assert err.getvalue().startswith("reprior: error: ") and err.getvalue().count("\n") == 1
    return status


@given(FILES)
def test_graph_files(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("fuzz") / "graph.json"
    file.write_text(json.dumps(data))
    analysed = behaves("analyze", f"dag:{file}")
    assert behaves("analyze", f"dag:{file}", "--exact", "--json", "-") == analysed
    behaves("analyze", f"dag:{file}", "--weighting", "fan_in:0.5", "--csv", "-")
    behaves("unroll", f"dag:{file}")


@given(st.text(max_size=30), st.sampled_from(["", "paper:", "macro:", "nb201:", "dag:"]))
def test_specs(text, scheme):
    if not text.startswith("-"):
        behaves("analyze", scheme + text)


@given(st.text(max_size=20))
def test_weightings(text):
    behaves("analyze", "paper:figure3a", f"--weighting={text}")
