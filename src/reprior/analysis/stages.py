"""The stages of an analysis, each worked out when it is first asked for.

A graph is brought to canonical form; from that come the costs and the utility, without any count, and the
counts; from the counts what shared parameters have together, their distribution and the quantities.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from ..core.canonical import canonicalise
from ..core.costs import Costs, measure
from ..core.counting import Counts, Facts, FunctionNodes, ParameterCount, count
from ..core.graph import Graph
from ..core.layers import describe_parameters
from ..core.quantities import ContextDistribution, p_g, p_g_prime
from ..core.runs import Number, Runs
from ..core.utility import utility_of_graph
from ..core.weighting import Weighting
from ..model import Model
from ..notes import Note, approximations
from ..scalar import Dag, count_contexts, summarise
from ..sharing import Policy, SharedParameter, share
from .distributions import largest, of_parameters, scalar_runs
from .options import Options
from .table import ParameterRow, scalar_row, tensor_rows

__all__ = ["Quantities", "ScalarStages", "Stages", "TensorStages"]


@dataclass(frozen=True, slots=True)
class Quantities:
    """What the counts of a model come to (paper, section 4.3); attributes as those of `Analysis`."""

    num_parameters: int
    num_weight_nodes: int
    dead_parameters: int
    log2_total_contexts: float
    total_contexts: int | Fraction | None
    max_contexts: int | Fraction | None
    expected_spread: float
    entropy: float
    total_surprisal: float
    p_g: float | None
    p_g_prime: float | None

    @classmethod
    def of(
        cls,
        found: ContextDistribution,
        *,
        num_inputs: int,
        num_outputs: int,
        num_weight_nodes: int,
        dead_parameters: int,
        most: int | Fraction | None,
        keep_total: bool = True,
    ) -> Quantities:
        """The quantities of a distribution."""
        size = num_inputs + num_outputs + num_weight_nodes
        return cls(
            num_parameters=found.num_parameters,
            num_weight_nodes=num_weight_nodes,
            dead_parameters=dead_parameters,
            log2_total_contexts=found.log2_total,
            total_contexts=found.total if keep_total else None,
            max_contexts=most,
            expected_spread=found.expected_spread,
            entropy=found.entropy,
            total_surprisal=found.total_surprisal,
            p_g=p_g(found.total_surprisal, num_inputs, size),
            p_g_prime=p_g_prime(found.num_parameters, found.expected_spread, num_inputs, size),
        )


@dataclass(eq=False)
class Stages(ABC):
    """What an analysis can be asked.

    Attributes
    ----------
    seconds : dict
        Time of ``trace``, ``count`` and ``quantities``, as far as they are done.
    """

    seconds: dict[str, float]

    @property
    @abstractmethod
    def quantities(self) -> Quantities:
        """What the counts come to."""

    @property
    @abstractmethod
    def distribution(self) -> ContextDistribution:
        """How contexts are distributed over parameters."""

    @property
    @abstractmethod
    def operations(self) -> tuple[FunctionNodes, ...]:
        """Operations with learnable product nodes."""

    @property
    @abstractmethod
    def rows(self) -> tuple[ParameterRow, ...]:
        """One row per learnable tensor."""

    @property
    @abstractmethod
    def costs(self) -> Costs | None:
        """Baselines, where the graph has them."""

    @property
    @abstractmethod
    def utility(self) -> float | None:
        """U_G; None where there are no layers."""

    @abstractmethod
    def contexts(self, name: str) -> Runs | None:
        """Contexts of one parameter, None if there is none of that name."""

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


@dataclass(eq=False)
class TensorStages(Stages):
    """Those of a graph of tensors.

    Attributes
    ----------
    model : Model
    graph : Graph
        The model's, before it is brought to canonical form.
    options : Options
    weighting : Weighting
    share : str
        Name of the policy.
    policy : Policy
    """

    model: Model
    graph: Graph
    options: Options
    weighting: Weighting
    share: str
    policy: Policy = field(repr=False)
    _doubts: set[str] = field(default_factory=set, init=False, repr=False)

    @property
    def number(self) -> Number:
        """How contexts are counted."""
        return "exact" if self.options.exact else "scaled"

    @cached_property
    def canonical(self) -> Graph:
        """The graph in canonical form."""
        with self._timed("count"):
            options = self.options
            return canonicalise(self.graph, options.normalization, options.preset, self._doubts)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was approximated on the way to the canonical form."""
        self.canonical  # noqa: B018 - which tells
        return approximations(self._doubts)

    @cached_property
    def facts(self) -> Facts:
        """What depends on what in the canonical form, and which elements exist."""
        graph = self.canonical
        with self._timed("count"):
            return Facts.of(graph.nodes)

    @cached_property
    def counts(self) -> Counts:
        """Contexts of every parameter that reaches an output."""
        graph, facts = self.canonical, self.facts
        with self._timed("count"):
            return count(graph, self.weighting, self.number, facts=facts)

    @cached_property
    def shared(self) -> Sequence[SharedParameter]:
        """Every learnable tensor, with all the parameters that the policy makes it stand for."""
        counts = self.counts
        with self._timed("quantities"):
            found = [*counts.parameters, *self._unreached(counts)]
            if self.share == "none":
                return [SharedParameter((item,), item.contexts) for item in found]
            types = dict(self.model.module_types)
            infos = {info.name: info for info in describe_parameters(self.graph, types)}
            infos |= {info.name: info for info in describe_parameters(self.canonical, types)}
            return share(found, list(infos.values()), self.policy)

    def _unreached(self, counts: Counts) -> list[ParameterCount]:
        """Parameters that no output depends on: wholly dead."""
        known = {item.name for item in counts.parameters}
        paper = self.options.preset == "paper"
        return [
            ParameterCount(leaf.name, leaf.shape, leaf.role, Runs.zeros(leaf.shape, self.number), 0, 0)
            for _, leaf in self.graph.parameters
            if leaf.name not in known and (paper or leaf.role != "running_statistic")
        ]

    @cached_property
    def distribution(self) -> ContextDistribution:
        shared = self.shared
        with self._timed("quantities"):
            return of_parameters([item.contexts for item in shared], self.options.exact)

    @cached_property
    def quantities(self) -> Quantities:
        shared, found = self.shared, self.distribution
        with self._timed("quantities"):
            exact = self.options.exact
            return Quantities.of(
                found,
                num_inputs=self.graph.num_inputs,
                num_outputs=self.graph.num_outputs,
                num_weight_nodes=sum([item.weight_nodes for item in self.counts.parameters]),
                dead_parameters=sum([item.numel for item in shared]) - found.num_parameters,
                most=max((largest(item.contexts) for item in shared), default=None) if exact else None,
            )

    @cached_property
    def operations(self) -> tuple[FunctionNodes, ...]:
        # A walk of their own: keeping them by default would hold every feature map's contexts in memory.
        return count(self.canonical, self.weighting, self.number, functions=True).function_nodes

    @cached_property
    def rows(self) -> tuple[ParameterRow, ...]:
        return tensor_rows(self.shared, self.model.aliases)

    @cached_property
    def costs(self) -> Costs:
        return measure(self.canonical)

    @cached_property
    def utility(self) -> float | None:
        # Statistics that `coupled` keeps are no routes; the figure depends on the sharing alone.
        coupled = self.options.normalization == "coupled"
        return utility_of_graph(canonicalise(self.graph) if coupled else self.canonical, self._stand_ins())

    def _stand_ins(self) -> Mapping[str, str]:
        """For names of parameters that the policy joins with others, the name of the first."""
        if self.share == "none":
            return {}
        return {
            member.name: item.members[0].name
            for item in self.shared
            if len(item.members) > 1
            for member in item.members
        }

    def contexts(self, name: str) -> Runs | None:
        for item in self.shared:
            for member in item.members:
                if name == member.name or name in self.model.aliases.get(member.name, ()):
                    return item.contexts
        return None


