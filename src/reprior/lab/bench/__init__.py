"""Benchmarks of trained models: does a quantity order them as training does? (extra ``rank``)."""

from .anchors import ANCHORS, Anchor
from .benchmark import Benchmark, Source
from .catalog import BENCHMARKS, benchmark
from .data import data_directory, digest_of, load, with_urls
from .leaderboard import Leaderboard, Standing, leaderboard
from .run import BenchResult, run

__all__ = [
    "ANCHORS",
    "BENCHMARKS",
    "Anchor",
    "BenchResult",
    "Benchmark",
    "Leaderboard",
    "Source",
    "Standing",
    "benchmark",
    "data_directory",
    "digest_of",
    "leaderboard",
    "load",
    "run",
    "with_urls",
]
