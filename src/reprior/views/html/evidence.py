"""What the benchmarks say of an order by utility, as a section of a comparison's page."""

from __future__ import annotations

import html

from ...analysis import Comparison, Verdict

__all__ = ["evidence_section"]


def evidence_section(comparison: Comparison) -> str:
    """HTML; empty where fewer than two models have a utility."""
    found = comparison.evidence
    if not found:
        return ""
    rows = "".join(map(_row, found))
    return (
        '<section class="evidence"><h2>How far the order by U_G can be trusted</h2>'
        "<p>Of pairs of trained networks in public benchmarks whose utilities differ by as much, and whose "
        "sizes are alike or not, the share in which the one with the higher utility was the better.</p>"
        '<div class="scroll" tabindex="0" role="region" aria-label="Evidence"><table><thead><tr>'
        "<th>Higher U_G</th><th>Lower</th><th>Bits apart</th><th>Sizes</th>"
        f"<th>Ordered rightly</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _row(verdict: Verdict) -> str:
    cells = (
        verdict.better,
        verdict.worse,
        f"{verdict.difference:.2f}",
        "alike" if verdict.alike else "differ",
        verdict.text,
    )
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
