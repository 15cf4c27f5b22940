"""Every model of torchvision at the size of its weights: docs/benchmarks/coverage_torchvision.csv.

Run with ``python benchmarks/coverage_torchvision.py --jobs 2``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from coverage import main


def specs() -> list[str]:
    """All of ``torchvision.models.list_models()``."""
    from torchvision import models

    return [f"torchvision:{name}" for name in models.list_models()]


if __name__ == "__main__":
    sys.exit(main(specs.__doc__ or "", specs, "docs/benchmarks/coverage_torchvision.csv"))
