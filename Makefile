# Kittiwake's commands. `make` alone lists them.

PYTHON ?= python3
VENV   ?= .venv
OUT    ?= out/demo
SEED   ?= 0
# Say BENCH=--quick for minutes instead of hours.
BENCH  ?=
# So many simulated worlds, if no SEED is asked for.
WORLDS ?= 2000
# One pytest worker a core.
WORKERS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
# A file stays on one worker, for what its tests share; in the order of their names the long ones come early.
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

BIN := $(VENV)/bin
# setuptools warns of every editable installation: PYTHONWARNINGS keeps that off a newcomer's screen.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check
CDNOW := out/data/CDNOW_master.txt
# What an installation depends on; touched stamps say which one a venv holds.
SOURCES := pyproject.toml setup.py

.DEFAULT_GOAL := help
.PHONY: help venv emulators demo stream-demo test lint format nightly sim engines bench clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Kittiwake needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-beam: $(SOURCES) | $(BIN)/python
	$(PIP) --editable '.[beam]'
	@touch $@

$(VENV)/.installed-gcp: $(SOURCES) | $(BIN)/python
	$(PIP) --editable '.[beam,gcp]'
	@touch $@ $(VENV)/.installed-beam

$(VENV)/.installed-test: $(SOURCES) | $(BIN)/python
	$(PIP) --editable '.[beam,gcp,test]'
	@touch $@ $(VENV)/.installed-beam $(VENV)/.installed-gcp

$(VENV)/.installed-bench: $(SOURCES) | $(BIN)/python
	$(PIP) --editable '.[beam,bench]'
	@touch $@

venv: $(VENV)/.installed-test ## create .venv with all a developer needs

# Goes on without where it cannot be had, and its tests are skipped; in CI it fails.
emulators: $(VENV)/.installed-test ## the BigQuery emulator, in a venv below .venv; needs a Python 3.13 besides
	$(BIN)/python -m tests.services.emulators.installing

$(CDNOW): | $(BIN)/python
	$(BIN)/python -m examples.cdnow.fetch --output $@

demo: $(VENV)/.installed-beam $(CDNOW) ## run the main job on real purchases and on a generated shop, into out/demo
	$(BIN)/python -m examples.demo --output $(OUT)

stream-demo: $(VENV)/.installed-gcp ## the streaming job on a shop that is open while you watch; Ctrl-C closes it
	@$(BIN)/python -m examples.stream --output $(if $(filter command line,$(origin OUT)),$(OUT),out/stream-demo)

test: $(VENV)/.installed-test $(CDNOW) lint emulators ## install, check and run all tests
	$(PYTEST) -m 'not nightly' --hypothesis-seed=$(SEED)

lint: $(VENV)/.installed-test ## style, types and the rooms' walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-test ## rewrite the code in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

nightly: $(VENV)/.installed-test $(CDNOW) emulators ## every test, the slow ones too, with a fresh seed and more examples
	$(PYTEST) --hypothesis-profile=nightly \
	  --hypothesis-seed=$$($(BIN)/python -c 'import random; print(random.randrange(2**32))')

sim: $(VENV)/.installed-test ## one simulated world told step by step (SEED=7), or many (WORLDS=5000)
	$(BIN)/python -m tests.simulation $(if $(filter command line,$(origin SEED)),--seed $(SEED),--worlds $(WORLDS))

engines: $(VENV)/.installed-test $(CDNOW) ## the job on Prism and Flink, a million events; needs Go, and Java with Maven
	$(BIN)/python -m tests.runners

bench: $(VENV)/.installed-bench ## the same job with the tools one would otherwise use, side by side
	$(BIN)/python -m benchmarks $(BENCH)

clean: ## remove what the other commands made
	rm -rf $(VENV) out build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