@dataclass(eq=False)
class ScalarStages(Stages):
    """Those of a graph of scalars, which has no operations, costs or utility.

    Attributes
    ----------
    dag : Dag
    weighting : Weighting
    exact : bool
    """

    dag: Dag
    weighting: Weighting
    exact: bool

    def __post_init__(self) -> None:
        with self._timed("count"):
            self.counts = count_contexts(self.dag, self.weighting)
        with self._timed("quantities"):
            self.summary = summarise(self.dag, self.weighting)

    @property
    def distribution(self) -> ContextDistribution:
        return self.summary.distribution

    @cached_property
    def quantities(self) -> Quantities:
        found = self.summary
        return Quantities.of(
            found.distribution,
            num_inputs=found.num_inputs,
            num_outputs=found.num_outputs,
            num_weight_nodes=found.num_weight_nodes,
            dead_parameters=len(found.dead_parameters),
            most=max(self.counts.values()) if self.exact else None,  # type: ignore[type-var,arg-type]
            keep_total=self.exact,
        )

    @property
    def operations(self) -> tuple[FunctionNodes, ...]:
        return ()

    @cached_property
    def rows(self) -> tuple[ParameterRow, ...]:
        return tuple(scalar_row(name, contexts) for name, contexts in self.counts.items())

    @property
    def costs(self) -> None:
        return None

    @property
    def utility(self) -> None:
        return None

    def contexts(self, name: str) -> Runs | None:
        return scalar_runs(self.counts[name]) if name in self.counts else None
