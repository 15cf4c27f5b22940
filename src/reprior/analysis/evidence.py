"""The counts behind an analysis; tables and costs are worked out from them when asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..core.canonical import canonicalise
from ..core.costs import Costs, measure
from ..core.counting import FunctionNodes, count
from ..core.graph import Graph
from ..core.runs import Number, Runs
from ..core.utility import utility_of_graph
from ..core.weighting import Weighting
from ..scalar import Count
from ..sharing import SharedParameter
from .distributions import scalar_runs
from .table import ParameterRow, scalar_row, tensor_row

__all__ = ["Evidence", "ScalarEvidence", "TensorEvidence"]


class Evidence(ABC):
    """What an analysis can be asked beyond its headline."""

    @abstractmethod
    def operations(self) -> tuple[FunctionNodes, ...]:
        """Operations with learnable product nodes."""

    @abstractmethod
    def rows(self) -> tuple[ParameterRow, ...]:
        """One row per learnable tensor."""

    @abstractmethod
    def costs(self) -> Costs | None:
        """Baselines, where the graph has them."""

    @abstractmethod
    def utility(self) -> float | None:
        """U_G; None where there are no layers."""

    @abstractmethod
    def contexts(self, name: str) -> Runs | None:
        """Contexts of one parameter, None if there is none of that name."""


@dataclass(frozen=True, eq=False)
class TensorEvidence(Evidence):
    """Counts of a graph of tensors.

    Attributes
    ----------
    graph : Graph
        In canonical form.
    shared : sequence of SharedParameter
        Every learnable tensor.
    weighting : Weighting
    number : {"scaled", "exact"}
        How they were counted.
    aliases : mapping
        Names that the model itself ties to a parameter.
    coupled : Graph or None
        The graph as it was, where its canonical form still has the statistics of its normalisations.
    """

    graph: Graph
    shared: Sequence[SharedParameter]
    weighting: Weighting
    number: Number
    aliases: Mapping[str, tuple[str, ...]]
    coupled: Graph | None = None

    def operations(self) -> tuple[FunctionNodes, ...]:
        # A walk of their own: keeping them by default would hold every feature map's contexts in memory.
        return count(self.graph, self.weighting, self.number, functions=True).function_nodes

    def rows(self) -> tuple[ParameterRow, ...]:
        return tuple(tensor_row(item, self.aliases) for item in self.shared)

    def costs(self) -> Costs:
        return measure(self.graph)

    def utility(self) -> float | None:
        # Statistics that `coupled` keeps are no routes; the figure depends on the sharing alone.
        names = {
            member.name: item.members[0].name
            for item in self.shared
            if len(item.members) > 1
            for member in item.members
        }
        graph = self.graph if self.coupled is None else canonicalise(self.coupled)
        return utility_of_graph(graph, names)

    def contexts(self, name: str) -> Runs | None:
        for item in self.shared:
            for member in item.members:
                if name == member.name or name in self.aliases.get(member.name, ()):
                    return item.contexts
        return None


@dataclass(frozen=True, eq=False)
class ScalarEvidence(Evidence):
    """Counts of a graph of scalars.

    Attributes
    ----------
    counts : mapping
        Contexts of every parameter.
    """

    counts: Mapping[str, Count]

    def operations(self) -> tuple[FunctionNodes, ...]:
        return ()

    def rows(self) -> tuple[ParameterRow, ...]:
        return tuple(scalar_row(name, count) for name, count in self.counts.items())

    def costs(self) -> None:
        return None

    def utility(self) -> None:
        return None

    def contexts(self, name: str) -> Runs | None:
        return scalar_runs(self.counts[name]) if name in self.counts else None
