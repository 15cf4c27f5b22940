"""Reports: one HTML file that shows an analysis or a comparison, offline, in any browser.

Data and drawing are apart: `analysis_data` and `comparison_data` compute everything that is shown, the
scripts in ``static`` draw it.
"""

from __future__ import annotations

from os import PathLike

from ...analysis import Analysis, Comparison
from ...files import write_text
from .analysis_data import analysis_data
from .comparison_data import comparison_data
from .evidence import evidence_section
from .page import assemble
from .scalar_figure import scalar_figure
from .unrolling import unrolling_html, write_unrolling

__all__ = ["analysis_data", "comparison_data", "to_html", "unrolling_html", "write_html", "write_unrolling"]

_SHARED = ("core.js", "charts.js", "table.js")


def to_html(subject: Analysis | Comparison) -> str:
    """The report as one self-contained HTML page."""
    if isinstance(subject, Comparison):
        models = ", ".join(item.model for item in subject.analyses)
        data, scripts = comparison_data(subject), (*_SHARED, "comparison.js")
        return assemble(f"{models} - reprior", data, scripts, body=evidence_section(subject))
    title = f"{subject.model} - reprior"
    body = scalar_figure(subject)
    return assemble(title, analysis_data(subject), (*_SHARED, "tree.js", "analysis.js"), body=body)


def write_html(subject: Analysis | Comparison, path: str | PathLike[str]) -> None:
    """Write the report to a file, which is replaced only when all of it is written.

    Raises
    ------
    RepriorError
        If the file cannot be written.
    """
    write_text(path, to_html(subject))
