"""Models that sample from ``torch.distributions``, of which arguments are checked (the default)."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

import reprior


class _Vae(torch.nn.Module):
    """Two latents of three inputs; the divergence is an output if asked for."""

    def __init__(self, with_divergence: bool) -> None:
        super().__init__()
        self.mu, self.sigma = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
        self.decoder = torch.nn.Linear(2, 3)
        self.with_divergence = with_divergence

    def forward(self, x):
        posterior = Normal(self.mu(x), self.sigma(x).exp())
        result = self.decoder(posterior.rsample())
        if not self.with_divergence:
            return result
        return result, kl_divergence(posterior, Normal(torch.zeros(2), torch.ones(2)))


# A latent reaches three outputs, by its mean and by its deviation. Its divergence is one output more, a
# pointwise function of both: one node with one edge from each (convention 1).
@pytest.mark.parametrize(("with_divergence", "mean", "deviation"), [(False, 3, 3), (True, 4, 4)])
def test_samples_of_a_normal_route_mean_and_deviation(with_divergence, mean, deviation) -> None:
    analysis = reprior.analyze(_Vae(with_divergence), torch.randn(1, 3), exact=True)
    assert set(analysis.counts("mu.weight").tolist()[0]) == {mean}
    assert set(analysis.counts("sigma.weight").tolist()[0]) == {deviation}
    assert [str(note) for note in analysis.notes if "checks" in note] == ["assumed: checks of arguments pass"]


def test_arguments_that_are_known_are_checked() -> None:
    class Wrong(torch.nn.Module):
        def forward(self, x):
            return Normal(torch.zeros(2), -torch.ones(2)).rsample() + x

    with pytest.raises(ValueError, match="constraint"):
        reprior.analyze(torch.nn.Sequential(torch.nn.Linear(2, 2), Wrong()), torch.randn(1, 2))


def test_a_model_of_dead_tensors_names_them() -> None:
    class Dead(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = torch.nn.Parameter(torch.ones(2)), torch.nn.Linear(2, 1)

        def forward(self, x):
            return x * 2

    with pytest.raises(
        reprior.RepriorError, match=r"any of the 3 learnable tensors: one, two\.weight, two\.bias"
    ):
        reprior.analyze(Dead(), torch.randn(2))
