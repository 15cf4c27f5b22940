"""Computing the published figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from ...analysis import Analysis
from ...api import analyze
from ...core.quantities import p_g, p_g_prime
from ...errors import SpecError
from .published import ROWS, TABLES, Case, Row
from .reading import Reading, read

__all__ = ["Figure", "Order", "orders", "reproduce"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure beside the computed one.

    Attributes
    ----------
    table, row, quantity : str
        Where it is printed.
    printed : str
        Its digits.
    computed : float
        The quantity of the row's case.
    reading : Reading
        How the two agree.
    note : str
        The explanation, where there is one.
    explained : float or None
        The quantity of the explanation's case.
    case : Case
        What was analysed for `computed`.
    explained_case : Case or None
        What was analysed for `explained`.
    """

    table: str
    row: str
    quantity: str
    printed: str
    computed: float
    reading: Reading
    note: str
    explained: float | None
    case: Case
    explained_case: Case | None = None

    @property
    def difference(self) -> float:
        """Computed less published."""
        return self.computed - float(self.printed.removesuffix("+"))


@dataclass(frozen=True, slots=True)
class Order:
    """Whether a computed quantity puts the models of a table into the order of their accuracies.

    Attributes
    ----------
    table, quantity : str
    agrees : bool
    """

    table: str
    quantity: str
    agrees: bool


def reproduce(
    tables: Iterable[str] = TABLES,
    *,
    exact: bool = False,
    begin: Callable[[str], None] = lambda name: None,
) -> list[Figure]:
    """Every published figure beside the computed one.

    Parameters
    ----------
    tables : iterable of str
        Which of `TABLES`; all by default.
    exact : bool
        Count in integers.
    begin : callable
        Told the name of each row before it is computed.

    Raises
    ------
    SpecError
        If there is no such table.
    """
    chosen = list(tables)
    for table in chosen:
        if table not in TABLES:
            raise SpecError(f"the paper has no '{table}': there are {', '.join(TABLES)}")
    found: dict[Case, Analysis] = {}

    def analysis_of(case: Case) -> Analysis:
        counted = replace(case, inputs_of=None)
        if counted not in found:
            found[counted] = analyze(
                case.model(), name=str(case), preset=case.preset, share=case.share, exact=exact
            )
        return found[counted]

    figures: list[Figure] = []
    for row in ROWS:
        if row.table in chosen:
            begin(row.name)
            figures += _figures(row, analysis_of)
    return figures


def orders(figures: Iterable[Figure]) -> list[Order]:
    """For Tables 3 and 4, which computed quantities order the models as their top-1 accuracies do."""
    tops = {(row.table, row.name): float(row.top1.removesuffix("+")) for row in ROWS if row.top1}
    result = []
    compared = [f for f in figures if f.table in ("Table 3", "Table 4")]
    compared.sort(key=lambda f: (f.table, list(_QUANTITIES).index(f.quantity)))
    for (table, quantity), group in groupby(compared, key=lambda f: (f.table, f.quantity)):
        pairs = sorted((tops[table, figure.row], figure.computed) for figure in group)
        values = [value for _, value in pairs]
        result.append(Order(table, quantity, values == sorted(values)))
    return result


def _figures(row: Row, analysis_of: Callable[[Case], Analysis]) -> Iterable[Figure]:
    analysis = analysis_of(row.case)
    for quantity, printed in row.printed.items():
        computed = _value(quantity, row.case, analysis)
        reading = read(printed, computed)
        plain = Figure(row.table, row.name, quantity, printed, computed, reading, "", None, row.case)
        reason = next((item for item in row.explanations if quantity in item.quantities), None)
        if reason is None or reading == "rounded":
            yield plain
            continue
        explained = _value(quantity, reason.case, analysis_of(reason.case))
        if reading == "differs" and read(printed, explained) != "differs":
            reading = "explained"
        yield replace(
            plain, reading=reading, note=reason.text, explained=explained, explained_case=reason.case
        )


def _value(quantity: str, case: Case, analysis: Analysis) -> float:
    if quantity.startswith("contexts of "):
        return float(analysis.counts(quantity.removeprefix("contexts of ")))
    return float(_QUANTITIES[quantity](case, analysis))


def _p_g(case: Case, analysis: Analysis) -> float:
    inputs, size = _sizes(case, analysis)
    return p_g(analysis.total_surprisal, inputs, size) or 0.0


def _p_g_prime(case: Case, analysis: Analysis) -> float:
    inputs, size = _sizes(case, analysis)
    return p_g_prime(analysis.num_parameters, analysis.expected_spread, inputs, size) or 0.0


def _sizes(case: Case, analysis: Analysis) -> tuple[int, int]:
    """N_I and |G|, of another image size where the case says so."""
    inputs = analysis.num_inputs if case.inputs_of is None else 3 * case.inputs_of**2
    return inputs, inputs + analysis.num_outputs + analysis.num_weight_nodes


def _created(analysis: Analysis) -> int:
    """All learnable scalars, with a context or without: what a framework creates."""
    return analysis.num_parameters + analysis.dead_parameters


_QUANTITIES: dict[str, Callable[[Case, Analysis], float]] = {
    "P_G": _p_g,
    "P'_G": _p_g_prime,
    "spread": lambda case, analysis: analysis.expected_spread,
    "entropy": lambda case, analysis: analysis.entropy,
    "params [M]": lambda case, analysis: _created(analysis) / 1e6,
    "surprisal": lambda case, analysis: analysis.total_surprisal,
    "contexts": lambda case, analysis: 2**analysis.log2_total_contexts,
    "N_I": lambda case, analysis: analysis.num_inputs,
    "|G|": lambda case, analysis: analysis.graph_size,
}
