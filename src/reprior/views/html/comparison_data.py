"""What the page of a comparison shows, as plain data; nothing here draws."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ...analysis import COLUMNS, Analysis, Comparison
from .analysis_data import settings
from .headline import BASELINES, QUANTITIES
from .histogram import histogram
from .layers import layer_profiles

__all__ = ["comparison_data", "label"]

_LABELS: dict[str, str] = {
    "model": "Model",
    **{key: f"{name} {symbol}" for key, (symbol, name, *_) in QUANTITIES.items()},
    **{key: name for key, (name, _) in BASELINES.items()},
}


def label(key: str) -> str:
    """What to call a column of a comparison."""
    return _LABELS.get(key, key.replace("_", " "))


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """The data of the page; cells are those of `Comparison.rows`."""
    return {
        "kind": "comparison",
        "columns": [{"key": key, "label": label(key), "short": _short(key)} for key in COLUMNS],
        "meanings": {key: item[3] for key, item in QUANTITIES.items()},
        "rows": comparison.rows(),
        "profiles": [_profile(item) for item in comparison.analyses],
    }


def _short(key: str) -> str:
    return QUANTITIES[key][0] if key in QUANTITIES else label(key)


def _profile(analysis: Analysis) -> dict[str, Any]:
    return {
        "model": analysis.model,
        "settings": settings(analysis),
        "layers": [
            {"name": item.name, "group": "", **asdict(item.spread)} for item in layer_profiles(analysis)
        ],
        "histogram": asdict(histogram(analysis.distribution)),
    }
