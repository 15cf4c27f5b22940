"""The figures on the site are those that the program draws."""

from pathlib import Path

import pytest

from reprior.views.drawing import FIGURE_NAMES, write_figures

FIGURES = Path(__file__).parents[2] / "docs" / "figures"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    out = tmp_path_factory.mktemp("figures")
    write_figures(out, formats=["svg"])
    return out


@pytest.mark.parametrize("name", FIGURE_NAMES)
def test_figure_is_up_to_date(name, drawn):
    message = "run: reprior figures --out docs/figures --format svg"
    assert (FIGURES / f"{name}.svg").read_text() == (drawn / f"{name}.svg").read_text(), message
