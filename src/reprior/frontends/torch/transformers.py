"""Models of Hugging Face transformers, from configurations alone: nothing is downloaded, no code runs."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ...errors import SpecError
from ...naming import suggest

__all__ = ["default_inputs", "load_transformers"]

Built = Callable[[str, Callable[[], torch.nn.Module]], torch.nn.Module]

_TOKENS = 512
_SAMPLES = 16_000


def load_transformers(rest: str, spec: str, built: Built) -> torch.nn.Module:
    """The model of a configuration.

    Parameters
    ----------
    rest : str
        A ``config.json`` or a directory that holds one (its first ``architectures`` entry names the
        class); a model class such as ``GPT2LMHeadModel``; a configuration class such as ``BertConfig``
        or a model type such as ``bert``, for the model without a head.
    spec : str
        For messages.
    built : callable
        Builds a module, or says why it cannot be built.
    """
    import transformers

    config, name = _configuration(rest, spec)
    config.use_cache = False
    if name is None:
        return built(spec, lambda: transformers.AutoModel.from_config(config))
    cls = getattr(transformers, name, None)
    if cls is None:
        raise SpecError(f"'{spec}': transformers has no model class '{name}'", model=spec)
    return built(spec, lambda: cls(config))


def _configuration(rest: str, spec: str) -> tuple[Any, str | None]:
    """A configuration, and the model class it names."""
    import transformers
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    path = Path(rest)
    if path.is_dir():
        path = path / "config.json"
    if path.suffix == ".json" or path.is_file():
        return _from_file(path, spec)
    if rest in CONFIG_MAPPING:
        return CONFIG_MAPPING[rest](), None
    cls: Any = getattr(transformers, rest, None)
    if isinstance(cls, type) and issubclass(cls, transformers.PretrainedConfig):
        return cls(), None
    config_class = getattr(cls, "config_class", None)
    if config_class is not None:
        return config_class(), rest
    names = [*CONFIG_MAPPING_NAMES, *CONFIG_MAPPING_NAMES.values()]
    raise SpecError(f"unknown model '{spec}': {suggest(rest, names)}", model=spec)


def _from_file(path: Path, spec: str) -> tuple[Any, str | None]:
    from transformers import CONFIG_MAPPING

    try:
        fields = json.loads(path.read_text())
    except OSError as error:
        raise SpecError(f"'{spec}': cannot read {path}: {error.strerror}", model=spec) from None
    except ValueError as error:
        raise SpecError(f"'{spec}': {path} is not JSON: {error}", model=spec) from None
    kind = fields.get("model_type") if isinstance(fields, dict) else None
    if kind not in CONFIG_MAPPING:
        raise SpecError(
            f"'{spec}': {path} has the model_type {kind!r}, which transformers does not know", model=spec
        )
    fields.pop("auto_map", None)  # remote code is never run
    names = fields.get("architectures") or [None]
    return CONFIG_MAPPING[kind].from_dict(fields), names[0]


def default_inputs(module: Any) -> dict[str, torch.Tensor]:
    """One example of what a model of transformers takes: one sequence, one image, one second of sound."""
    config = module.config
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    vision = getattr(config, "vision_config", None) or config
    accepted = inspect.signature(module.forward).parameters
    result: dict[str, torch.Tensor] = {}
    if "input_features" in accepted:
        frames = 2 * getattr(config, "max_source_positions", 1500)
        bins = getattr(config, "num_mel_bins", 80)
        result["input_features"] = _floats(module, (1, bins, frames))
    if "input_values" in accepted:
        result["input_values"] = _floats(module, (1, _SAMPLES))
    if "pixel_values" in accepted:
        size = getattr(vision, "image_size", None) or 224
        height, width = (size, size) if isinstance(size, int) else size
        result["pixel_values"] = _floats(module, (1, getattr(vision, "num_channels", 3), height, width))
    if "input_ids" in accepted:
        result["input_ids"] = _tokens(text)
    if "inputs" in accepted and not result:
        result["inputs"] = _floats(module, (1, 256, getattr(config, "d_model", 768)))
    if "decoder_input_ids" in accepted and getattr(config, "is_encoder_decoder", False):
        result["decoder_input_ids"] = _tokens(text)
    return result


def _tokens(config: Any) -> torch.Tensor:
    """A sequence of the model's own length, or 512 if that is longer."""
    names = (
        "max_position_embeddings",
        "max_target_positions",
        "n_positions",
        "context_length",
        "max_seq_len",
    )
    lengths = [getattr(config, name, None) for name in names]
    longest = next((length for length in lengths if isinstance(length, int) and length > 0), _TOKENS)
    return torch.empty(1, min(longest, _TOKENS), dtype=torch.int64, device="meta")


def _floats(module: torch.nn.Module, shape: tuple[int, ...]) -> torch.Tensor:
    dtype = next((p.dtype for p in module.parameters() if p.is_floating_point()), torch.float32)
    return torch.empty(shape, dtype=dtype, device="meta")
