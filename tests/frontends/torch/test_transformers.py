"""Models of Hugging Face transformers at reduced depth, from their configurations alone."""

from __future__ import annotations

import itertools
import json
import os
import runpy
from pathlib import Path
from typing import Any

import pytest
import torch

os.environ["HF_HUB_OFFLINE"] = "1"
transformers = pytest.importorskip("transformers")

import reprior  # noqa: E402 - after the environment is set
from reprior.frontends.torch import describe_module  # noqa: E402
from reprior.frontends.torch.build import build  # noqa: E402
from reprior.frontends.torch.transformers import default_inputs  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

TOKENS = 12
DEPTHS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers", "encoder_layers",
          "decoder_layers", "num_self_attends_per_block")  # fmt: skip
SMALLER = {
    "RwkvForCausalLM": {"hidden_size": 64, "attention_hidden_size": 64, "vocab_size": 100},
    "MixtralForCausalLM": {"hidden_size": 64, "intermediate_size": 32, "vocab_size": 100},
    "WhisperForConditionalGeneration": {"max_source_positions": 20},
    "SegformerForSemanticSegmentation": {"depths": [1, 1, 1, 1]},
}


def models() -> list[str]:
    """The list that the coverage run takes as well."""
    path = Path(__file__).parents[3] / "benchmarks" / "coverage_hf.py"
    return list(runpy.run_path(str(path))["MODELS"])


def shallow(name: str, **options: Any) -> Any:
    """A model of two layers."""
    cls = getattr(transformers, name)
    config = cls.config_class(**SMALLER.get(name, {}), **options)
    parts = [getattr(config, part, None) for part in ("text_config", "vision_config")]
    for part in [config, *filter(None, parts)]:
        for depth in () if hasattr(part, "depths") else DEPTHS:
            if isinstance(getattr(part, depth, None), int):
                setattr(part, depth, 2)
    config.use_cache = False
    return build(lambda: cls(config))


def analysed(module: Any, **options: Any) -> reprior.Analysis:
    inputs = {
        key: one[:, :TOKENS] if key.endswith("input_ids") else one
        for key, one in default_inputs(module).items()
    }
    return reprior.analyze(describe_module(module, inputs), **options)


@pytest.mark.parametrize("name", models())
def test_every_parameter_is_accounted_for(name: str) -> None:
    module = shallow(name)
    found = analysed(module)
    total = sum(parameter.numel() for parameter in module.parameters())
    assert found.num_parameters + found.dead_parameters == total
    assert found.num_parameters > 0.3 * total
    assert found.entropy + found.expected_spread == pytest.approx(found.log2_total_contexts, rel=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "BertModel",
        "GPT2LMHeadModel",
        "LlamaForCausalLM",
        "T5ForConditionalGeneration",
        "ViTForImageClassification",
    ],
)
def test_eager_attention_and_sdpa_agree(name: str) -> None:
    eager, fused = shallow(name), shallow(name)
    eager.config._attn_implementation = "eager"
    for part in eager.modules():
        if hasattr(part, "config"):
            part.config._attn_implementation = "eager"
    one, other = analysed(eager), analysed(fused)
    assert (one.p_g, one.p_g_prime) == pytest.approx((other.p_g, other.p_g_prime), rel=1e-9)


def test_albert_shares_one_layer() -> None:
    """Twelve layers of ALBERT have the parameters of one, each used twelve times."""
    config = transformers.AlbertConfig(
        hidden_size=64, intermediate_size=64, num_attention_heads=4, vocab_size=50
    )
    found = {}
    for depth in (1, 3):
        config.num_hidden_layers = depth
        module = build(lambda: transformers.AlbertModel(config))
        found[depth] = reprior.analyze(describe_module(module, {"input_ids": (1, 6)}))
    assert found[1].num_parameters == found[3].num_parameters
    layer = "encoder.albert_layer_groups.0.albert_layers.0.attention.query.weight"
    sites = {d: next(r.use_sites for r in one.parameters if r.name == layer) for d, one in found.items()}
    assert sites == {1: 1, 3: 3}


