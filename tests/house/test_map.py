"""The map of the house is that of the tree."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
SOURCE = ROOT / "src" / "reprior"


def test_every_room_has_one_line():
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    rooms |= {path.name for path in SOURCE.glob("*.py") if not path.name.startswith("__")}
    table = PAGE.partition("## The rooms")[2].partition("## Where to add")[0]
    listed = re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(rooms)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:src|tests|docs|benchmarks)/[^`]*)`", PAGE))))
def test_every_path_is_there(path):
    assert (ROOT / path).exists()


def test_the_floors_of_the_contract_are_in_the_order_of_the_map():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = text.partition("\nlayers = [")[2].partition("]")[0]
    contract = [name for line in re.findall(r'"(.*)"', layers) for name in re.findall(r"[a-z_]+", line)]
    table = PAGE.partition("## The rooms")[2].partition("## Where to add")[0]
    listed = [name.removesuffix(".py") for name in re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)]
    floors = [re.findall(r"[a-z_]+", line) for line in re.findall(r'"(.*)"', layers)]
    assert sorted(contract) == sorted(listed)
    level = {name: number for number, names in enumerate(floors) for name in names}
    assert [level[name] for name in listed] == sorted(level[name] for name in listed)
