"""The result of an analysis."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.costs import Costs
from ..core.counting import FunctionNodes
from ..core.graph import Graph
from ..core.quantities import ContextDistribution, log2_exact
from ..core.runs import Runs
from ..decimals import decimal_digits
from ..errors import RepriorError
from ..notes import Note
from ..scalar import Dag
from ..verification import Verification
from .distributions import of_products
from .evidence import Evidence
from .showing import AnalysisPlots, Shown
from .table import ParameterRow

if TYPE_CHECKING:
    import pandas

__all__ = ["SCHEMA_VERSION", "Analysis"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class Analysis(Shown):
    """The quantities of one model (paper, section 4.3), with their table of parameters.

    Attributes
    ----------
    model, preset, share, weighting, normalization, exact
        What was analysed and how.
    num_parameters : int
        N_G, scalars with at least one context.
    num_weight_nodes : int
        N_W, scalars counted once per use site.
    num_inputs, num_outputs : int
        N_I and N_O.
    dead_parameters : int
        Scalars without a path to an output; they are outside N_G.
    log2_total_contexts : float
        log2 N_C.
    total_contexts, max_contexts : int, Fraction or None
        N_C and the largest count, where counted exactly.
    expected_spread, entropy, total_surprisal : float
        E, H and S, in bits.
    p_g, p_g_prime : float or None
        The performance estimates; None where their logarithm diverges.
    seconds : dict
        Time of ``trace``, ``count`` and ``quantities``.
    notes : tuple of Note
        What a reader should know of how the model was understood: what was assumed, approximated or
        is not known. Each is a string.
    distribution : ContextDistribution
        How contexts are distributed over parameters.
    evidence : Evidence
        The counts behind the quantities.
    graph : Graph or Dag or None
        What was analysed, before it was brought to canonical form.
    verifier : callable or None
        What `verify` runs, for models that can be run.
    """

    model: str
    preset: str
    share: str
    weighting: str
    normalization: str
    exact: bool
    num_parameters: int
    num_weight_nodes: int
    num_inputs: int
    num_outputs: int
    dead_parameters: int
    log2_total_contexts: float
    total_contexts: int | Fraction | None
    max_contexts: int | Fraction | None
    expected_spread: float
    entropy: float
    total_surprisal: float
    p_g: float | None
    p_g_prime: float | None
    seconds: dict[str, float]
    distribution: ContextDistribution = field(repr=False)
    evidence: Evidence = field(repr=False)
    notes: tuple[Note, ...] = ()
    graph: Graph | Dag | None = field(default=None, repr=False)
    verifier: Callable[..., Verification] | None = field(default=None, repr=False)

    @cached_property
    def parameters(self) -> tuple[ParameterRow, ...]:
        """The table: one row per learnable tensor."""
        return self.evidence.rows()

    @cached_property
    def costs(self) -> Costs | None:
        """Baselines; None for scalar graphs."""
        return self.evidence.costs()

    @cached_property
    def utility(self) -> float | None:
        """U_G in bits, the utility of `reprior.core.utility`; None for scalar graphs and without layers."""
        return self.evidence.utility()

    @property
    def graph_size(self) -> int:
        """|G| = N_I + N_O + N_W."""
        return self.num_inputs + self.num_outputs + self.num_weight_nodes

    def counts(self, name: str) -> NDArray[Any]:
        """Contexts of every scalar of one parameter.

        Returns
        -------
        ndarray of the parameter's shape
            Python integers (fractions under a weighting) where counted exactly, else float64.

        Raises
        ------
        RepriorError
            If there is no such parameter, or a count does not fit float64.
        """
        contexts = self._contexts(name)
        if contexts.is_exact:
            return contexts.to_dense()
        floats = contexts.to_floats()
        if np.isinf(floats).any():
            raise RepriorError(f"counts of '{name}' exceed floating point; use log2_counts or exact=True")
        return floats

    def log2_counts(self, name: str) -> NDArray[np.float64]:
        """log2 contexts of every scalar of one parameter; -inf for dead ones."""
        contexts = self._contexts(name)
        dense = contexts.to_dense()
        if not contexts.is_exact:
            return dense
        flat = [log2_exact(value) if value else -np.inf for value in dense.ravel()]
        return np.array(flat, dtype=np.float64).reshape(dense.shape)

    def _contexts(self, name: str) -> Runs:
        found = self.evidence.contexts(name)
        if found is None:
            raise RepriorError(f"'{self.model}' has no parameter '{name}'")
        return found

    def verify(self, *, draws: int = 4, seed: int = 0) -> Verification:
        """Compare dead and alive parameters with gradients of the model; see `reprior.verify`.

        A module that was analysed is looked at as it is now, at the input that was given then.

        Raises
        ------
        RepriorError
            If the model cannot be run: a graph, say, or a module that is no longer there.
        """
        if self.verifier is None:
            raise RepriorError(f"'{self.model}' is a graph; what can be verified is a module that runs")
        return self.verifier(normalization=self.normalization, draws=draws, seed=seed)

    def renyi_entropy(self, order: float) -> float:
        """Renyi entropy of the contexts over parameters, in bits."""
        return self.distribution.renyi_entropy(order)

    @cached_property
    def function_nodes(self) -> tuple[FunctionNodes, ...]:
        """The operations with learnable product nodes; none are kept for scalar graphs."""
        return self.evidence.operations()

    def function_node_distribution(self) -> ContextDistribution:
        """Distribution of contexts over function nodes: products of a parameter and an input.

        Raises
        ------
        RepriorError
            For scalar graphs, whose analysis keeps parameters only.
        """
        if not self.function_nodes:
            raise RepriorError(f"'{self.model}' has no product of a parameter and an input")
        return of_products([item.products for item in self.function_nodes], self.exact)

    def function_node_entropy(self, order: float) -> float:
        """Renyi entropy of the contexts over function nodes, in bits."""
        return self.function_node_distribution().renyi_entropy(order)

    def to_dict(self) -> dict[str, Any]:
        """The analysis as plain data, keys as in the JSON schema."""
        hidden = {"distribution", "evidence", "graph", "verifier"}
        data: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        data |= {f.name: getattr(self, f.name) for f in fields(self) if f.name not in hidden}
        for key in ("total_contexts", "max_contexts"):
            data[key] = None if data[key] is None else decimal_digits(data[key])
        data["notes"] = [str(note) for note in self.notes]
        data["graph_size"] = self.graph_size
        data["utility"] = self.utility
        if self.costs is not None:
            data |= {f.name: getattr(self.costs, f.name) for f in fields(self.costs)}
        data["parameters"] = [{f.name: getattr(row, f.name) for f in fields(row)} for row in self.parameters]
        return data

    def to_json(self, *, indent: int | None = 2) -> str:
        """The analysis as JSON; never NaN or infinity."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def to_frame(self) -> pandas.DataFrame:
        """The table of parameters as a pandas data frame (extra ``rank``)."""
        try:
            import pandas as pd
        except ImportError:
            raise RepriorError("data frames need pandas: pip install 'reprior[rank]'") from None
        return pd.DataFrame([{f.name: getattr(row, f.name) for f in fields(row)} for row in self.parameters])

    @property
    def plot(self) -> AnalysisPlots:
        """Plots for notebooks (extra ``plot``)."""
        plots: AnalysisPlots = self.views.plots(self)
        return plots
