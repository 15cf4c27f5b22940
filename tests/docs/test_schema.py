"""What analyses write against the published JSON schema."""

import json
from pathlib import Path

import pytest

from reprior import analyze

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/analysis.schema.json").read_text())


def errors(data):
    return [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(data)]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ("paper:efficientnetv2-b0@32", {}),
        ("paper:efficientnetv2-b0@32", {"preset": "paper", "share": "original_code", "exact": True}),
        ("paper:efficientnetv2-b0@32", {"share": "all_but_bn", "normalization": "coupled"}),
        (
            "nb201:|none~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|none~1|none~2|",
            {"weighting": "fan_in:1.0"},
        ),
        ("macro:20102010", {"weighting": "decay:0.5", "exact": True}),
        ("macro:20102010", {"weighting": "fan_in:0.25"}),
        ("paper:figure3b", {"weighting": "fan_in:1", "exact": True}),
        ("paper:figure2a", {}),
    ],
)
def test_analyses_fit(spec, options):
    assert errors(json.loads(analyze(spec, **options).to_json())) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("p_g", "27.2"),
        ("num_parameters", -1),
        ("total_contexts", "1e9"),
        ("preset", "papr"),
        ("colour", "red"),
    ],
)
def test_the_schema_refuses_what_is_wrong(key, value):
    data = json.loads(analyze("paper:figure3a").to_json())
    assert errors(data | {key: value})


def test_every_property_is_written_and_described():
    data = analyze("paper:efficientnetv2-b0@32").to_dict()
    assert set(SCHEMA["properties"]) == set(data)
    assert set(SCHEMA["$defs"]["parameter"]["properties"]) == set(data["parameters"][0])
