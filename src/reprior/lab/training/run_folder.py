"""The folder of a run: its recipe, its metrics, its checkpoint and, once it is done, its result."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from .checkpoints import write_whole
from .errors import CheckpointError, RunError
from .plan import Prediction
from .recipe import Recipe, from_tables

__all__ = ["Result", "RunFolder", "read_result"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run found.

    Attributes
    ----------
    recipe : Recipe
    prediction : Prediction
        From before the training.
    accuracy : float
        Top-1 on the evaluation images after the last epoch, in percent.
    epochs : int
    seconds : float
        Of training and evaluation, all sessions added.
    device : str
    versions : dict
        Of the libraries that trained.
    """

    recipe: Recipe
    prediction: Prediction
    accuracy: float
    epochs: int
    seconds: float
    device: str
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Files of one run.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def open(self, recipe: Recipe) -> None:
        """Make the folder, or see that it is this recipe's.

        Raises
        ------
        RunError
            If it belongs to another recipe or holds something else.
        """
        tables = json.loads(json.dumps(recipe.to_tables()))
        if self._recipe.exists():
            before = _read_json(self._recipe)
            if before != tables:
                change = _difference(before, tables)
                raise RunError(f"'{self.path}' is the run of another recipe ({change}): give another folder")
            return
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"'{self.path}' is no folder")
        if self.path.is_dir() and any(self.path.iterdir()):
            raise RunError(f"'{self.path}' holds files but no run; give an empty folder")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"'{self.path}' cannot be made: {error.strerror}") from error
        write_whole(self._recipe, json.dumps(tables, indent=2).encode())

    @property
    def result(self) -> Result | None:
        """The result, if the run is done."""
        return read_result(self.path) if self._result.exists() else None

    def write_metrics(self, history: list[dict[str, Any]]) -> None:
        """Write one line of JSON an epoch."""
        write_whole(self.path / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in history).encode())

    def write_result(self, result: Result) -> None:
        """Declare the run done."""
        write_whole(self._result, json.dumps(asdict(result), indent=2, allow_nan=False).encode())

    @property
    def _recipe(self) -> Path:
        return self.path / "recipe.json"

    @property
    def _result(self) -> Path:
        return self.path / "result.json"


def read_result(folder: Path) -> Result:
    """The result in a run's folder.

    Raises
    ------
    RunError
        If there is none, or it is damaged.
    """
    path = folder / "result.json"
    if not path.exists():
        known = (folder / "recipe.json").exists()
        raise RunError(f"the run in '{folder}' is not finished" if known else f"'{folder}' holds no run")
    data = _read_json(path)
    try:
        recipe = from_tables(data.pop("recipe"), f"'{path}'")
        prediction = Prediction(**data.pop("prediction"))
        return Result(recipe, prediction, **{f.name: data[f.name] for f in fields(Result)[2:]})
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"'{path}' is not a result: {error}") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"'{path}' cannot be read: {error}") from error


def _difference(before: Any, now: Any) -> str:
    """The first setting in which two recipes differ."""
    for section, settings in now.items():
        old = before.get(section) if isinstance(before, dict) else None
        if isinstance(settings, dict) and isinstance(old, dict):
            for key, value in settings.items():
                if old.get(key) != value:
                    return f"{section}.{key} was {old.get(key)!r}, is {value!r}"
        elif old != settings:
            return f"{section} was {old!r}, is {settings!r}"
    return "it has other settings"
