"""Transformers: AutoFormer, NAS-Bench-BERT, open_lm, and language models that share layers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from math import ceil

from ..core.graph import Graph
from ..errors import SpecError
from ..frontends.network import Feature, Network
from ..sharing.orders import layer_order

__all__ = ["autoformer", "encoder", "open_lm", "shared_lm"]

_HEAD = 64  # width of an AutoFormer head
_RELATIVE = 30  # rows of its tables of relative positions

_WORD_PIECES, _PIECE_WIDTH, _LONGEST = 30522, 128, 512
_ROW = re.compile(r"(?:SA|LT|DSC)-\w+-(\d+)-(\d+)-(\d+)")


def autoformer(text: str, *, size: int = 224, patch: int = 16, classes: int = 1000) -> Graph:
    """A vision transformer of AutoFormer's spaces (Chen et al 2021), as the tables write it in JSON.

    Keys are ``mlp_ratio``, ``num_heads``, the depth (``layer_num`` or ``depth``) and the width
    (``embed_dim``, a list of equal numbers, or ``hidden_dim``). Heads are 64 wide, whatever the width.

    Raises
    ------
    SpecError
        If the text is no such setting.
    """
    width, heads, ratios = _read_autoformer(text)
    net = Network()
    x = net.conv(net.input(3, size, size), width, patch, stride=patch, bias=True, name="patches")
    x = net.permute(net.reshape(x, 1, width, (size // patch) ** 2), 0, 2, 1)
    x = net.concatenate(net.parameter(1, 1, width, name="class_token"), x, axis=1)
    x = x + net.parameter(1, x.shape[1], width, name="positions")
    for number, (many, ratio) in enumerate(zip(heads, ratios, strict=True)):
        with net.scope(f"blocks.{number}"):
            x = x + _relative_attention(net, net.layer_norm(x, name="norm1"), many)
            y = net.gelu(net.dense(net.layer_norm(x, name="norm2"), int(width * ratio), name="fc1"))
            x = x + net.dense(y, width, name="fc2")
    x = net.layer_norm(x, name="norm")
    # Class token, or the mean over patches: AutoFormer takes the mean.
    x = net.reduce(net.slice(x, 1, x.shape[1], axis=1), 1)
    net.output(net.dense(x, classes, name="head"))
    return net.graph()


def _read_autoformer(text: str) -> tuple[int, Sequence[int], Sequence[float]]:
    try:
        found = json.loads(text)
        depth = int(found["layer_num"] if "layer_num" in found else found["depth"])
        width = found["embed_dim"] if "embed_dim" in found else found["hidden_dim"]
        width = int(width[0] if isinstance(width, list) else width)
        heads = [int(number) for number in found["num_heads"]]
        ratios = [float(number) for number in found["mlp_ratio"]]
    except (ValueError, KeyError, TypeError, IndexError):
        raise SpecError(f"'{text}' is no setting of AutoFormer in JSON") from None
    if not depth == len(heads) == len(ratios) or min(width, depth, *heads) < 1 or min(ratios) <= 0:
        raise SpecError(f"'{text}' does not give {depth} positive heads and ratios")
    return width, heads, ratios


def _relative_attention(net: Network, x: Feature, heads: int) -> Feature:
    """Attention with learned relative positions on keys and values, in two dimensions."""
    _, length, width = x.shape
    with net.scope("attention"):
        mixed = net.dense(x, 3 * heads * _HEAD, name="qkv")
        parts = net.split(mixed, 3, axis=2)
        query, key, value = (
            net.permute(net.reshape(part, 1, length, heads, _HEAD), 0, 2, 1, 3) for part in parts
        )
        y = net.attention(query, key, value, name="scores")
        y = net.reshape(net.permute(y, 0, 2, 1, 3), 1, length, heads * _HEAD)
        return net.dense(y, width, name="out")


def encoder(text: str, *, length: int = 128) -> Graph:
    """An encoder of NAS-Bench-BERT (Serianni & Kalita 2023): ``name|width|layer|layer...``.

    A layer is ``KIND-PARAMETER-heads-hidden-stacks``. Whatever its kind, it attends: so the networks of the
    table were trained. Word pieces are embedded in 128 dimensions, as in ELECTRA-small.

    Raises
    ------
    SpecError
        If the text is no such encoder.
    """
    _, _, rest = text.partition("|")
    width_text, *layers = rest.split("|")
    rows = [_ROW.fullmatch(layer) for layer in layers]
    if not width_text.isdigit() or not rows or None in rows:
        raise SpecError(f"'{text}' is no encoder like n0|256|SA-WMA-4-1024-3|LT-DCT-2-512-3")
    width = int(width_text)
    net = Network()
    tokens = net.input(length)
    x = net.embedding(tokens, _WORD_PIECES, _PIECE_WIDTH, name="words")
    x = x + net.slice(net.parameter(1, _LONGEST, _PIECE_WIDTH, name="positions"), 0, length, axis=1)
    x = net.layer_norm(x, name="embedding_norm")
    if width != _PIECE_WIDTH:
        x = net.dense(x, width, name="projection")
    for number, row in enumerate(rows):
        assert row is not None
        heads, hidden, stacks = (int(part) for part in row.groups())
        with net.scope(f"layers.{number}"):
            x = net.layer_norm(x + net.multi_head_attention(x, heads), name="norm1")
            y = net.gelu(net.dense(x, hidden, name="fc0"))
            for stack in range(1, stacks):
                y = net.gelu(net.dense(y, hidden, name=f"fc{stack}"))
            x = net.layer_norm(x + net.dense(y, width, name="out"), name="norm2")
    net.output(x)
    return net.graph()


_OPEN_LM = re.compile(r"d(\d+)_l(\d+)_h(\d+)")
_NEOX_PIECES = 50432


def open_lm(text: str, *, length: int = 2048) -> Graph:
    """A decoder of open_lm (Gadre et al 2024): ``d96_l4_h12`` is width, layers and heads.

    Raises
    ------
    SpecError
        If the text is no such decoder.
    """
    found = _OPEN_LM.fullmatch(text)
    width, layers, heads = (int(part) for part in found.groups()) if found else (0, 0, 0)
    if not width or not layers or not 0 < heads <= width:
        raise SpecError(f"'{text}' is no decoder like d96_l4_h12 (width, layers, heads)")
    net = Network()
    x = net.embedding(net.input(length), _NEOX_PIECES, width, name="tokens")
    hidden = 256 * ceil(int(8 * width / 3) / 256)
    for number in range(layers):
        with net.scope(f"layers.{number}"):
            y = net.rms_norm(x, name="attention_norm")
            x = x + _causal_attention(net, y, heads, width // heads)
            y = net.rms_norm(x, name="mlp_norm")
            gate = net.silu(net.dense(y, hidden, bias=False, name="gate"))
            y = gate * net.dense(y, hidden, bias=False, name="up")
            x = x + net.dense(y, width, bias=False, name="down")
    x = net.rms_norm(x, name="norm")
    net.output(net.dense(x, _NEOX_PIECES, bias=False, name="output"))
    return net.graph()


def _causal_attention(net: Network, x: Feature, heads: int, head: int) -> Feature:
    """Attention whose heads need not fill the width: what is left over is not used."""
    _, length, width = x.shape
    with net.scope("attention"):
        query, key, value = (
            net.permute(
                net.reshape(net.dense(x, heads * head, bias=False, name=part), 1, length, heads, head),
                0, 2, 1, 3,
            )
            for part in ("query", "key", "value")
        )  # fmt: skip
        y = net.attention(query, key, value, causal=True, name="scores")
        y = net.reshape(net.permute(y, 0, 2, 1, 3), 1, length, heads * head)
        return net.dense(y, width, bias=False, name="out")


_ADAPTIVE = ((20000, 1), (40000, 4), (207744, 16))
"""Words of WikiText-103 by frequency, and by how much their vectors are narrower."""
_SHARED = re.compile(r"(none|sequence|cycle|cycle_rev):(\d+):(\d+):(\d+):(\d+)")


def shared_lm(text: str, *, length: int = 256) -> Graph:
    """A language model of Takase & Kiyono (2023): ``cycle:6:12:1024:8``.

    That is the order, the sets of parameters, layers, width and heads.

    Raises
    ------
    SpecError
        If the text is no such model.
    """
    found = _SHARED.fullmatch(text)
    if found is None:
        raise SpecError(f"'{text}' is no model like cycle:6:12:1024:8 (order, sets, layers, width, heads)")
    order = found[1]
    sets, layers, width, heads = (int(part) for part in found.groups()[1:])
    if not width or not heads or width % heads:
        raise SpecError(f"'{text}': {heads} heads do not divide a width of {width}")
    if order == "none" and sets != layers:
        raise SpecError(f"'{text}': without sharing there are as many sets as layers")
    uses = layer_order("cycle" if order == "none" else order, sets, layers)
    net = Network()
    # One table stands for the bands of the adaptive embedding; the common words make most of a text.
    tables = [
        net.parameter(words, max(1, 1024 // ratio), name=f"words.{band}")
        for band, (words, ratio) in enumerate(_ADAPTIVE)
    ]
    tokens = net.input(length)
    bands = [
        net.dense(net.embedding(tokens, *table.shape, weight=table, name=f"lookup.{k}"), width, bias=False,
                  name=f"project.{k}")
        for k, table in enumerate(tables)
    ]  # fmt: skip
    x = net.add(*bands)
    weights = [_Block(net, width, 4 * width, f"sets.{number}") for number in range(sets)]
    for number, which in enumerate(uses):
        with net.scope(f"layers.{number}"):
            x = weights[which](net, x, heads)
    x = net.layer_norm(x, name="norm")
    outputs = []
    for band, table in enumerate(tables):
        y = net.dense(x, table.shape[1], bias=False, name=f"narrow.{band}")
        outputs.append(net.dense(y, table.shape[0], weight=table, bias=False, name=f"output.{band}"))
    net.output(*outputs)
    return net.graph()


class _Block:
    """The parameters of a decoder layer, and the layer that uses them."""

    def __init__(self, net: Network, width: int, hidden: int, name: str) -> None:
        shapes = {"query": (width, width), "key": (width, width), "value": (width, width),
                  "out": (width, width), "fc1": (hidden, width), "fc2": (width, hidden)}  # fmt: skip
        self.weights = {k: net.parameter(*shape, name=f"{name}.{k}.weight") for k, shape in shapes.items()}
        self.biases = {
            k: net.parameter(shape[0], name=f"{name}.{k}.bias", role="bias") for k, shape in shapes.items()
        }
        self.gains = [net.parameter(width, name=f"{name}.norm{k}.weight", role="scale") for k in (1, 2)]
        self.shifts = [net.parameter(width, name=f"{name}.norm{k}.bias", role="shift") for k in (1, 2)]

    def __call__(self, net: Network, x: Feature, heads: int) -> Feature:
        """One layer, norms first."""
        _, length, width = x.shape
        y = self._norm(net, x, 0)
        query, key, value = (
            net.permute(net.reshape(self._dense(net, y, part), 1, length, heads, width // heads), 0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        y = net.attention(query, key, value, causal=True, name="scores")
        y = net.reshape(net.permute(y, 0, 2, 1, 3), 1, length, width)
        x = x + self._dense(net, y, "out")
        y = net.relu(self._dense(net, self._norm(net, x, 1), "fc1"))
        return x + self._dense(net, y, "fc2")

    def _dense(self, net: Network, x: Feature, part: str) -> Feature:
        weight = self.weights[part]
        y = net.dense(x, weight.shape[0], weight=weight, bias=False, name=part)
        return net.add(y, self.biases[part])

    def _norm(self, net: Network, x: Feature, number: int) -> Feature:
        return net.layer_norm(x, weights=(self.gains[number], self.shifts[number]), name=f"norm{number + 1}")
