"""Models of Hugging Face transformers at their default, real size: docs/benchmarks/coverage_hf.csv.

Built from their configurations alone, offline. Run with ``python benchmarks/coverage_hf.py --jobs 2``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).parent))
from coverage import main

MODELS = [
    "BertModel",
    "RobertaModel",
    "AlbertModel",
    "DistilBertModel",
    "DebertaV2Model",
    "ElectraModel",
    "GPT2LMHeadModel",
    "GPTNeoXForCausalLM",
    "OPTForCausalLM",
    "BloomForCausalLM",
    "LlamaForCausalLM",
    "MistralForCausalLM",
    "MixtralForCausalLM",
    "Qwen2ForCausalLM",
    "Qwen3ForCausalLM",
    "GemmaForCausalLM",
    "PhiForCausalLM",
    "FalconForCausalLM",
    "MambaForCausalLM",
    "RwkvForCausalLM",
    "T5ForConditionalGeneration",
    "BartForConditionalGeneration",
    "PegasusForConditionalGeneration",
    "ViTForImageClassification",
    "DeiTForImageClassification",
    "BeitForImageClassification",
    "SwinForImageClassification",
    "ConvNextForImageClassification",
    "DetrForObjectDetection",
    "SegformerForSemanticSegmentation",
    "CLIPModel",
    "SiglipModel",
    "BlipForConditionalGeneration",
    "WhisperForConditionalGeneration",
    "Wav2Vec2ForCTC",
    "PerceiverModel",
    "XLMRobertaModel",
    "GPTNeoForCausalLM",
    "LongformerModel",
    "LEDForConditionalGeneration",
    "Mamba2ForCausalLM",
    "FNetModel",
    "Swinv2ForImageClassification",
    "ReformerModel",
    "BigBirdModel",
    "NystromformerModel",
]


def specs() -> list[str]:
    """All of them, by their classes."""
    return [f"hf:{name}" for name in MODELS]


if __name__ == "__main__":
    sys.exit(main(specs.__doc__ or "", specs, "docs/benchmarks/coverage_hf.csv"))
