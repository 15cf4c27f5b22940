"""Where results go: files, standard output, or a table for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import typer

from ..errors import SpecError
from ..files import require_writable, write_text

__all__ = ["Destinations"]


@dataclass(frozen=True, slots=True)
class Destinations:
    """What the options ``--json``, ``--csv`` and ``--html`` of one command say.

    Attributes
    ----------
    json, csv, html : str or None
        A file, or ``-`` for standard output (not for ``html``).

    Raises
    ------
    SpecError
        If a file cannot be written, or two results would go to the same place.
    """

    json: str | None = None
    csv: str | None = None
    html: str | None = None

    def __post_init__(self) -> None:
        given = [place for place in (self.json, self.csv, self.html) if place is not None]
        if self.html == "-":
            raise SpecError("--html needs a file; only --json and --csv can be printed")
        if len(given) != len(set(given)):
            raise SpecError(f"two results cannot both go to '{max(given, key=given.count)}'")
        for place in given:
            if place != "-":
                require_writable(place)

    @property
    def printed(self) -> bool:
        """Whether a result takes the place of the tables on standard output."""
        return "-" in (self.json, self.csv)

    def write_json(self, make: Callable[[], str]) -> None:
        """Write what `make` returns, if JSON was asked for."""
        _write(self.json, make)

    def write_csv(self, make: Callable[[], str]) -> None:
        """Write what `make` returns, if CSV was asked for."""
        _write(self.csv, make)

    def write_html(self, make: Callable[[], str]) -> None:
        """Write what `make` returns, if a report was asked for."""
        _write(self.html, make)


def _write(place: str | None, make: Callable[[], str]) -> None:
    if place is None:
        return
    text = make()
    text = text if text.endswith("\n") else text + "\n"
    if place == "-":
        typer.echo(text, nl=False)
    else:
        write_text(place, text)
