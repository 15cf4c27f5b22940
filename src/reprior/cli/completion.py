"""What the tab key offers for a model."""

from __future__ import annotations

from ..frontends.specs import FRAMEWORK_SCHEMES, SCHEMES
from ..models import PAPER_FIGURES, PAPER_MODELS

__all__ = ["complete_spec"]


def complete_spec(incomplete: str) -> list[str]:
    """Specs that begin so: those of the paper, and the schemes of all others.

    The models of timm and torchvision are left to `reprior list`: importing the frameworks takes
    longer than anyone waits for the tab key.
    """
    known = [f"{scheme}:" for scheme in (*SCHEMES, *FRAMEWORK_SCHEMES) if scheme != "paper"]
    known += [f"paper:{name}" for name in (*PAPER_MODELS, *PAPER_FIGURES)]
    return [spec for spec in known if spec.startswith(incomplete)]
