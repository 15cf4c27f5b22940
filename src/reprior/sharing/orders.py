"""Fewer sets of parameters than layers: the orders of Takase & Kiyono (2023) over repeated blocks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from ..core.layers import ParameterInfo
from ..errors import SpecError

__all__ = ["ORDERS", "RepeatedBlocks", "layer_order", "repeated_blocks"]

ORDERS = ("sequence", "cycle", "cycle_rev")


def layer_order(order: str, sets: int, layers: int) -> list[int]:
    """Which of `sets` sets of parameters each layer uses.

    ``sequence`` repeats each set before the next, ``cycle`` goes through all sets again and again, and
    ``cycle_rev`` does so but backwards in the last turn.

    Raises
    ------
    SpecError
        If the order is unknown, or there is not at least one set and a layer for each.
    """
    if order not in ORDERS:
        raise SpecError(f"order '{order}' is not one of {', '.join(ORDERS)}")
    if not 1 <= sets <= layers:
        raise SpecError(f"{layers} layers cannot use {sets} sets of parameters")
    if order == "sequence":
        return [number * sets // layers for number in range(layers)]
    turns = [number % sets for number in range(layers)]
    if order == "cycle" or layers == sets:
        return turns
    last = (layers - 1) // sets * sets
    return turns[:last] + [sets - 1 - number for number in turns[last:]]


@dataclass(frozen=True, slots=True)
class RepeatedBlocks:
    """Blocks that are alike and follow one another use a few sets of parameters in an order.

    Which blocks those are is seen from all parameters of a model: `bind` gives the policy itself.

    Attributes
    ----------
    order : {"sequence", "cycle", "cycle_rev"}
    sets : int
        How many blocks of each run have parameters of their own; a run of fewer keeps its own.
    """

    order: str
    sets: int

    @property
    def __name__(self) -> str:
        return f"{self.order}:{self.sets}"

    def __call__(self, info: ParameterInfo) -> Hashable | None:
        """No key: a parameter alone does not tell which blocks repeat."""
        raise SpecError(f"sharing '{self.__name__}' needs all parameters of a model: bind(infos)")

    def bind(self, infos: Sequence[ParameterInfo]) -> Callable[[ParameterInfo], Hashable | None]:
        """The policy for the parameters of a model.

        Raises
        ------
        SpecError
            If it has no blocks that repeat.
        """
        keys: dict[str, Hashable] = {}
        for run in repeated_blocks(infos):
            if len(run) <= self.sets:
                continue
            order = layer_order(self.order, self.sets, len(run))
            for block, use in zip(run, order, strict=True):
                for info in infos:
                    if info.name.startswith(block + ".") and info.role != "running_statistic":
                        keys[info.name] = (run[0], use, info.name[len(block) :])
        if not keys:
            raise SpecError(f"sharing '{self.__name__}' finds no more than {self.sets} blocks alike in a row")
        return lambda info: keys.get(info.name)


def repeated_blocks(infos: Sequence[ParameterInfo]) -> list[list[str]]:
    """Runs of at least two numbered modules of one list, alike in all names and shapes; outermost first.

    Returns
    -------
    list of list of str
        Dotted paths of the blocks, in order.
    """
    inside: dict[tuple[str, int], list[tuple[str, object]]] = {}
    for info in infos:
        if info.role == "running_statistic":
            continue
        parts = info.name.split(".")
        for place, part in enumerate(parts[:-1]):
            if part.isdigit():
                block = (".".join(parts[:place]), int(part))
                inside.setdefault(block, []).append((".".join(parts[place + 1 :]), info.shape))
    runs: list[list[str]] = []
    for prefix in sorted({prefix for prefix, _ in inside}, key=lambda name: name.count(".")):
        numbers = sorted(number for other, number in inside if other == prefix)
        run: list[int] = []
        for number in numbers:
            if run and (number != run[-1] + 1 or inside[prefix, number] != inside[prefix, run[-1]]):
                runs += _taken(runs, prefix, run)
                run = []
            run.append(number)
        runs += _taken(runs, prefix, run)
    return runs


def _taken(runs: Sequence[Sequence[str]], prefix: str, run: Sequence[int]) -> list[list[str]]:
    """The run, unless it is one block or lies inside a block of another run."""
    if len(run) < 2 or any(f"{prefix}.".startswith(f"{block}.") for other in runs for block in other):
        return []
    return [[f"{prefix}.{number}" if prefix else str(number) for number in run]]
