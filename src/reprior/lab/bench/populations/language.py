"""Language models: encoders, decoders of many shapes, shared layers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..benchmark import Benchmark, Source
from ..columns import read_rows, table

__all__ = ["LANGUAGE", "encoders"]

_SCORES = (
    "synaptic_diversity",
    "synaptic_saliency",
    "activation_distance",
    "jacobian_score",
    "number_of_parameters",
    "head_importance",
    "head_confidence",
    "head_softmax_confidence",
)
"""Scores of the table of encoders."""


def encoders(files: Mapping[str, bytes]) -> str:
    """Encoders with their GLUE score: architectures from one file, scores from another, by number."""
    networks = {item["id"]: item for item in json.loads(files["networks"])}
    rows = list(read_rows(files["scores"]))
    names = [name for name in rows[0] if name not in ("ID", "GLUE Score")]
    lines: list[list[object]] = [
        [_encoder(networks[int(row["ID"])]), row["GLUE Score"], *(row[name] for name in names)]
        for row in rows
    ]
    return table(["arch", "glue", *(name.lower().replace(" ", "_") for name in names)], lines)


def _encoder(network: Mapping[str, Any]) -> str:
    """``nNUMBER|WIDTH|`` and, layer by layer, ``KIND-PARAMETER-HEADS-HIDDEN-REPEATS``."""
    settings = network["hparams"]["model_hparam_overrides"]
    keys = (
        "operation_type",
        "operation_parameter",
        "num_operation_heads",
        "feed_forward_dimension",
        "num_feed_forward",
    )
    layers = [
        "-".join([str(layer[key]) for key in keys]) for layer in settings["nas_config"]["encoder_layers"]
    ]
    return "|".join([f"n{network['id']}", str(settings["hidden_size"]), *layers])


_SERIANNI = (
    "https://raw.githubusercontent.com/aaronserianni/training-free-nas"
    "/9b59a62666f133230a0c65fabe40538e43ab3253/data"
)

LANGUAGE = (
    Benchmark(
        name="encoders",
        title="NAS-Bench-BERT encoders, GLUE",
        file="nas_bench_bert_glue.csv",
        origin="github.com/aaronserianni/training-free-nas (CC-BY-4.0): GLUE",
        spec="arch",
        accuracy="glue",
        prefix="encoder:",
        digest="424efad47cd0107989690f713e07a0d0c99aecbb3b6eec9108368fb6375acbdb",
        extra=_SCORES,
        kind="language",
        source=Source(
            {
                "networks": f"{_SERIANNI}/BERT_benchmark.json",
                "scores": f"{_SERIANNI}/BERT_results_activation.csv",
            },
            encoders,
        ),
    ),
    Benchmark(
        name="open_lm",
        title="open_lm decoders, loss",
        file="open_lm_grid.csv",
        origin="github.com/mlfoundations/scaling (MIT): loss, tokens in proportion to size",
        spec="arch",
        accuracy="minus_loss",
        prefix="open_lm:",
        digest="62969dd4309cdfb09a26f276fbd1c8c477d5a31201b0ce122138a23b79777b25",
        kind="language",
        because="no published file of the whole grid is known; it is the mean over runs",
    ),
    Benchmark(
        name="sharing",
        title="Language models that share layers, WikiText-103",
        file="sharing_language.csv",
        origin="Takase & Kiyono 2023, tables: perplexity",
        spec="{order}:{layers_with_parameters}:{layers}:{width}:{heads}",
        accuracy="-wikitext103_ppl",
        prefix="shared_lm:",
        digest="a551f25fd9130660f66a9cbd1ed21a94278ef462cd2ebb045b7fe4ec1596ed29",
        kind="language",
        because="it is typed from the tables of a paper",
    ),
)
