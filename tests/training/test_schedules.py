"""The learning rate and the progressive stages, against EfficientNetV2's definitions."""

from __future__ import annotations

import pytest

from reprior.lab.training import load_recipe
from reprior.lab.training.schedules import learning_rate, stages


def test_the_exponential_schedule_step_by_step() -> None:
    """An independent walk: 125 steps an epoch, the rate multiplied after every 300 steps (2.4 epochs)."""
    recipe = load_recipe("imagenet")
    per_epoch, rate = 125, 0.025 * 400 / 256
    for step in range(40 * per_epoch):
        if step and step % 300 == 0:
            rate *= 0.97
        expected = 0.025 * 400 / 256 * step / (5 * per_epoch) if step < 5 * per_epoch else rate
        found = learning_rate(recipe.schedule, 400, step / per_epoch, 352)
        assert found == pytest.approx(expected, rel=1e-12)


def test_other_schedules() -> None:
    cosine = load_recipe("digits", ["schedule.name=cosine", "schedule.warmup_epochs=0"]).schedule
    assert learning_rate(cosine, 256, 0, 8) == cosine.base
    assert learning_rate(cosine, 256, 4, 8) == pytest.approx(cosine.base / 2)
    constant = load_recipe("digits", ["schedule.name=constant"]).schedule
    assert learning_rate(constant, 512, 7, 8) == 2 * constant.base


def test_stages_of_imagenet() -> None:
    found = stages(load_recipe("imagenet-s"))
    assert [(s.first, s.last) for s in found] == [(0, 88), (88, 176), (176, 264), (264, 352)]
    assert [s.size for s in found] == [171, 214, 257, 300]
    assert [s.magnitude for s in found] == [5, 4, 3, 2]


def test_without_stages_images_have_one_size() -> None:
    (only,) = stages(load_recipe("cifar10-b0"))
    assert (only.first, only.last, only.size) == (0, 300, 192)
