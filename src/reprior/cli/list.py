"""``reprior list``: the models that can be named."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from importlib.util import find_spec
from typing import Annotated

import typer

from ..errors import SpecError
from ..frontends import Scheme
from ..naming import suggest
from ..registry import schemes
from .console import printer, simple_table

__all__ = ["list_command"]


def list_command(
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="[SCHEME[:GLOB]]", show_default=False, help="Which; all schemes by default."),
    ] = None,
) -> None:
    """List kinds of models, or all models of one kind.

    \b
    reprior list
    reprior list paper
    reprior list 'timm:*vit*'
    """
    if pattern is None:
        _print_schemes()
        return
    name, _, glob = pattern.partition(":")
    known = schemes()
    if name not in known:
        raise SpecError(f"no scheme '{name}': {suggest(name, list(known))}")
    found = [rest for rest in _names(known[name]) if fnmatchcase(rest, glob or "*")]
    if not found:
        raise SpecError(f"no model matches '{pattern}'")
    for rest in found:
        typer.echo(f"{name}:{rest}")


def _print_schemes() -> None:
    table = simple_table("Model specs", "spec", "what", left=["spec", "what"])
    missing: dict[str, list[str]] = {}
    for name, scheme in schemes().items():
        table.add_row(scheme.form, scheme.what)
        if any(find_spec(package) is None for package in scheme.packages):
            missing.setdefault(scheme.install, []).append(f"{name}:")
    console = printer()
    console.print(table)
    for install, names in missing.items():
        console.print(f"{', '.join(names)} need more: {install}")


def _names(scheme: Scheme) -> Iterable[str]:
    if scheme.names is None:
        raise SpecError(f"{scheme.form} cannot be listed")
    return scheme.names()
