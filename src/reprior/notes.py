"""What a reader should know of how a model was understood."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

__all__ = ["Kind", "Note", "approximations"]

Kind = Literal["stated", "assumed", "approximated", "unknown"]

_DOUBTS: tuple[Kind, ...] = ("assumed", "approximated", "unknown")


class Note(str):
    """One sentence about how a model was understood, and how far that goes.

    Attributes
    ----------
    kind : {"stated", "assumed", "approximated", "unknown"}
        ``stated`` is a fact that changes no figure's meaning. The others say what another truth might
        change: something was assumed, approximated, or could not be known. Their text begins with it.
    """

    kind: Kind

    def __new__(cls, kind: Kind, text: str) -> Note:
        """A note of a kind."""
        note = super().__new__(cls, text if kind == "stated" else f"{kind}: {text}")
        note.kind = kind
        return note

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """For copies and pickles."""
        return self.kind, str(self) if self.kind == "stated" else self.partition(": ")[2]

    @classmethod
    def read(cls, text: str) -> Note:
        """A note from its text."""
        kind, colon, rest = text.partition(": ")
        for doubt in _DOUBTS:
            if colon and kind == doubt:
                return cls(doubt, rest)
        return cls("stated", text)

    @property
    def is_certain(self) -> bool:
        """Whether the figures are exact in spite of it."""
        return self.kind == "stated"


def approximations(doubts: Iterable[str]) -> tuple[Note, ...]:
    """A note for each thing that was approximated on the way to a canonical form."""
    return tuple([Note("approximated", text) for text in sorted(doubts)])
