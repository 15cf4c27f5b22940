"""How printed digits agree with a number."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal

__all__ = ["Reading", "decimals", "read"]

Reading = Literal["rounded", "truncated", "rounded twice", "lower bound", "explained", "differs"]
"""``rounded``, ``truncated``: these are the number's digits. ``rounded twice``: they are after rounding
to one digit more first. ``lower bound``: printed with a "+", and the number is larger. ``explained``:
they are those of a neighbouring case, which is named and computed. ``differs``: none of these."""


def read(printed: str, value: float) -> Reading:
    """How printed digits agree with a value, without any explanation.

    Parameters
    ----------
    printed : str
        Digits as printed, with a ``+`` behind a lower bound.
    value : float

    Examples
    --------
    >>> read("1505.546", 1505.54646), read("27.20", 27.20525), read("13.3", 13.2469), read("30.5+", 31.043)
    ('rounded', 'truncated', 'rounded twice', 'lower bound')
    """
    target = Decimal(printed.removesuffix("+"))
    last, exact = Decimal(1).scaleb(-decimals(printed)), Decimal(value)
    if exact.quantize(last, ROUND_HALF_UP) == target:
        return "rounded"
    if exact.quantize(last, ROUND_DOWN) == target:
        return "truncated"
    if exact.quantize(last / 10, ROUND_HALF_UP).quantize(last, ROUND_HALF_UP) == target:
        return "rounded twice"
    return "lower bound" if printed.endswith("+") and exact > target else "differs"


def decimals(printed: str) -> int:
    """Number of printed digits after the point."""
    return len(printed.removesuffix("+").partition(".")[2])
