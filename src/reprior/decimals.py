"""Integers of any length in decimal digits."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

__all__ = ["decimal_digits"]


def decimal_digits(value: int | Fraction) -> str:
    """An integer, or a fraction as ``p/q``, in all its digits.

    Python refuses `str` of more than 4,300 digits, which counts of deep models exceed; its decimal
    numbers have no such limit, and convert in less than quadratic time.

    Examples
    --------
    >>> decimal_digits(10**5000)[:4], len(decimal_digits(10**5000))
    ('1000', 5001)
    >>> decimal_digits(Fraction(22, 7))
    '22/7'
    """
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{decimal_digits(value.numerator)}/{decimal_digits(value.denominator)}"
    return f"{Decimal(int(value)):f}"
