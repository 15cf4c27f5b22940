"""The moving average of the weights that is evaluated."""

from __future__ import annotations

from timm.utils import ModelEmaV3

__all__ = ["MovingAverage"]


class MovingAverage(ModelEmaV3):
    """Timm's average of weights and batch norm's statistics, with TensorFlow's decay.

    A tensor that is shared is in the state dict once, so it is averaged once a step.
    """

    def get_decay(self, step: int | None = None) -> float:
        """What the average keeps in a step: little at first, at most the decay that was asked for.

        Parameters
        ----------
        step : int
            Training steps done.
        """
        done = step or 0
        return min(float(self.decay), (1 + done) / (10 + done))
