"""What a training run does: every hyperparameter, as a recipe file gives it."""

from __future__ import annotations

import math
from dataclasses import MISSING, asdict, dataclass, fields
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ...naming import suggest
from .errors import RecipeError

__all__ = ["Data", "Model", "Optimizer", "Recipe", "Schedule", "Training", "from_tables"]


@dataclass(frozen=True, slots=True)
class Model:
    """The network.

    Attributes
    ----------
    name : str
        A model of timm, or ``efficientnetv2`` for one of that family given by its blocks.
    share : str
        A sharing policy: ``none``, ``all_but_bn``, ``original_code``, ``by_module:PATTERN``.
    dropout, drop_path : float
        Rates before the classifier, and of stochastic depth in the last block.
    bn_momentum : float
        What batch norm's moving averages keep per step (PyTorch's momentum is one minus this).
    blocks : tuple of str
        Block strings as timm writes them, one a stage; for ``efficientnetv2``.
    stem, features : int
        Channels of its first and last convolution.
    """

    name: str
    share: str = "none"
    dropout: float = 0.2
    drop_path: float = 0.2
    bn_momentum: float = 0.99
    blocks: tuple[str, ...] = ()
    stem: int = 32
    features: int = 1280


@dataclass(frozen=True, slots=True)
class Data:
    """The images.

    Attributes
    ----------
    name : str
        ``cifar10``, ``cifar100``, ``imagenet`` (a folder), ``digits`` or ``generated``.
    classes : int
    train_size, eval_size : int
        Height and width in training (in its last stage) and evaluation.
    crop, flip : bool
        Random resized crops of 5 % to 100 % of the area; horizontal flips.
    augment : {"none", "autoaugment", "randaugment"}
    magnitude : float
        Of RandAugment (ten is its nominal scale); two layers.
    base_size : int
        Image size that progressive stages start from.
    train_images : int or None
        How many images to train on; None for all of the training split.
    """

    name: str
    classes: int
    train_size: int
    eval_size: int
    crop: bool = True
    flip: bool = True
    augment: Literal["none", "autoaugment", "randaugment"] = "none"
    magnitude: float = 10.0
    base_size: int = 128
    train_images: int | None = None


@dataclass(frozen=True, slots=True)
class Optimizer:
    """RMSprop as TensorFlow has it: the running square starts at one, epsilon stands under the root.

    Attributes
    ----------
    name : {"rmsprop", "adamw"}
    decay, momentum, epsilon : float
        Of RMSprop's running square, its momentum, and the epsilon of either.
    weight_decay : float
        L2 penalty on weights; biases and normalisation layers have none.
    """

    name: Literal["rmsprop", "adamw"] = "rmsprop"
    decay: float = 0.9
    momentum: float = 0.9
    epsilon: float = 1e-3
    weight_decay: float = 1e-5


@dataclass(frozen=True, slots=True)
class Schedule:
    """The learning rate.

    Attributes
    ----------
    name : {"exponential", "cosine", "constant"}
    base : float
        Learning rate for a batch of 256; it is scaled with the batch size.
    warmup_epochs : float
        It rises linearly from zero for so long.
    decay_epochs, decay_factor : float
        The exponential schedule multiplies by the factor after every so many epochs, in steps.
    """

    name: Literal["exponential", "cosine", "constant"] = "exponential"
    base: float = 0.016
    warmup_epochs: float = 5.0
    decay_epochs: float = 2.4
    decay_factor: float = 0.97


