"""Models that need no framework: those of the paper, search spaces, and families."""

from .efficientnetv2 import efficientnetv2
from .families import cnn, mlp
from .nasbench201 import nasbench201
from .nasbench_macro import nasbench_macro
from .paper import PAPER_FIGURES, PAPER_MODELS
from .resnet import resnet50

__all__ = [
    "PAPER_FIGURES",
    "PAPER_MODELS",
    "cnn",
    "efficientnetv2",
    "mlp",
    "nasbench201",
    "nasbench_macro",
    "resnet50",
]
