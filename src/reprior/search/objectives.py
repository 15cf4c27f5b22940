"""What can be searched for, and what can be limited."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from ..errors import SpecError
from ..naming import suggest

__all__ = ["QUANTITIES", "Direction", "Limit", "Objective", "Quantity", "objectives", "quantity_name"]

Direction = Literal["maximize", "minimize"]
Source = Literal["graph", "count", "clock"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that a candidate has.

    Attributes
    ----------
    meaning : str
    direction : {"maximize", "minimize"}
        Which way is better, unless the user says otherwise.
    source : {"graph", "count", "clock"}
        Whether it is read off the graph, needs a count of all contexts, or is measured by running.
    """

    meaning: str
    direction: Direction
    source: Source = "graph"


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "utility": Quantity("U_G, bits", "maximize"),
        "p_g": Quantity("P_G", "maximize", "count"),
        "p_g_prime": Quantity("P'_G", "maximize", "count"),
        "expected_spread": Quantity("E, bits", "maximize", "count"),
        "entropy": Quantity("H, bits", "maximize", "count"),
        "total_surprisal": Quantity("S, bits", "maximize", "count"),
        "log2_total_contexts": Quantity("log2 N_C", "maximize", "count"),
        "params": Quantity("learnable scalars of tensors that reach an output", "minimize"),
        "macs": Quantity("multiply-accumulates of one forward pass", "minimize"),
        "depth": Quantity("weighted layers on the longest path", "minimize"),
        "weighted_layers": Quantity("operations with a learnable factor", "minimize"),
        "activations": Quantity("elements written by operations with products", "minimize"),
        "nsc": Quantity("NSC, a log-determinant of all weights", "maximize"),
        "latency": Quantity("median seconds of one forward pass", "minimize", "clock"),
    }
)
"""Everything that can be an objective."""

_ALIASES = MappingProxyType(
    {
        "u_g": "utility",
        "num_parameters": "params",
        "parameters": "params",
        "p_g'": "p_g_prime",
        "flops": "macs",
    }
)

_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d+))?\s*([a-zµ]*)", re.IGNORECASE)
_SIZES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}
_TIMES = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}


def quantity_name(text: str) -> str:
    """The quantity that a name means.

    Raises
    ------
    SpecError
        If there is none.
    """
    name = text.strip().lower()
    name = _ALIASES.get(name, name)
    if name not in QUANTITIES:
        raise SpecError(f"there is no quantity '{text}': {suggest(name, list(QUANTITIES))}")
    return name


@dataclass(frozen=True, slots=True)
class Objective:
    """A quantity and which way is better."""

    quantity: str
    direction: Direction

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Read ``utility``, ``-macs`` (less is better) or ``+depth`` (more is better).

        Raises
        ------
        SpecError
            If there is no such quantity.
        """
        sign, name = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
        name = quantity_name(name)
        usual = QUANTITIES[name].direction
        return cls(name, usual if not sign else "maximize" if sign == "+" else "minimize")

    def __str__(self) -> str:
        return ("+" if self.direction == "maximize" else "-") + self.quantity


def objectives(texts: Iterable[str | Objective]) -> tuple[Objective, ...]:
    """Read several objectives.

    Raises
    ------
    SpecError
        If there is none, or one twice.
    """
    found = tuple(text if isinstance(text, Objective) else Objective.parse(text) for text in texts)
    names = [objective.quantity for objective in found]
    if not names or len(set(names)) < len(names):
        raise SpecError("a search needs objectives, each once: " + (", ".join(names) or "there is none"))
    return found


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of a quantity that a candidate may have.

    Attributes
    ----------
    quantity : str
    most : float
        In the quantity's unit; seconds for ``latency``.
    """

    quantity: str
    most: float

    @classmethod
    def parse(cls, name: str, text: str | float) -> Limit:
        """Read ``5M``, ``600M``, ``1.2G`` or, for latency, ``20ms``.

        Raises
        ------
        SpecError
            If it is no positive number with a unit of its kind.
        """
        quantity = quantity_name(name)
        units = _TIMES if quantity == "latency" else _SIZES
        match = _NUMBER.fullmatch(str(text).strip())
        factor = units.get(match[3].lower()) if match else None
        most = float(f"{match[1]}e{match[2] or 0}") * factor if match and factor is not None else 0.0
        if not 0 < most < math.inf:
            known = "20ms, 500us or 0.02s" if quantity == "latency" else "5M, 600k or 1.2G"
            raise SpecError(f"'{text}' is no limit of {quantity}: give it as {known}")
        return cls(quantity, most)

    def excess(self, value: float) -> float:
        """By what share the limit is exceeded; 0 or less within it."""
        return value / self.most - 1

    def __str__(self) -> str:
        if self.quantity == "latency":
            return f"latency <= {self.most * 1e3:g} ms"
        unit, size = next(
            (u, s) for u, s in (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0)) if self.most >= s or s == 1.0
        )
        return f"{self.quantity} <= {self.most / size:g}{unit}"
