"""The specs of models that need no framework: one entry a scheme."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.graphs import refuse_input
from ..frontends.registry import Frontend, Scheme
from ..model import Model
from ..naming import split_size, suggest
from ..scalar import Dag
from .channel_resnet import channel_resnet
from .mbconv import mbconv
from .mobile import mnasnet, mobilenet
from .nasbench201 import cells, nasbench201
from .nasbench_macro import architectures, nasbench_macro
from .paper import PAPER_FIGURES, PAPER_MODELS
from .transformers import autoformer, encoder, open_lm, shared_lm
from .transnas import transnas
from .vit import vit

__all__ = ["MODELS"]


def _paper(name: str) -> Graph | Dag:
    spec = f"paper:{name}"
    base, size = split_size(name, spec)
    if base in PAPER_FIGURES:
        if size is not None:
            raise SpecError(f"'{spec}': a figure has no size", model=spec)
        return PAPER_FIGURES[base]()
    if base not in PAPER_MODELS:
        raise SpecError(
            f"unknown model '{spec}': {suggest(base, [*PAPER_MODELS, *PAPER_FIGURES])}", model=spec
        )
    return PAPER_MODELS[base](size)


def _load(build: Callable[[str], Graph | Dag], spec: str, input: Any, real: bool) -> Model:
    refuse_input(spec, input)
    start = time.perf_counter()
    graph = build(spec.partition(":")[2])
    return Model(spec, graph, time.perf_counter() - start)


def _scheme(
    build: Callable[[str], Graph | Dag],
    form: str,
    what: str,
    *,
    names: Callable[[], Iterable[str]] | None = None,
    is_quick: bool = False,
) -> Scheme:
    name = form.partition(":")[0]
    load = partial(_load, build)
    return Scheme(name=name, form=form, what=what, load=load, names=names, is_quick=is_quick, reads="nothing")


MODELS = Frontend(
    name="models",
    schemes=(
        _scheme(
            _paper,
            "paper:NAME[@SIZE]",
            "models and figures of the paper",
            names=lambda: [*PAPER_MODELS, *PAPER_FIGURES],
            is_quick=True,
        ),
        _scheme(nasbench201, "nb201:CELL", "networks of NAS-Bench-201, by their cell", names=cells),
        _scheme(
            nasbench_macro,
            "macro:ARCH",
            "networks of NAS-Bench-Macro: eight digits 0, 1 or 2",
            names=architectures,
        ),
        _scheme(
            mnasnet, "mnasnet:STAGES", "MnasNets of Accel-NASBench, such as seven times 6.3.1.0 joined by _"
        ),
        _scheme(mobilenet, "mobilenet:VERSION_WIDTH_SIZE", "MobileNet v1 and v2, such as v2_1.0_224"),
        _scheme(transnas, "transnas:CELL", "networks of TransNAS-Bench-101: six digits 0 to 3"),
        _scheme(channel_resnet, "channels:DIGITS", "ResNets of Channel-Bench: seven digits 1 to 4"),
        _scheme(autoformer, "autoformer:JSON", "vision transformers of AutoFormer's spaces"),
        _scheme(encoder, "encoder:NAME|WIDTH|LAYER...", "encoders of NAS-Bench-BERT"),
        _scheme(open_lm, "open_lm:dWIDTH_lLAYERS_hHEADS", "decoders of open_lm"),
        _scheme(
            shared_lm,
            "shared_lm:ORDER:SETS:LAYERS:WIDTH:HEADS",
            "language models that share layers: none, sequence, cycle, cycle_rev",
        ),
        _scheme(
            mbconv, "mbconv:STAGES[@SIZE]", "MBConv networks: six stages such as f4k3n2c32 or m6k5n3c112s"
        ),
        _scheme(vit, "vit:SETTING[@SIZE]", "vision transformers, such as d12w192h3r4 or d12w192h3r4-cycle6"),
    ),
)
"""Described layer by layer; a name says all, so nothing is fed."""
