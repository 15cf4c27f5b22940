"""Several analyses side by side."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RepriorError, SpecError
from .calibration import Verdict, verdicts
from .result import SCHEMA_VERSION, Analysis
from .showing import ComparisonPlots, Shown

if TYPE_CHECKING:
    import pandas

__all__ = ["COLUMNS", "Comparison"]

COLUMNS = (
    "model",
    "p_g",
    "p_g_prime",
    "utility",
    "expected_spread",
    "entropy",
    "total_surprisal",
    "num_parameters",
    "dead_parameters",
    "num_weight_nodes",
    "num_inputs",
    "num_outputs",
    "log2_total_contexts",
    "macs",
    "depth",
    "weighted_layers",
    "activations",
)
"""What a comparison shows of each model."""


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """Analyses of several models.

    Attributes
    ----------
    analyses : tuple of Analysis
    """

    analyses: tuple[Analysis, ...]

    def rows(self) -> list[dict[str, Any]]:
        """One mapping per model, keys from `COLUMNS`; None where a model has no such quantity."""
        return [{key: item.to_dict().get(key) for key in COLUMNS} for item in self.analyses]

    @property
    def evidence(self) -> tuple[Verdict, ...]:
        """For every two neighbours by utility, how often benchmarks bear such an order out."""
        return verdicts(self.analyses)

    def sorted_by(self, key: str) -> Comparison:
        """In descending order of a quantity, models without it last.

        Raises
        ------
        SpecError
            If there is no such quantity.
        """
        if key == "given":
            return self
        if key not in COLUMNS:
            raise SpecError(f"cannot sort by '{key}': there are {', '.join(COLUMNS)} and given")

        def order(pair: tuple[dict[str, Any], Analysis]) -> tuple[bool, Any]:
            value = pair[0][key]
            return value is None, value if isinstance(value, str) else -(value or 0)

        ranked = sorted(zip(self.rows(), self.analyses, strict=True), key=order)
        return Comparison(tuple(item for _, item in ranked))

    def to_json(self, *, indent: int | None = 2) -> str:
        """All analyses as JSON, and under `evidence` what is known of neighbours by utility."""
        data = {
            "schema_version": SCHEMA_VERSION,
            "models": [item.to_dict() for item in self.analyses],
            "evidence": [{**asdict(item), "text": item.text} for item in self.evidence],
        }
        return json.dumps(data, indent=indent, allow_nan=False)

    def to_csv(self) -> str:
        """The rows as comma-separated values."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows())
        return text.getvalue()

    def to_frame(self) -> pandas.DataFrame:
        """The rows as a pandas data frame (extra ``rank``)."""
        try:
            import pandas as pd
        except ImportError:
            raise RepriorError("data frames need pandas: pip install 'reprior[rank]'") from None
        return pd.DataFrame(self.rows(), columns=list(COLUMNS))

    @property
    def plot(self) -> ComparisonPlots:
        """Plots for notebooks (extra ``plot``)."""
        plots: ComparisonPlots = self.views.plots(self)
        return plots
