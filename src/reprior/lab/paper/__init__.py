"""The paper's published figures, and the same figures computed here.

A. G. Polat and F. N. Alpaslan, "The reusability prior: comparing deep learning models without
training", Machine Learning: Science and Technology 4 (2023) 025011, CC BY 4.0.

>>> from reprior.lab.paper import reproduce
>>> figures = reproduce(["Appendix B"])
>>> [(f.quantity, f.printed, round(f.computed, 3), f.reading) for f in figures if f.quantity == "P_G"]
[('P_G', '2.17', 2.166, 'rounded')]
"""

from .published import ROWS, TABLES, Case, Explanation, Row
from .reading import Reading, read
from .reproduce import Figure, Order, orders, reproduce

__all__ = [
    "ROWS",
    "TABLES",
    "Case",
    "Explanation",
    "Figure",
    "Order",
    "Reading",
    "Row",
    "orders",
    "read",
    "reproduce",
]
