"""What the tab key offers for a model."""

from __future__ import annotations

from ..registry import schemes

__all__ = ["complete_spec"]


def complete_spec(incomplete: str) -> list[str]:
    """Specs that begin so: those of schemes with few models, and the other schemes.

    The models of timm and torchvision are left to `reprior list`: importing the frameworks takes
    longer than anyone waits for the tab key.
    """
    known = []
    for name, scheme in schemes().items():
        names = scheme.names() if scheme.names is not None and scheme.is_quick else [""]
        known += [f"{name}:{rest}" for rest in names]
    return [spec for spec in known if spec.startswith(incomplete)]
