"""An analysis and a comparison, written and read back."""

import json

import pytest

import reprior


@pytest.mark.parametrize(
    ("spec", "options"),
    [
        ("macro:01201201", {}),
        ("macro:01201201", {"exact": True, "share": "all_but_bn"}),
        ("macro:01201201", {"exact": True, "weighting": "fan_in:1"}),
        ("paper:figure3a", {"exact": True}),
    ],
)
def test_an_analysis_is_read_back_as_it_was(tmp_path, spec, options):
    before = reprior.analyze(spec, **options)
    path = tmp_path / "analysis.json"
    path.write_text(before.to_json(), encoding="utf-8")
    after = reprior.load(path)
    assert after.to_json() == before.to_json() == reprior.load(before.to_json()).to_json()
    assert after.total_contexts == before.total_contexts
    assert after.parameters == before.parameters


def test_notes_keep_what_they_doubt():
    data = json.loads(reprior.analyze("macro:01201201").to_json())
    data["notes"] = ["assumed: that", "the forward was computed for real: yes"]
    assert [note.is_certain for note in reprior.load(json.dumps(data)).notes] == [False, True]


def test_what_is_loaded_can_be_compared_and_shown():
    loaded = reprior.load(reprior.analyze("macro:01201201").to_json())
    both = reprior.compare({"old": loaded, "new": "macro:21201201"})
    assert {item.model for item in both.analyses} == {"old", "new"}
    again = reprior.load(both.to_json())
    assert again.rows() == both.rows()


def test_names_are_given_by_pairs_too():
    found = reprior.compare([("a", "macro:01201201"), "paper:figure3a"], sort="given")
    assert [item.model for item in found.analyses] == ["a", "paper:figure3a"]


def test_what_is_not_kept_is_refused():
    loaded = reprior.load(reprior.analyze("macro:01201201").to_json())
    for ask in (lambda: loaded.distribution, lambda: loaded.counts("x"), lambda: loaded.function_nodes):
        with pytest.raises(
            reprior.RepriorError, match="'macro:01201201': an analysis that was loaded has no"
        ):
            ask()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON of an analysis"),
        ("{}", "no JSON of an analysis: KeyError: 'schema_version'"),
        ('{"schema_version": 1}', "no JSON of an analysis"),
        ('{"schema_version": 99}', "schema version 99, and version 1 is read"),
        ("no such file.json", "cannot read 'no such file.json'"),
    ],
)
def test_anything_else_is_refused(text, message):
    with pytest.raises(reprior.SpecError, match=message):
        reprior.load(text)
