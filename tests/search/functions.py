"""Spaces made by functions: what a user may write, and what may go wrong in it."""

import os
import signal
import sys
import time

from reprior import Network


def build(trial):
    """A perceptron of one hidden layer."""
    width = trial.suggest_int("width", 4, 64, step=4)
    kind = trial.suggest_categorical("kind", ["relu", "tanh"])
    net = Network()
    x = net.activation(net.dense(net.input(8), width), kind)
    net.output(net.dense(x, 4))
    trial.set_user_attr("asked", width)
    sys.stdout.write("written by the user's function\n")
    return net


def conditional(trial):
    """A choice that only some trials have."""
    net = Network()
    x = net.input(8)
    for k in range(trial.suggest_int("layers", 1, 3)):
        x = net.relu(net.dense(x, trial.suggest_int(f"width{k}", 4, 32)))
    if trial.suggest_categorical("wide", [True, False]):
        x = net.dense(x, trial.suggest_int("extra", 1, 100, log=True))
    trial.suggest_float("unused", 0.1, 10.0, log=True)
    net.output(x)
    return net


def sometimes(trial):
    """Fails for half of what it is asked."""
    if trial.suggest_int("width", 1, 10) > 5:
        raise RuntimeError("too wide\nto be built")
    return mlp(8)


def hangs(trial):
    if trial.suggest_categorical("hang", [True, False]):
        time.sleep(3600)
    return mlp(8)


def dies(trial):
    if trial.suggest_categorical("die", [True, False]):
        os.kill(os.getpid(), signal.SIGKILL)
    return mlp(8)


def leaves(trial):
    if trial.suggest_categorical("leave", [True, False]):
        sys.exit(3)
    return mlp(8)


def weightless(trial):
    """Has no layer, so no utility."""
    trial.suggest_int("nothing", 0, 1)
    net = Network()
    net.output(net.scale(net.input(4), 4))
    return net


def nothing(trial):
    return None


def module(trial):
    """A torch module."""
    import torch

    width = trial.suggest_int("width", 4, 16, step=4)
    return torch.nn.Sequential(torch.nn.Linear(8, width), torch.nn.ReLU(), torch.nn.Linear(width, 2))


def mlp(width):
    net = Network()
    net.output(net.dense(net.relu(net.dense(net.input(8), width)), 4))
    return net


def approximated(trial):
    """A sum that meets its own statistics in part, which is counted nearly."""
    from torch import einsum, nn, ones

    class Scaled(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.first = nn.Linear(8, size)
            self.weight = nn.Parameter(ones(size, size))

        def forward(self, x):
            return self.first(x) + einsum("ji,j->i", self.weight, 1 / self.weight.norm(dim=0))

    return Scaled(trial.suggest_int("size", 3, 6))