@dataclass(frozen=True, slots=True)
class Training:
    """The course of a run.

    Attributes
    ----------
    epochs, batch_size : int
        The batch is that of all processes together.
    stages : int
        Progressive stages of growing images and magnitudes; 1 for none.
    label_smoothing : float
    ema_decay : float
        Of the average of the weights that is evaluated; 0 for none.
    precision : {"auto", "full", "bf16", "fp16"}
        Numbers to multiply in. ``auto``: ``bf16`` on GPUs that have it, ``fp16`` on others, else in full.
    channels_last : bool
        Lay images and kernels out with channels last in memory, which most convolutions are faster with.
    compile : bool
        Compile the network with ``torch.compile``.
    accumulate : int
        Parts into which each process divides its batch, to save memory; gradients are added up.
    eval_every : int
        Epochs between evaluations; the last epoch is always evaluated.
    seed : int
    workers : int
        Processes that load images, per training process.
    """

    epochs: int
    batch_size: int
    stages: int = 1
    label_smoothing: float = 0.1
    ema_decay: float = 0.9999
    precision: Literal["auto", "full", "bf16", "fp16"] = "auto"
    channels_last: bool = True
    compile: bool = False
    accumulate: int = 1
    eval_every: int = 10
    seed: int = 0
    workers: int = 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """A training run, whole.

    Attributes
    ----------
    name : str
        How the run is called in tables.
    model : Model
    data : Data
    training : Training
    optimizer : Optimizer
    schedule : Schedule
    """

    name: str
    model: Model
    data: Data
    training: Training
    optimizer: Optimizer = Optimizer()
    schedule: Schedule = Schedule()

    def __post_init__(self) -> None:
        for what, value, low in (
            ("data.classes", self.data.classes, 2),
            ("data.train_size", self.data.train_size, 1),
            ("data.eval_size", self.data.eval_size, 1),
            ("training.epochs", self.training.epochs, 1),
            ("training.batch_size", self.training.batch_size, 1),
            ("training.stages", self.training.stages, 1),
            ("training.eval_every", self.training.eval_every, 1),
            ("training.accumulate", self.training.accumulate, 1),
            ("training.workers", self.training.workers, 0),
            ("schedule.base", self.schedule.base, 0),
            ("schedule.warmup_epochs", self.schedule.warmup_epochs, 0),
        ):
            if not value >= low:
                raise RecipeError(f"recipe '{self.name}': {what} is {value}, it must be at least {low}")
        for what, rate in (
            ("model.dropout", self.model.dropout),
            ("model.drop_path", self.model.drop_path),
            ("model.bn_momentum", self.model.bn_momentum),
            ("training.label_smoothing", self.training.label_smoothing),
            ("training.ema_decay", self.training.ema_decay),
        ):
            if not 0 <= rate < 1:
                raise RecipeError(f"recipe '{self.name}': {what} is {rate}, it must be in [0, 1)")
        if self.training.stages > self.training.epochs:
            raise RecipeError(f"recipe '{self.name}': more stages than epochs")

    def to_tables(self) -> dict[str, Any]:
        """The recipe as nested plain data, every setting spelled out."""
        return asdict(self)


_SECTIONS: dict[str, type] = {
    "model": Model,
    "data": Data,
    "training": Training,
    "optimizer": Optimizer,
    "schedule": Schedule,
}


def from_tables(tables: dict[str, Any], where: str) -> Recipe:
    """The recipe that nested tables give.

    Parameters
    ----------
    tables : dict
        As read from TOML.
    where : str
        What errors name.

    Raises
    ------
    RecipeError
        If a section or setting is unknown, missing or of the wrong type.
    """
    unknown = set(tables) - set(_SECTIONS) - {"name"}
    if unknown:
        word = min(unknown)
        raise RecipeError(f"{where}: unknown section '{word}'; {suggest(word, list(_SECTIONS))}")
    sections = {}
    for name, section in _SECTIONS.items():
        settings = tables.get(name, {})
        if not isinstance(settings, dict):
            raise RecipeError(f"{where}: '{name}' is not a table")
        sections[name] = _section(section, settings, f"{where}: [{name}]")
    return Recipe(str(tables.get("name", where)), **sections)


def _section(section: type, settings: dict[str, Any], where: str) -> Any:
    types = get_type_hints(section)
    unknown = set(settings) - set(types)
    if unknown:
        word = min(unknown)
        raise RecipeError(f"{where}: unknown setting '{word}'; {suggest(word, list(types))}")
    read = {name: _read(value, types[name], f"{where} {name}") for name, value in settings.items()}
    try:
        return section(**read)
    except TypeError:
        missing = [f.name for f in fields(section) if f.name not in read and f.default is MISSING]
        raise RecipeError(f"{where}: {' and '.join(missing)} must be given") from None


def _read(value: Any, kind: Any, where: str) -> Any:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise RecipeError(f"{where} is '{value}'; there are {', '.join(get_args(kind))}")
        return value
    if isinstance(kind, UnionType):
        return None if value is None else _read(value, get_args(kind)[0], where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise RecipeError(f"{where} is {value!r}, it must be a list of strings")
        return tuple(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        raise RecipeError(f"{where} is {value!r}, it must be of type {kind.__name__}")
    return value
