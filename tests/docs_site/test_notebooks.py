"""The notebooks run from top to bottom, and are stored without outputs."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# Starting a kernel touches sockets and event loops in ways that its libraries warn about.
@pytest.mark.filterwarnings("ignore")
def test_notebook_runs(path, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("matplotlib")
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert all(not cell.outputs for cell in cells), "clear the outputs before committing"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output.get("data", {}) for cell in cells for output in cell.outputs]
    assert sum("text/html" in data for data in shown) == 3
    assert sum("image/png" in data for data in shown) == 4


def test_there_is_a_notebook():
    assert NOTEBOOKS
