"""Recipe files: TOML, shipped with the package or the user's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from ...naming import suggest
from .errors import RecipeError
from .recipe import Recipe, from_tables

__all__ = ["load_recipe", "recipe_names"]


def recipe_names() -> list[str]:
    """Recipes that are shipped."""
    return sorted(
        path.name.removesuffix(".toml") for path in _folder().iterdir() if path.name.endswith(".toml")
    )


def load_recipe(config: str | Path, changes: Iterable[str] = ()) -> Recipe:
    """The recipe of a file.

    Parameters
    ----------
    config : str or Path
        A TOML file, or the name of a shipped recipe such as ``cifar10-b0-shared``. A file may say
        ``extends = "NAME"`` and give what differs.
    changes : iterable of str
        Settings to override, as ``training.epochs=10``.

    Raises
    ------
    RecipeError
        If there is no such recipe, or it cannot be read.
    """
    where = f"recipe '{config}'"
    tables = _merged(str(config), ())
    for change in changes:
        tables = _merge(tables, _parse_change(change))
    tables.setdefault("name", Path(str(config)).name.removesuffix(".toml"))
    return from_tables(tables, where)


def _folder() -> Any:
    return resources.files(__package__).joinpath("recipes")


def _merged(config: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if config in seen:
        raise RecipeError(f"recipe '{config}' extends itself")
    tables = _parse(_text(config), f"recipe '{config}'")
    parent = tables.pop("extends", None)
    if parent is None:
        return tables
    if not isinstance(parent, str):
        raise RecipeError(f"recipe '{config}': extends must name one recipe")
    if parent.endswith(".toml") and not Path(parent).is_absolute():
        parent = str(Path(config).parent / parent)
    base = _merged(parent, (*seen, config))
    base.pop("name", None)
    return _merge(base, tables)


def _text(config: str) -> str:
    if config in recipe_names():
        return str(_folder().joinpath(f"{config}.toml").read_text(encoding="utf-8"))
    try:
        return Path(config).read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "" if config.endswith(".toml") else f": {suggest(config, recipe_names())}"
        raise RecipeError(f"there is no recipe '{config}'{hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe '{config}' cannot be read: {error}") from None


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"{where} is not TOML: {error}") from None


def _parse_change(change: str) -> dict[str, Any]:
    key, equals, value = change.partition("=")
    section, dot, name = key.strip().partition(".")
    if not (equals and dot and name):
        raise RecipeError(f"'{change}' does not read section.setting=value")
    try:
        read = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        read = value.strip()  # a bare word
    return {section: {name: read}}


def _merge(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in other.items():
        old = result.get(key)
        result[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
