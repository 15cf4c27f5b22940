"""Recurrences, from the layer to single gates."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from .group import Group

__all__ = ["RECURRENT"]

Tensor = torch.Tensor
_SHAPE = {"lstm": 16, "gru": 12, "rnn": 4}


def _layer(kind: str, x: Tensor, *weights: Tensor) -> Tensor:
    state = torch.zeros(1, 1, 4)
    name = "rnn_tanh" if kind == "rnn" else kind
    states: Any = (state, state) if kind == "lstm" else state
    result: Tensor = getattr(torch, name)(x, states, list(weights), True, 1, 0.0, False, False, True)[0]
    return result


def _cells(kind: str, x: Tensor, *weights: Tensor) -> Tensor:
    h = torch.zeros(1, 4)
    c = torch.zeros(1, 4)
    steps = []
    for t in range(x.shape[1]):
        if kind == "lstm":
            h, c = torch.lstm_cell(x[:, t], (h, c), *weights)
        else:
            h = (torch.gru_cell if kind == "gru" else torch.rnn_tanh_cell)(x[:, t], h, *weights)
        steps.append(h)
    return torch.stack(steps, 1)


def _lstm(x: Tensor, wi: Tensor, wh: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    h, c = torch.zeros(1, 4), torch.zeros(1, 4)
    steps = []
    for t in range(x.shape[1]):
        a, b = F.linear(x[:, t], wi, bi).chunk(4, 1), F.linear(h, wh, bh).chunk(4, 1)
        i, f, g, o = (one + other for one, other in zip(a, b, strict=True))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        steps.append(h)
    return torch.stack(steps, 1)


def _lstm_chunked(x: Tensor, wi: Tensor, wh: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    h, c = torch.zeros(1, 4), torch.zeros(1, 4)
    steps = []
    for t in range(x.shape[1]):
        i, f, g, o = (F.linear(x[:, t], wi, bi) + F.linear(h, wh, bh)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        steps.append(h)
    return torch.stack(steps, 1)


def _gru(x: Tensor, wi: Tensor, wh: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    h = torch.zeros(1, 4)
    steps = []
    for t in range(x.shape[1]):
        a, b = F.linear(x[:, t], wi, bi).chunk(3, 1), F.linear(h, wh, bh).chunk(3, 1)
        r, z = torch.sigmoid(a[0] + b[0]), torch.sigmoid(a[1] + b[1])
        n = torch.tanh(a[2] + r * b[2])
        h = (1 - z) * n + z * h
        steps.append(h)
    return torch.stack(steps, 1)


def _rnn(x: Tensor, wi: Tensor, wh: Tensor, bi: Tensor, bh: Tensor) -> Tensor:
    h = torch.zeros(1, 4)
    steps = []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ wi.T + bi + h @ wh.T + bh)
        steps.append(h)
    return torch.stack(steps, 1)


_HAND = {"lstm": _lstm, "gru": _gru, "rnn": _rnn}


_MORE = {"lstm": {"chunked": _lstm_chunked}}
_FIRST = "in the first step the bias is added to a known zero, in a node of its own"
_DIFFERENT = {
    "lstm": {
        "by hand": ("decay", _FIRST),
        "chunked": ("decay fan_in", "gates are parts of one sum, which is a node of its own"),
    },
    "gru": {"by hand": ("decay", _FIRST)},
}


def _group(kind: str) -> Group:
    rows = _SHAPE[kind]
    return Group(
        {
            "layer": lambda x, *weights: _layer(kind, x, *weights),
            "cells": lambda x, *weights: _cells(kind, x, *weights),
            "by hand": _HAND[kind],
            **_MORE.get(kind, {}),
        },
        [(rows, 6), (rows, 4), (rows,), (rows,)],
        differs=_DIFFERENT.get(kind, {}),
    )


RECURRENT: dict[str, Group] = {
    "lstm": _group("lstm"),
    "gru": _group("gru"),
    "rnn": _group("rnn"),
    "running sum": Group(
        {
            "cumsum": lambda x, w: (x * w).cumsum(1),
            "triangle": lambda x, w: torch.ones(5, 5).tril() @ (x * w),
            "einsum": lambda x, w: torch.einsum("ts,bsc->btc", torch.ones(5, 5).tril(), x * w),
        },
        [(6,)],
        differs=dict.fromkeys(
            ["triangle", "einsum"],
            (
                "decay fan_in",
                "a product with a constant is a node; a running sum has the fan-in of what came before",
            ),
        ),
    ),
}
