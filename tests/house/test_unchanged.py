"""Figures of models that need no framework are those of the table (all: benchmarks/unchanged.py)."""

import importlib.util
import json
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "unchanged.py"
SPEC = importlib.util.spec_from_file_location("unchanged", SCRIPT)
unchanged = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(unchanged)
TABLE = json.loads(unchanged.TABLE.read_text(encoding="utf-8"))


def test_the_table_is_of_the_list():
    assert list(TABLE) == unchanged.MODELS
    assert len(TABLE) == 60


@pytest.mark.parametrize("spec", ["paper:efficientnetv2-b0@64", "paper:figure3a", *unchanged.SPACES])
def test_figures_are_what_they_were(spec):
    assert unchanged.digest(unchanged.content(spec)) == TABLE[spec], (
        "figures differ; if they are meant to, write the table anew: python benchmarks/unchanged.py --write"
    )
