"""The best of a space whose utility adds up: exact maximisation under budgets.

U_G is ``log2 T + w log2 N``, where T sums over layers and N counts their weights. Where each layer depends on
few choices, so do its shares of T, N, the parameters and the multiply-accumulates. The best combination
within budgets is then found without looking at all: partial choices are extended variable by variable, and
dropped where

* another with the same open ends is no worse in all four (dominance), or
* the remainder cannot fit a budget, or
* an upper bound shows that it cannot beat what is known already. The logarithms are concave, so the utility
  lies below its tangent plane at any point; on that plane the choices separate, budgets priced in by
  Lagrange multipliers, and a scalar dynamic programme bounds every remainder at once.

None of these loses the optimum, so the answer is the optimum, unless there are more partial choices than were
allowed: then the answer says that it is not proved, and how far off it may be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.utility import Constants
from ..errors import RepriorError

__all__ = ["Amount", "Budget", "Factor", "Optimum", "maximise"]

_WEIGHT = Constants().fan_in
_TOLERANCE = 1e-11  # of the utility, for sums of floats in different orders
_PRICES = 40  # steps in search of the prices of a plane
_ROUNDS = 3
_WIDTH = 100


class Amount(NamedTuple):
    """What a part of a model adds.

    Attributes
    ----------
    terms : float
        To the sum over layers, T.
    weights : int
        To the weights of all layers, N.
    parameters, macs : int
    """

    terms: float
    weights: int
    parameters: int
    macs: int


class Budget(NamedTuple):
    """The most parameters and multiply-accumulates; None for any number."""

    parameters: float | None = None
    macs: float | None = None


_ANY = Budget()


@dataclass(frozen=True, slots=True)
class Factor:
    """A part whose amounts depend on a few choices.

    Attributes
    ----------
    variables : tuple of int
        Which choices, ascending.
    table : mapping
        The amounts for each combination of their values.
    """

    variables: tuple[int, ...]
    table: Mapping[tuple[int, ...], Amount]


@dataclass(frozen=True, slots=True)
class Optimum:
    """The best choices found.

    Attributes
    ----------
    choices : tuple of int
        The value of each variable.
    amount : Amount
        Of the whole.
    utility : float
        In bits.
    bound : float
        No choice within the budgets has more; equal to `utility` where that is proved to be the optimum.
    is_proved : bool
        Whether it is the optimum for certain, up to the gap that was allowed.
    states : int
        Partial choices that were looked at.
    """

    choices: tuple[int, ...]
    amount: Amount
    utility: float
    bound: float
    is_proved: bool
    states: int


Vector = NDArray[np.float64]
_Live = tuple[int, ...]
_Way = Sequence[Mapping[_Live, tuple[float, int]]]
"""At each place, for all live choices, the most that the rest can add, and the value that begins it."""


class _Step(NamedTuple):
    """A value of a variable: the live choices after it, and what it adds."""

    after: _Live
    added: Vector


@dataclass(frozen=True, slots=True)
class _Problem:
    """Partial choices as the paths of a graph: at each place, one node for all live choices.

    Choices are live where a factor has them and a later variable.
    """

    steps: tuple[dict[_Live, tuple[_Step, ...]], ...]
    limits: Vector

    @classmethod
    def of(cls, sizes: Sequence[int], factors: Sequence[Factor], budget: Budget) -> _Problem:
        due: list[list[Factor]] = [[] for _ in sizes]
        live: list[set[int]] = [set() for _ in range(len(sizes) + 1)]
        for factor in factors:
            last = factor.variables[-1]
            due[last].append(factor)
            for variable in factor.variables:
                for place in range(variable + 1, last + 1):
                    live[place].add(variable)
        names = [sorted(found) for found in live]
        steps: list[dict[_Live, tuple[_Step, ...]]] = []
        states: list[_Live] = [()]
        for place, size in enumerate(sizes):
            found = {}
            for before in states:
                known = dict(zip(names[place], before, strict=True))
                values = []
                for value in range(size):
                    known[place] = value
                    added = np.zeros(4)
                    for factor in due[place]:
                        added = added + factor.table[tuple([known[k] for k in factor.variables])]
                    values.append(_Step(tuple([known[k] for k in names[place + 1]]), added))
                found[before] = tuple(values)
            steps.append(found)
            states = list(dict.fromkeys(step.after for values in found.values() for step in values))
        return cls(tuple(steps), np.array([math.inf if most is None else most for most in budget]))

    def remainders(self, price: Vector) -> _Way:
        """The most that the rest can add at these prices."""
        best: list[dict[_Live, tuple[float, int]]] = [{} for _ in self.steps]
        best.append({(): (0.0, 0)})
        for place in reversed(range(len(self.steps))):
            for before, values in self.steps[place].items():
                worths = [float(step.added @ price) + best[place + 1][step.after][0] for step in values]
                top = max(worths)
                best[place][before] = (top, worths.index(top))
        return best

    def follow(self, way: _Way) -> _Found:
        """The choices that begin the best remainders, and their amounts."""
        before: _Live = ()
        total, choices = np.zeros(4), []
        for place, values in enumerate(self.steps):
            value = way[place][before][1]
            before, added = values[before][value]
            choices.append(value)
            total = total + added
        return _Found(_utility(total), tuple(choices), total)

    def fits(self, total: Vector) -> bool:
        return bool((total[2:] <= self.limits).all())


class _Found(NamedTuple):
    utility: float
    choices: tuple[int, ...]
    total: Vector


_NOTHING = _Found(-math.inf, (), np.zeros(4))


class _Plane(NamedTuple):
    """A tangent plane of the utility, budgets priced in: ``utility <= base + slope * (price @ amounts)``."""

    price: Vector
    base: float
    slope: float

    def bound(self, value: Any) -> Any:
        return self.base + self.slope * value


def maximise(
    sizes: Sequence[int],
    factors: Sequence[Factor],
    budget: Budget = _ANY,
    *,
    gap: float = 0.0,
    most_states: int = 2_000_000,
) -> Optimum:
    """The choices of most utility within a budget.

    Parameters
    ----------
    sizes : sequence of int
        Number of values of each variable.
    factors : sequence of Factor
        Parts that add up to the model.
    budget : Budget
    gap : float
        Utility, in bits, that the answer may lack for the sake of speed.
    most_states : int
        Partial choices at most; beyond them the best so far is returned, not proved.

    Raises
    ------
    RepriorError
        If nothing fits the budget, or no choice has a layer.
    """
    problem = _Problem.of(sizes, factors, budget)
    least = [problem.remainders(-_unit(axis)) for axis in (2, 3)]
    for way, most, what in zip(least, budget, ("parameters", "multiply-accumulates"), strict=True):
        smallest = -way[0][()][0]
        if most is not None and smallest > most:
            raise RepriorError(f"nothing has at most {most:,.0f} {what}: the least is {smallest:,.0f}")
    best, anchor = _NOTHING, problem.follow(problem.remainders(_unit(0))).total
    for _ in range(_ROUNDS):  # a plane that touches nearer the optimum bounds more closely
        plane, best = _price(problem, np.maximum(anchor, 1e-9), best, least)
        best, _, _ = _search(problem, least, plane, best, width=_WIDTH)
        anchor = best.total if best.choices else anchor
    top = float(plane.bound(problem.remainders(plane.price)[0][()][0]))
    best, looked, is_proved = _search(problem, least, plane, best, gap=gap, most_states=most_states)
    if not best.choices:
        raise RepriorError(
            "no choice fits both budgets and has a layer"
            if is_proved
            else f"found nothing that fits the budgets among {looked:,} partial choices"
        )
    terms, *rest = best.total.tolist()
    amount = Amount(terms, *map(round, rest))
    bound = min(best.utility + gap, max(top, best.utility)) if is_proved else max(top, best.utility)
    return Optimum(best.choices, amount, best.utility, bound, is_proved, looked)


def _unit(axis: int) -> Vector:
    found = np.zeros(4)
    found[axis] = 1.0
    return found


def _utility(total: Vector) -> float:
    return math.log2(total[0]) + _WEIGHT * math.log2(total[1]) if min(total[:2]) > 0 else -math.inf


def _price(problem: _Problem, anchor: Vector, best: _Found, least: Sequence[_Way]) -> tuple[_Plane, _Found]:
    """The prices of parameters and MACs that bound most closely, and the best choice met on the way.

    The bound is convex in the prices, and what a choice lacks or exceeds of its budget is its slope.
    """
    tight = np.isfinite(problem.limits)
    limits = np.where(tight, problem.limits, 1.0)
    slope = 1 / (anchor[0] * math.log(2))
    level = _utility(anchor) - slope * anchor[0] * (1 + _WEIGHT)
    ways = list(least)
    prices, step, closest = np.zeros(2), 1.0, (math.inf, np.zeros(2))
    planes: dict[float, _Plane] = {}
    for turn in range(_PRICES):
        price = np.array([1.0, _WEIGHT * anchor[0] / anchor[1], *(-prices * anchor[0] / limits)])
        plane = _Plane(price, level - slope * float(price[2:] @ np.where(tight, limits, 0.0)), slope)
        way = problem.remainders(price)
        bound = plane.bound(way[0][()][0])
        planes[bound] = plane
        if bound < closest[0]:
            closest = (bound, prices)
        elif turn % 3 == 2:
            step *= 0.7
        met = problem.follow(way)
        ways.append(way)
        best = _better(problem, best, met)
        over = np.where(tight, met.total[2:] / limits - 1.0, 0.0)
        if not over.any():
            break
        prices = np.maximum((prices if turn % 3 else closest[1]) + step * over, 0.0)
    for way in least:
        best = _better(problem, best, problem.follow(way))
    return planes[min(planes)], best


def _better(problem: _Problem, best: _Found, other: _Found) -> _Found:
    return other if other.utility > best.utility and problem.fits(other.total) else best


def _search(
    problem: _Problem,
    least: Sequence[_Way],
    plane: _Plane,
    best: _Found,
    *,
    width: int | None = None,
    gap: float = 0.0,
    most_states: float = math.inf,
) -> tuple[_Found, int, bool]:
    """Extend partial choices variable by variable: the best, how many were looked at, and whether all.

    With a `width`, only so many partial choices of most hope go on, for a good choice quickly.
    """
    rest = problem.remainders(plane.price)
    looked = 0
    fronts: dict[_Live, tuple[Vector, NDArray[np.int16]]] = {
        (): (np.zeros((1, 4)), np.zeros((1, 0), dtype=np.int16))
    }
    for place, steps in enumerate(problem.steps):
        grown: dict[_Live, list[tuple[Vector, NDArray[np.int16], Vector]]] = {}
        for before, (amounts, choices) in fronts.items():
            for value, (after, added) in enumerate(steps[before]):
                total = amounts + added
                looked += len(total)
                hope = plane.bound(total @ plane.price + rest[place + 1][after][0])
                needed = np.array([-way[place + 1][after][0] for way in least])
                keep = (hope >= best.utility + (gap or -_TOLERANCE)) & (
                    total[:, 2:] + needed <= problem.limits
                ).all(1)
                if keep.any():
                    column = np.full((int(keep.sum()), 1), value, dtype=np.int16)
                    longer = np.hstack([choices[keep], column])
                    grown.setdefault(after, []).append((total[keep], longer, hope[keep]))
        if looked > most_states:
            return best, looked, False
        fronts = {after: _undominated(parts, problem.limits, width) for after, parts in grown.items()}
    for amounts, choices in fronts.values():
        for total, chosen in zip(amounts, choices, strict=True):
            best = _better(problem, best, _Found(_utility(total), tuple(chosen.tolist()), total))
    return best, looked, width is None


def _undominated(
    parts: Sequence[tuple[Vector, NDArray[np.int16], Vector]], limits: Vector, width: int | None
) -> tuple[Vector, NDArray[np.int16]]:
    """Without those that another beats in everything that counts."""
    amounts, choices, hopes = (np.concatenate(column) for column in zip(*parts, strict=True))
    if width is not None and len(hopes) > width:
        most = np.argpartition(-hopes, width)[:width]
        amounts, choices = amounts[most], choices[most]
    signed = amounts * np.array([-1.0, -1.0, *np.isfinite(limits)])
    order = np.lexsort(signed.T[::-1])
    front = np.empty_like(signed)
    kept: list[int] = []
    for k in order.tolist():
        if not (front[: len(kept)] <= signed[k]).all(1).any():
            front[len(kept)] = signed[k]
            kept.append(k)
    return amounts[kept], choices[kept]
