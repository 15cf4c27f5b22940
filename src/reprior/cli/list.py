"""``reprior list``: the models that can be named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from ..errors import SpecError
from ..models import PAPER_FIGURES, PAPER_MODELS
from ..models.nasbench201 import cells
from ..models.nasbench_macro import architectures
from ..naming import suggest
from .console import printer, simple_table

__all__ = ["list_command"]


def list_command(
    pattern: Annotated[
        str | None,
        typer.Argument(metavar="[SCHEME[:GLOB]]", show_default=False, help="Which; all schemes by default."),
    ] = None,
) -> None:
    """List kinds of models, or all models of one kind.

    \b
    reprior list
    reprior list paper
    reprior list 'timm:*vit*'
    """
    if pattern is None:
        _print_schemes()
        return
    scheme, _, glob = pattern.partition(":")
    if scheme not in _SCHEMES:
        raise SpecError(f"no scheme '{scheme}': {suggest(scheme, list(_SCHEMES))}")
    found = [name for name in _names(scheme) if fnmatchcase(name, glob or "*")]
    if not found:
        raise SpecError(f"no model matches '{pattern}'")
    for name in found:
        typer.echo(f"{scheme}:{name}")


def _print_schemes() -> None:
    table = simple_table("Model specs", "spec", "what", left=["spec", "what"])
    for form, what in _SCHEMES.values():
        table.add_row(form, what)
    console = printer()
    console.print(table)
    if find_spec("torch") is None:
        console.print(
            "timm:, torchvision:, hf: and py: need more: pip install 'reprior[torch]' or 'reprior[hf]'"
        )


_SCHEMES = {
    "paper": ("paper:NAME[@SIZE]", "models and figures of the paper"),
    "nb201": ("nb201:CELL", "networks of NAS-Bench-201, by their cell"),
    "macro": ("macro:ARCH", "networks of NAS-Bench-Macro: eight digits 0, 1 or 2"),
    "transnas": ("transnas:CELL", "networks of TransNAS-Bench-101: six digits 0 to 3"),
    "mnasnet": ("mnasnet:STAGES", "MnasNets of Accel-NASBench, such as seven times 6.3.1.0 joined by _"),
    "mobilenet": ("mobilenet:VERSION_WIDTH_SIZE", "MobileNet v1 and v2, such as v2_1.0_224"),
    "channels": ("channels:DIGITS", "ResNets of Channel-Bench: seven digits 1 to 4"),
    "autoformer": ("autoformer:JSON", "vision transformers of AutoFormer's spaces"),
    "encoder": ("encoder:NAME|WIDTH|LAYER...", "encoders of NAS-Bench-BERT"),
    "open_lm": ("open_lm:dWIDTH_lLAYERS_hHEADS", "decoders of open_lm"),
    "shared_lm": (
        "shared_lm:ORDER:SETS:LAYERS:WIDTH:HEADS",
        "language models that share layers: none, sequence, cycle, cycle_rev",
    ),
    "dag": ("dag:FILE.json", "a graph of scalars"),
    "timm": ("timm:NAME[@SIZE]", "image models of timm"),
    "torchvision": ("torchvision:NAME[@SIZE]", "models of torchvision"),
    "hf": ("hf:PATH-or-CONFIG-NAME", "transformers, built from their configuration"),
    "py": ("py:PACKAGE.MODULE:CALLABLE", "what your function returns, a torch.nn.Module"),
}
"""For each scheme the form of its specs, and what they name."""


def _names(scheme: str) -> Iterable[str]:
    if scheme not in _LISTED:
        raise SpecError(f"{_SCHEMES[scheme][0]} cannot be listed")
    return _LISTED[scheme]()


def _timm() -> Iterable[str]:
    names: Iterable[str] = _imported("timm").list_models()
    return names


def _torchvision() -> Iterable[str]:
    names: Iterable[str] = _imported("torchvision.models").list_models()
    return names


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise SpecError(f"listing needs {error.name}: pip install 'reprior[torch]'") from None


_LISTED: dict[str, Callable[[], Iterable[str]]] = {
    "paper": lambda: [*PAPER_MODELS, *PAPER_FIGURES],
    "nb201": cells,
    "macro": architectures,
    "timm": _timm,
    "torchvision": _torchvision,
}
