"""Benchmarks: their tables, the download of them, and what they say."""

import csv
import functools
import http.server
import io
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reprior.errors import SpecError
from reprior.lab.bench import ANCHORS, BENCHMARKS, benchmark, digest_of, leaderboard, load, run, with_urls
from reprior.lab.bench.populations.cells import nasbench201
from reprior.lab.bench.populations.networks import macro
from reprior.models.nasbench201 import cells
from reprior.rank import ScoredEntry, Table, rank_entries, read_table
from reprior.rank.statistics import kendall
from tests.cli.runner import runner

__all__ = ["runner"]

DATA = os.environ.get("REPRIOR_DATA")
needs_data = pytest.mark.skipif(
    not DATA or not Path(DATA).is_dir(), reason="REPRIOR_DATA names no directory with benchmark tables"
)
RESULTS = Path(__file__).parents[2] / "docs" / "benchmarks" / "results"

NETWORKS = {
    arch: {"mean_acc": 60.0 + i, "std": 0.1, "params": 10 + i, "flops": 100 + i, "test_acc": [60.0 + i]}
    for i, arch in enumerate(["00000000", "11111111", "22222222", "01010101"])
}


@pytest.fixture
def server(tmp_path):
    """A web server of the local machine, and the directory that it shows."""
    root = tmp_path / "www"
    root.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield root, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def small_macro(address, tmp_path):
    """The benchmark cut to four networks, served from `address`."""
    path = tmp_path / "expected.csv"
    path.write_text(macro({"networks": json.dumps(NETWORKS).encode()}))
    expected = read_table(path, spec="arch", accuracy="mean_acc", prefix="macro:")
    return replace(
        with_urls(benchmark("macro"), {"networks": f"{address}/networks.json"}), digest=digest_of(expected)
    )


def test_downloads_once_and_checks(server, tmp_path):
    root, address = server
    (root / "networks.json").write_text(json.dumps(NETWORKS))
    item = small_macro(address, tmp_path)
    table = load(item, tmp_path / "data")
    assert table.entries[0].spec == "macro:a00000000"
    assert {entry.accuracy for entry in table.entries} == {60.0, 61.0, 62.0, 63.0}
    (root / "networks.json").unlink()
    assert load(item, tmp_path / "data") == table


def test_refuses_a_download_with_another_content(server, tmp_path):
    root, address = server
    changed = {**NETWORKS, "11111111": {**NETWORKS["11111111"], "mean_acc": 99.0}}
    (root / "networks.json").write_text(json.dumps(changed))
    with pytest.raises(SpecError, match="checksum"):
        load(small_macro(address, tmp_path), tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_says_what_cannot_be_downloaded(server, tmp_path):
    _, address = server
    with pytest.raises(SpecError, match=r"cannot download .*networks\.json"):
        load(small_macro(address, tmp_path), tmp_path / "data")
    with pytest.raises(SpecError, match="not downloaded"):
        load(replace(benchmark("macro"), source=None), tmp_path / "data")


def test_refuses_a_table_that_was_changed(tmp_path):
    (tmp_path / benchmark("macro").file).write_text("arch,mean_acc\na00000000,50\n")
    with pytest.raises(SpecError, match="checksum"):
        load(benchmark("macro"), tmp_path)


def test_cells_are_read_as_their_authors_write_them():
    """Three cells with the strings that stand beside their numbers in the published file."""
    operations = {
        "(4, 0, 3, 1, 4, 3)": "avg_pool_3x3 skip_connect none nor_conv_1x1 avg_pool_3x3 nor_conv_1x1",
        "(2, 4, 0, 0, 3, 2)": "nor_conv_3x3 avg_pool_3x3 skip_connect skip_connect nor_conv_1x1 nor_conv_3x3",
        "(0, 0, 2, 1, 2, 3)": "skip_connect skip_connect none nor_conv_3x3 nor_conv_3x3 nor_conv_1x1",
    }
    published = {
        net: "|{}~0|+|{}~0|{}~1|+|{}~0|{}~1|{}~2|".format(*names.split()) for net, names in operations.items()
    }
    nets = list(published)
    files = {
        "accuracies": "net,val_accs\n" + "".join(f'"{net}",{80 + i}\n' for i, net in enumerate(nets)),
        "proxies": "net,net_str,snip\n" + "".join(f'"{net}",x,{i}\n' for i, net in enumerate(nets)),
        "unique": f'net,net_str\n"{nets[0]}",x\n"{nets[2]}",x\n',
    }
    text = nasbench201({name: value.encode() for name, value in files.items()})
    rows = {row["arch"]: row for row in csv.DictReader(io.StringIO(text))}
    assert set(rows) == set(published.values()) <= set(cells())
    second = rows[published[nets[1]]]
    assert (second["cifar10_val_acc"], second["reachable"], second["snip"]) == ("81", "0", "")
    assert (rows[published[nets[2]]]["reachable"], rows[published[nets[2]]]["snip"]) == ("1", "2")


@needs_data
@pytest.mark.data
def test_the_tables_are_those_this_version_knows():
    sizes = {name: len(load(item).entries) for name, item in BENCHMARKS.items()}
    assert sizes == {
        "nasbench201": 15625, "macro": 6561, "timm": 586, "transnas": 2128, "mnasnet": 5125, "mobilenets": 38,
        "channels": 4000, "autoformer": 1001, "vitbench": 200, "encoders": 500, "open_lm": 130, "sharing": 5,
    }  # fmt: skip
    unique = [entry for entry in load(benchmark("nasbench201")).entries if entry.extra["reachable"] == 1]
    assert len(unique) == 9445


@needs_data
@pytest.mark.data
def test_a_sample_says_what_the_committed_table_says(tmp_path):
    """Every tenth network: the utility's tau lies where the committed interval of all networks lets it."""
    table = load(benchmark("macro"))
    sample = Table(table.entries[::10], ())
    result = run(benchmark("macro"), sample, processes=1, resamples=0)
    found = {item.quantity: item for item in result.rankings["all"].correlations}
    with open(RESULTS / "macro.csv", newline="") as file:
        committed = {row["quantity"]: row for row in csv.DictReader(file)}
    assert len(committed) == len(found)
    for name, item in found.items():
        assert item.tau == pytest.approx(float(committed[name]["tau"]), abs=0.06)


@needs_data
@pytest.mark.data
def test_proxies_reproduce_their_published_correlation():
    """jacov on the unique cells: rho .82, tau .63, measured elsewhere from the same table."""
    table = load(benchmark("nasbench201"))

    unique = [entry for entry in table.entries if entry.extra["reachable"] == 1]
    jacov = np.array([entry.extra["jacov"] for entry in unique])
    assert kendall(jacov, np.array([entry.accuracy for entry in unique])) == pytest.approx(0.632, abs=5e-4)


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if (RESULTS / f"{name}.csv").exists()])
def test_committed_tables_are_whole(name):
    with open(RESULTS / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["population"] for row in rows} == set(BENCHMARKS[name].populations)
    for population in BENCHMARKS[name].populations:
        having = {row["quantity"] for row in rows if row["population"] == population}
        assert {"utility", "num_parameters", "macs", "activations", "depth"} <= having
        for row in rows:
            if row["tau"]:
                assert float(row["tau_low"]) <= float(row["tau"]) <= float(row["tau_high"])


