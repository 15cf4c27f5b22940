"""The result of an analysis."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
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
from .showing import AnalysisPlots, Shown
from .stages import Quantities, Stages
from .table import ParameterRow

if TYPE_CHECKING:
    import pandas

__all__ = ["SCHEMA_VERSION", "Analysis"]

SCHEMA_VERSION = 1

_KEYS = (
    "model",
    "preset",
    "share",
    "weighting",
    "normalization",
    "exact",
    "num_parameters",
    "num_weight_nodes",
    "num_inputs",
    "num_outputs",
    "dead_parameters",
    "log2_total_contexts",
    "total_contexts",
    "max_contexts",
    "expected_spread",
    "entropy",
    "total_surprisal",
    "p_g",
    "p_g_prime",
    "seconds",
)
"""Of the JSON, before notes, costs and the table of parameters."""


@dataclass(frozen=True, eq=False)
class Analysis(Shown):
    """The quantities of one model (paper, section 4.3), with their table of parameters.

    Attributes
    ----------
    model, preset, share, weighting, normalization, exact
        What was analysed and how.
    num_inputs, num_outputs : int
        N_I and N_O.
    stages : Stages
        Works out everything else.
    notes : tuple of Note
        What a reader should know of how the model was understood: what was assumed, approximated or
        is not known. Each is a string.
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
    num_inputs: int
    num_outputs: int
    stages: Stages = field(repr=False)
    notes: tuple[Note, ...] = ()
    graph: Graph | Dag | None = field(default=None, repr=False)
    verifier: Callable[..., Verification] | None = field(default=None, repr=False)

    # -- what is counted, when one of these is first asked for -----------------------------------

    @property
    def num_parameters(self) -> int:
        """N_G, scalars with at least one context."""
        return self.quantities.num_parameters

    @property
    def num_weight_nodes(self) -> int:
        """N_W, scalars counted once per use site."""
        return self.quantities.num_weight_nodes

    @property
    def dead_parameters(self) -> int:
        """Scalars without a path to an output; they are outside N_G."""
        return self.quantities.dead_parameters

    @property
    def log2_total_contexts(self) -> float:
        """log2 N_C."""
        return self.quantities.log2_total_contexts

    @property
    def total_contexts(self) -> int | Fraction | None:
        """N_C, where counted exactly."""
        return self.quantities.total_contexts

    @property
    def max_contexts(self) -> int | Fraction | None:
        """The largest count, where counted exactly."""
        return self.quantities.max_contexts

    @property
    def expected_spread(self) -> float:
        """E, in bits."""
        return self.quantities.expected_spread

    @property
    def entropy(self) -> float:
        """H, in bits."""
        return self.quantities.entropy

    @property
    def total_surprisal(self) -> float:
        """S, in bits."""
        return self.quantities.total_surprisal

    @property
    def p_g(self) -> float | None:
        """P_G; None where its logarithm diverges."""
        return self.quantities.p_g

    @property
    def p_g_prime(self) -> float | None:
        """P'_G; None where its logarithm diverges."""
        return self.quantities.p_g_prime

    @property
    def quantities(self) -> Quantities:
        """All of these."""
        with self._naming():
            return self.stages.quantities

    @property
    def distribution(self) -> ContextDistribution:
        """How contexts are distributed over parameters."""
        with self._naming():
            return self.stages.distribution

    @property
    def seconds(self) -> dict[str, float]:
        """Time of ``trace``, ``count`` and ``quantities``; what is not done yet is done for it."""
        self.quantities  # noqa: B018
        return dict(self.stages.seconds)

    @property
    def parameters(self) -> tuple[ParameterRow, ...]:
        """The table: one row per learnable tensor."""
        with self._naming():
            return self.stages.rows

    # -- what needs no count -------------------------------------------------------------------

    @property
    def costs(self) -> Costs | None:
        """Baselines; None for scalar graphs."""
        return self.stages.costs

    @property
    def utility(self) -> float | None:
        """U_G in bits, the utility of `reprior.core.utility`; None for scalar graphs and without layers."""
        with self._naming():
            return self.stages.utility

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except RepriorError as error:
            raise error.of_model(self.model) from error.__cause__

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
        with self._naming():
            found = self.stages.contexts(name)
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

    @property
    def function_nodes(self) -> tuple[FunctionNodes, ...]:
        """The operations with learnable product nodes; none are kept for scalar graphs."""
        with self._naming():
            return self.stages.operations

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

    def to_dict(self) -> dict[str, Any]:
        """The analysis as plain data, keys as in the JSON schema."""
        data: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        data |= {key: getattr(self, key) for key in _KEYS}
        for key in ("total_contexts", "max_contexts"):
            data[key] = None if data[key] is None else decimal_digits(data[key])
        data["notes"] = [str(note) for note in self.notes]
        data["graph_size"] = self.graph_size
        data["utility"] = self.utility
        if self.costs is not None:
            data |= asdict(self.costs)
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
