"""From published files to tables: samples made up in each source's own format, and served to `load`."""

import csv
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from reprior.errors import SpecError
from reprior.lab.bench import BENCHMARKS, benchmark, digest_of, load, with_urls
from reprior.rank import read_table
from reprior.registry import load_spec

SAMPLES = Path(__file__).parent / "samples"

RESULTS = {
    2: ("(6 3 1 False) (4 5 2 False) (6 3 3 True)", 60.5),
    10: ("(1 5 1 False) (1 3 1 True) (4 3 2 False)", 55.25),
    1: ("(4 3 3 False) (6 5 1 False) (1 3 2 False)", 58.0),
}


def archive():
    """``result_NUMBER.json`` of networks that have three blocks of their own and four like the third."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as file:
        for number, (blocks, accuracy) in RESULTS.items():
            found = [block.strip("(").split() for block in blocks.split(")")[:3]]
            found = [[cell.strip("( ") for cell in block] for block in found]
            found += [found[2]] * 4
            settings = {}
            for k, (e, kernel, layers, gate) in enumerate(found):
                settings |= {f"block{k}_e": int(e), f"block{k}_k": int(kernel), f"block{k}_l": int(layers)}
                settings[f"block{k}_se"] = gate if number == 1 else gate == "True"
            record = {
                "architecture": settings,
                "metrics": {"val_top1": accuracy, "train_time": 1000.5},
                "platform_perf": {"throughput_a100": {"throughput_mean": 7000.0}},
            }
            text = json.dumps(record).encode()
            entry = tarfile.TarInfo(f"jsons/result_{number}.json")
            entry.size = len(text)
            file.addfile(entry, io.BytesIO(text))
    return data.getvalue()


FILES = {
    "transnas": {"networks": "tnb101_micro_valid_nets.csv"},
    "encoders": {"networks": "BERT_benchmark.json", "scores": "BERT_results_activation.csv"},
    "mobilenets": {"v1": "mobilenet_v1.md", "v2": "mobilenet_v2.md"},
    "mnasnet": {"archive": archive},
}

EXPECTED = {
    "transnas": {"a230123": 51.5, "a001332": 49.25, "a111113": 52.0},
    "encoders": {
        "n2|128|SA-SDP-2-1024-1": 68.0,
        "n0|256|SA-WMA-4-1024-3|DSC-9-2-512-1": 70.5,
        "n1|128|LT-DFT-2-512-1": 65.25,
    },
    "mobilenets": {"v1_1.0_224": 70.0, "v1_0.5_160": 60.5, "v2_1.4_224": 75.5, "v2_0.35_96": 45.0},
    "mnasnet": {
        "_".join(["4.3.3.0", "6.5.1.0", *["1.3.2.0"] * 5]): 58.0,
        "_".join(["6.3.1.0", "4.5.2.0", *["6.3.3.1"] * 5]): 60.5,
        "_".join(["1.5.1.0", "1.3.1.1", *["4.3.2.0"] * 5]): 55.25,
    },
}


def contents(name):
    return {
        key: (SAMPLES / file).read_bytes() if isinstance(file, str) else file()
        for key, file in FILES[name].items()
    }


def served(name, folder):
    """The benchmark with the sample in place of its source."""
    item = benchmark(name)
    urls = {}
    for key, data in contents(name).items():
        (folder / key).write_bytes(data)
        urls[key] = (folder / key).as_uri()
    (folder / "expected.csv").write_text(item.source.make(contents(name)))
    expected = read_table(
        folder / "expected.csv", spec=item.spec, accuracy=item.accuracy, prefix=item.prefix, extra=item.extra
    )
    return replace(with_urls(item, urls), digest=digest_of(expected))


@pytest.mark.parametrize("name", FILES)
def test_a_source_becomes_its_table(name, tmp_path):
    """Specs and accuracies are those of the sample, in its order; and what is downloaded is kept."""
    item = served(name, tmp_path)
    found = load(item, tmp_path / "data")
    prefix = BENCHMARKS[name].prefix
    assert {entry.spec: entry.accuracy for entry in found.entries} == {
        prefix + arch: accuracy for arch, accuracy in EXPECTED[name].items()
    }
    assert [entry.spec for entry in found.entries] == [prefix + arch for arch in EXPECTED[name]]
    assert found.rejected == ()
    for key in FILES[name]:
        (tmp_path / key).unlink()
    assert load(item, tmp_path / "data") == found
    for entry in found.entries:
        assert load_spec(entry.spec).graph.outputs  # every spec names a network


def test_scores_of_others_come_with_the_table(tmp_path):
    cells = load(served("transnas", tmp_path), tmp_path / "data").entries
    assert [cell.extra["synflow"] for cell in cells] == [1.0, 2.0, 3.0]
    assert [cell.extra["params"] for cell in cells] == [1.25, 2.25, 3.25]
    models = load(served("encoders", tmp_path), tmp_path / "data").entries
    assert [model.extra["head_softmax_confidence"] for model in models] == [0.3333, 0.1111, 0.2222]


@pytest.mark.parametrize(("name", "key"), [(name, key) for name in FILES for key in FILES[name]])
def test_refuses_what_has_another_form(name, key, tmp_path):
    item = served(name, tmp_path)
    (tmp_path / key).write_bytes(b'{"message": "Not Found"}')
    with pytest.raises(SpecError, match=r"--data|downloaded|no row"):
        load(item, tmp_path / "data")
    assert not list((tmp_path / "data").glob("*")) if (tmp_path / "data").exists() else True


@pytest.mark.parametrize("name", [name for name, item in BENCHMARKS.items() if item.source is None])
def test_says_why_a_table_is_not_downloaded(name, tmp_path):
    item = benchmark(name)
    with pytest.raises(SpecError) as error:
        load(item, tmp_path)
    message = str(error.value)
    assert item.because and item.because in message and item.origin in message
    assert "--data" in message and item.file in message


def test_a_benchmark_has_the_name_of_its_table_too():
    assert benchmark("sharing_language") is benchmark("sharing")
    assert benchmark("open_lm_grid.csv") is benchmark("open_lm")


def test_tables_are_read_back(tmp_path):
    """What a converter writes is a CSV with the columns that the catalogue reads."""
    for name in FILES:
        item = benchmark(name)
        header = next(csv.reader(io.StringIO(item.source.make(contents(name)))))
        assert {item.spec, item.accuracy, *item.extra} <= set(header)
