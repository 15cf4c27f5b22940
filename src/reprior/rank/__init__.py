"""Does a quantity order models as training does? Tables in, rank correlations out (extra ``rank``)."""

from .cache import Cache, default_cache
from .ranking import Correlation, Ranking, ScoredEntry, rank, rank_entries
from .scores import BASELINES, QUANTITIES, score, score_uncounted
from .scoring import score_models
from .table import Entry, RejectedRow, Table, read_table

__all__ = [
    "BASELINES",
    "QUANTITIES",
    "Cache",
    "Correlation",
    "Entry",
    "Ranking",
    "RejectedRow",
    "ScoredEntry",
    "Table",
    "default_cache",
    "rank",
    "rank_entries",
    "read_table",
    "score",
    "score_models",
    "score_uncounted",
]
