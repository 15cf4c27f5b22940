"""MkDocs hook: every page of ``docs/benchmarks`` is in the navigation, listed or not."""

from pathlib import Path


def on_config(config):
    section = next(item["Benchmarks"] for item in config.nav if "Benchmarks" in item)
    listed = {page for entry in section for page in entry.values()}
    docs = Path(config.docs_dir)
    found = sorted(path.relative_to(docs).as_posix() for path in (docs / "benchmarks").glob("*.md"))
    section.extend(page for page in found if page not in listed)
    return config