def test_tied_embeddings_are_one_parameter() -> None:
    module = shallow("GPT2LMHeadModel")
    found = analysed(module)
    row = next(row for row in found.parameters if row.name == "transformer.wte.weight")
    assert row.use_sites == 2
    assert "lm_head.weight" in row.shared_with


def test_every_expert_counts() -> None:
    found = analysed(shallow("MixtralForCausalLM"), exact=True)
    experts = found.counts("model.layers.0.mlp.experts.gate_up_proj")
    assert experts.shape[0] == 8
    assert len({tuple(one.ravel()) for one in experts}) == 1 and experts.min() > 0


def test_experts_kept_as_modules_count_alike() -> None:
    """Switch's router gives one-hot vectors; every expert is reachable by every token."""
    config = transformers.SwitchTransformersConfig(
        vocab_size=20, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_decoder_layers=1, num_heads=2,
        num_experts=3, num_sparse_encoder_layers=1, num_sparse_decoder_layers=1, decoder_start_token_id=0,
        use_cache=False,
    )  # fmt: skip
    module = build(lambda: transformers.SwitchTransformersModel(config))
    found = reprior.analyze(module, {"input_ids": (1, 4), "decoder_input_ids": (1, 3)}, exact=True)
    experts = [found.counts(row.name) for row in found.parameters if row.name.endswith("wi.weight")]
    assert len(experts) == 6 and all(one.min() > 0 for one in experts)
    assert all((one == experts[0]).all() for one in experts[:3])


def test_a_causal_model_sees_no_later_token() -> None:
    """The last position's embedding reaches one logit row, the first position's all of them."""
    module = shallow("GPT2LMHeadModel")
    places = analysed(module, exact=True).counts("transformer.wpe.weight")[:TOKENS, 0]
    assert all(earlier > later > 0 for earlier, later in itertools.pairwise(places))


def test_config_files(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        num_hidden_layers=1, hidden_size=24, num_attention_heads=2, intermediate_size=8
    )
    config.architectures = ["BertForMaskedLM"]
    config.save_pretrained(tmp_path)
    by_folder = reprior.analyze(f"hf:{tmp_path}")
    by_file = reprior.analyze(f"hf:{tmp_path / 'config.json'}")
    assert by_folder.num_parameters == by_file.num_parameters
    assert any(row.name.startswith("cls.predictions") for row in by_folder.parameters)
    fields = json.loads((tmp_path / "config.json").read_text())
    for broken, message in (
        ("{", "not JSON"),
        (json.dumps(fields | {"model_type": "berd"}), "model_type 'berd'"),
        (json.dumps(fields | {"architectures": ["BerdModel"]}), "no model class 'BerdModel'"),
        ("[]", "model_type None"),
    ):
        (tmp_path / "config.json").write_text(broken)
        with pytest.raises(reprior.SpecError, match=message):
            reprior.analyze(f"hf:{tmp_path}")
    with pytest.raises(reprior.SpecError, match="cannot read"):
        reprior.analyze(f"hf:{tmp_path / 'absent.json'}")


def test_remote_code_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("raise SystemExit('executed')")
    fields = {"model_type": "bert", "num_hidden_layers": 1, "hidden_size": 24, "num_attention_heads": 2,
              "intermediate_size": 8, "auto_map": {"AutoModel": "evil.Evil"}}  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(fields))
    assert reprior.analyze(f"hf:{tmp_path}").num_parameters > 0


def test_names() -> None:
    assert (
        reprior.analyze("hf:distilbert").num_parameters
        == reprior.analyze("hf:DistilBertConfig").num_parameters
    )
    with pytest.raises(reprior.SpecError, match="did you mean"):
        reprior.analyze("hf:BertConfigg")


def test_rope_tables_are_constants() -> None:
    graph = describe_module(shallow("LlamaForCausalLM"), {"input_ids": (1, TOKENS)}).graph
    assert not any(getattr(node.op, "name", "") == "unknown" for node in graph.nodes)
    assert torch.get_default_device() == torch.device("cpu")
