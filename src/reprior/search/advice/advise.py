"""The most valuable changes of a model at a fixed number of parameters, each counted anew."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...analysis import Analysis, Options, analyze_model
from ...core.canonical import canonicalise
from ...core.costs import measure
from ...core.graph import Graph
from ...core.layers import describe_parameters
from ...core.utility import utility_of_graph
from ...errors import RepriorError, SpecError
from ...model import Model
from ...registry import describe
from ...sharing import ORDERS, RepeatedBlocks, SharingSets, all_but_bn
from ...sharing.orders import repeated_blocks
from ...sharing.policies import Policy, bound
from .candidates import Candidate, candidates
from .patch import Patch, Share
from .result import FIGURES, Advice, Against, Proposal
from .sets import SetsOf, sets_of

__all__ = ["advise"]

_COUNTED = 24
"""Structural changes of most utility that are counted in full; of all others, none would be shown."""
_GROWN = 8
"""Changes over the budget that are brought back to it by sharing."""

_LIMITS = (
    "not attempted: widths that heads, groups, concatenations, inputs or outputs fix; blocks that another "
    "path goes around; new kinds of layers",
    "norms keep their own parameters, except where a policy shares whole blocks",
)


def advise(
    model: Any,
    input: Any = None,
    *,
    max_params: int | None = None,
    max_macs: int | None = None,
    name: str | None = None,
    real: bool = False,
    begin: Callable[[str], None] = lambda text: None,
) -> Advice:
    """The most valuable changes of a model.

    Parameters
    ----------
    model, input, name, real
        As for `reprior.analyze`.
    max_params : int, optional
        The most parameters with a context that a changed model may have; by default as many as it has.
    max_macs : int, optional
        The most multiply-accumulates; by default any number.
    begin : callable
        Told of each stage of the work, for a display of progress.

    Returns
    -------
    Advice
        Proposals, those of most utility first. Each was counted again, not estimated.

    Raises
    ------
    RepriorError
        If the model has no graph of tensors, cannot be counted, or nothing fits the budget.

    Examples
    --------
    >>> advice = advise("macro:11111111")
    >>> advice.proposals[0].difference["utility"] > 0
    True
    """
    start = time.perf_counter()
    described = describe(model, input, name=name, real=real)
    graph = described.graph
    if not isinstance(graph, Graph):
        raise SpecError(f"'{described.name}' is a scalar graph; advice is for graphs of tensors")
    for most, what in ((max_params, "parameters"), (max_macs, "multiply-accumulates")):
        if most is not None and most < 1:
            raise SpecError(f"at most {most} {what} are none: give a positive number")
    begin("counting the model")
    before = analyze_model(described, Options())
    if before.utility is None:
        raise SpecError(f"'{described.name}' has no layers to change", model=described.name)
    budget = before.num_parameters if max_params is None else max_params
    bench = _Bench(described, before, budget, math.inf if max_macs is None else max_macs)
    found = [*bench.shared(begin), *bench.changed(begin)]
    fitting = [item for item in found if item.fits]
    if not fitting:
        within = f"{budget:,} parameters" + ("" if max_macs is None else f" and {max_macs:,} MACs")
        raise RepriorError(f"'{described.name}': no change brings it to {within}")
    order = sorted(found, key=lambda item: (not item.fits, -item.figures["utility"]))
    return Advice(
        described.name,
        budget,
        max_macs,
        figures_of(before),
        tuple(order),
        (*[str(note) for note in before.notes], *_LIMITS),
        time.perf_counter() - start,
    )


def figures_of(analysis: Analysis) -> dict[str, Any]:
    """The quantities that a change is judged by."""
    costs = analysis.costs
    return {key: getattr(analysis if hasattr(analysis, key) else costs, key) for key in FIGURES}


@dataclass(frozen=True, slots=True)
class _Bench:
    """A model to change, and the budget."""

    model: Model
    before: Analysis
    budget: int
    macs: float

    @property
    def graph(self) -> Graph:
        assert isinstance(self.model.graph, Graph)
        return self.model.graph

    @property
    def allowed(self) -> int:
        """The budget in scalars of tensors, of which as many have no context as in the model."""
        return self.budget + self.before.dead_parameters

    def propose(self, kind: str, text: str, patch: Patch, against: Against | None = None) -> Proposal:
        """Count the model changed by a patch."""
        sharing = patch.sharing
        changed = replace(self.model, graph=patch.apply(self.graph))
        analysis = analyze_model(changed, Options(share="none" if sharing is None else sharing))
        figures, before = figures_of(analysis), figures_of(self.before)
        difference = {key: _minus(figures[key], before[key]) for key in FIGURES}
        fits = figures["num_parameters"] <= self.budget and figures["macs"] <= self.macs
        return Proposal(kind, text, figures, difference, fits, patch, against)

    # -- sharing ------------------------------------------------------------------------------

    def shared(self, begin: Callable[[str], None]) -> Iterator[Proposal]:
        """What sharing alone can do: the known orders, and sets that leave more utility than each."""
        begin("sharing layers")
        canonical = canonicalise(self.graph)
        own, with_norms = sets_of(canonical), sets_of(canonical, norms=True)
        rivals: dict[tuple[int, bool], Proposal] = {}
        names: dict[str, str] = {}
        for name, sets, has_norms in self.policies(canonical):
            policy = self.propose("share", f"share {name}", Patch((Share(sets.sets),)))
            names[policy.text] = name
            yield policy
            place = (policy.figures["num_parameters"], has_norms)
            if place not in rivals or rivals[place].figures["utility"] < policy.figures["utility"]:
                rivals[place] = policy
        for (most, has_norms), rival in rivals.items():
            finder = with_norms if has_norms else own
            name = names[rival.text]
            against = Against(name, rival.figures["utility"], most)
            text = f"share sets of layers, no more parameters than {name}"
            found = self.with_sets("share sets", text, finder, most, against=against)
            if found is not None:
                yield found
        if self.budget < self.before.num_parameters:
            text = f"share sets of layers, at most {self.budget:,} parameters"
            found = self.with_sets("share sets", text, own, self.budget)
            if found is not None:
                yield found

    def with_sets(
        self,
        kind: str,
        text: str,
        finder: SetsOf,
        most: int,
        before: Patch | None = None,
        against: Against | None = None,
    ) -> Proposal | None:
        """The best sets with at most so many parameters, after other steps; None where there are none."""
        steps = () if before is None else before.steps
        # Scalars without a context are no parameters, and those that sharing saves are not known before.
        for limit in dict.fromkeys((most + self.before.dead_parameters, most)):
            if finder.fewest > limit:
                continue
            sets = finder.within(limit).sets
            if sets:
                found = self.propose(kind, text, Patch((*steps, Share(sets))), against)
                if found.figures["num_parameters"] <= most:
                    return found
        return None

    def policies(self, canonical: Graph) -> Iterator[tuple[str, SharingSets, bool]]:
        """Names of known policies, the sets that they make, and whether they share norms."""
        infos = describe_parameters(canonical, dict(self.model.module_types))
        longest = max(map(len, repeated_blocks(infos)), default=1)
        named: list[tuple[str, Policy]] = [("all_but_bn", all_but_bn)]
        counts = sorted({1, 2, 3, longest // 2} & set(range(1, longest)))
        for number in counts:
            for order in ORDERS if number > 1 else ORDERS[:1]:
                named.append((f"{order}:{number}", RepeatedBlocks(order, number)))
        for name, policy in named:
            keyed: dict[Any, list[str]] = {}
            of = bound(policy, infos)
            for info in infos:
                key = of(info)
                if key is not None:
                    keyed.setdefault(key, []).append(info.name)
            sets = tuple(tuple(names) for names in keyed.values() if len(names) > 1)
            if sets:
                yield name, SharingSets(sets), name != "all_but_bn"

    # -- structure ----------------------------------------------------------------------------

    def changed(self, begin: Callable[[str], None]) -> Iterator[Proposal]:
        """Changes of depth and widths; those over the budget are brought back to it by sharing."""
        begin("changing depth and widths")
        looked = [(self.glance(item), item) for item in candidates(self.graph)]
        # A change is worth looking at if it fits and loses little, or could be paid for by sharing.
        fits = sorted(
            ((glance, item) for glance, item in looked if self.fits(glance)),
            key=lambda pair: -pair[0].utility,
        )
        over = sorted(
            (
                (glance, item)
                for glance, item in looked
                if glance.parameters > self.allowed and glance.macs <= self.macs
            ),
            key=lambda pair: -pair[0].utility,
        )
        begin("counting what fits")
        for _, item in fits[:_COUNTED]:
            yield self.propose(item.kind, item.text, item.patch)
        begin("paying for more by sharing")
        paid = []
        for _, item in over:
            finder = sets_of(canonicalise(item.patch.apply(self.graph)))
            text = f"{item.text}; share sets of layers"
            found = self.with_sets(f"{item.kind}, share", text, finder, self.budget, item.patch)
            if found is not None and found.fits:
                paid.append(found)
            if len(paid) == _GROWN:
                break
        yield from paid

    def fits(self, glance: _Glance) -> bool:
        """Whether a change is within the limits."""
        return glance.parameters <= self.allowed and glance.macs <= self.macs

    def glance(self, item: Candidate) -> _Glance:
        """The quantities that need no count."""
        graph = canonicalise(item.patch.apply(self.graph))
        sizes = [info for info in describe_parameters(graph) if info.role != "running_statistic"]
        return _Glance(
            utility_of_graph(graph) or float("-inf"),
            sum(_numel(info.shape) for info in sizes),
            measure(graph).macs,
        )


@dataclass(frozen=True, slots=True)
class _Glance:
    utility: float
    parameters: int
    macs: int


def _numel(shape: tuple[int, ...]) -> int:
    many = 1
    for size in shape:
        many *= size
    return many


def _minus(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before
