# make demo   the paper's tables and a comparison of real architectures
# make test   linters, type checker and all tests
# make lint   linters and type checker alone
# make docs   the documentation site, into site/
# make bench  the benchmarks of docs/benchmarks
# make clean  remove the environment and all caches
#
# Set-up is kept in .venv and stamped there, so that a second run installs nothing.
# Written for GNU make 3.81, which is what macOS has.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint requirements/test.txt
SETUP_FILES := pyproject.toml requirements/test.txt

# The benchmark tables, where they lie beside the repository; elsewhere reprior downloads them.
REPRIOR_DATA ?= $(abspath ../shared/data)
ifneq ($(wildcard $(REPRIOR_DATA)),)
export REPRIOR_DATA
endif

.PHONY: demo test lint browser docs bench clean

demo: $(VENV)/.core
	$(BIN)/reprior unroll paper:figure3a
	$(BIN)/reprior analyze paper:efficientnetv2-l@480 --preset paper --exact
	$(BIN)/reprior paper
	$(BIN)/reprior compare paper:efficientnetv2-b0@224 paper:efficientnetv2-b3@300 \
		paper:resnet50@384 paper:efficientnetv2-s@384

test: lint browser
	$(BIN)/python -m pytest -n 2

# The tests of HTML pages need a browser and are skipped without one. On Debian as root it is installed;
# anywhere else that is left to you. Never a reason to fail.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
		|| { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium for the tests of pages" \
			&& { apt-get install -y --no-install-recommends chromium || { apt-get update \
			&& apt-get install -y --no-install-recommends chromium; }; } >/dev/null 2>&1; } \
		|| echo "No Chromium: the tests of HTML pages will be skipped"

lint: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.all
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/.all
	$(BIN)/reprior bench all --out docs/benchmarks/results
	$(BIN)/python benchmarks/pages.py

clean:
	rm -rf $(VENV) build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Both stamps go with one environment: the extras are added to the light core, never taken away.
$(VENV)/.core: $(SETUP_FILES) | $(BIN)/python
	@echo "Installing reprior into $(VENV)"
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/.all: $(SETUP_FILES) | $(BIN)/python
	@echo "Installing reprior with all extras into $(VENV) (several GB, once)"
	@$(PIP_INSTALL) --editable '.[all]'
	@touch $@ $(VENV)/.core

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "reprior needs Python 3.11 or newer, and '$(PYTHON)' is not. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
