"""Every architecture of timm at its default size: docs/benchmarks/coverage_timm.csv.

Run with ``python benchmarks/coverage_timm.py --jobs 2``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from coverage import main


def specs() -> list[str]:
    """All of ``timm.list_models()``."""
    import timm

    return [f"timm:{name}" for name in timm.list_models()]


if __name__ == "__main__":
    sys.exit(main(specs.__doc__ or "", specs, "docs/benchmarks/coverage_timm.csv", 1.2e9))