def ranking_of(utility, size, accuracy):
    rows = zip(utility, size, accuracy, strict=True)
    return rank_entries(
        [
            ScoredEntry(f"m{k}", a, "", {"utility": u, "num_parameters": s, "macs": s})
            for k, (u, s, a) in enumerate(rows)
        ],
        resamples=0,
    )


def test_a_leaderboard_says_where_a_quantity_loses():
    accuracy = [1.0, 2.0, 3.0, 4.0]
    board = leaderboard(
        {
            "one": ranking_of([1, 2, 3, 4], [2, 1, 3, 4], accuracy),
            "two": ranking_of([1, 2, 4, 3], [1, 2, 3, 4], accuracy),
        }
    )
    utility, size, _ = board.standings
    assert (utility.quantity, size.quantity) == ("utility", "num_parameters")
    assert utility.tau == pytest.approx((1 + 2 / 3) / 2)
    assert (utility.worst_at, utility.worst) == ("two", pytest.approx(-1 / 3))
    assert size.worst == 0 and utility.near is None
    assert board.to_csv().startswith("quantity,tau,worst,worst_at,near,rho,ndcg,one,two")
    assert json.loads(board.to_json())[0]["taus"]["one"] == 1


def test_tables_without_a_licence_are_never_downloaded():
    for name in ("channels", "autoformer"):
        assert benchmark(name).source is None and "no licence file" in benchmark(name).origin


def test_anchors_say_where_they_are_from():
    assert all(anchor.source and anchor.population and anchor.benchmark in BENCHMARKS for anchor in ANCHORS)


def test_command_refuses(runner, tmp_path):
    assert "no benchmark 'nasbench101'" in runner.refuse("bench", "nasbench101")
    assert "no directory" in runner.refuse("bench", "macro", "--out", str(tmp_path / "no"))


@needs_data
@pytest.mark.data
def test_command_on_a_cut_table(runner, tmp_path, monkeypatch):
    entries = load(benchmark("macro")).entries[:40]
    lines = [f"{entry.spec.removeprefix('macro:')},{entry.accuracy}" for entry in entries]
    (tmp_path / benchmark("macro").file).write_text("\n".join(["arch,mean_acc", *lines]) + "\n")
    cut = replace(benchmark("macro"), digest=digest_of(Table(entries, ())))
    monkeypatch.setattr("reprior.lab.bench.benchmark", lambda name: cut)
    options = ("--data", str(tmp_path), "--cache", "none", "--processes", "1", "--resamples", "5")
    out = runner.prints("bench", "macro", *options, "--out", str(tmp_path))
    assert "utility" in out and "published by others" in out and "xiusu/NAS-Bench-Macro" in out
    assert (tmp_path / "macro.csv").read_text().startswith("population,quantity,models,tau")
