# Kittiwake's commands. `make` alone lists them.

PYTHON ?= python3
VENV   ?= .venv
OUT    ?= out/demo
SEED   ?= 0
# Say BENCH=--quick for minutes instead of hours.
BENCH  ?=
# So many simulated cases, if no SEED is given.
WORLDS ?= 2000
# How long the soak lasts.
MINUTES ?= 480
CORES  ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
# One pytest worker a core, and one for while others wait for a service or for the clock.
WORKERS ?= $(shell expr $(CORES) + 1)
# A file stays on one worker, for what its tests share; in the order of their names the long ones come early.
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

BIN := $(VENV)/bin
# setuptools warns of every editable installation: PYTHONWARNINGS keeps that off a newcomer's screen.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check
CDNOW := out/data/CDNOW_master.txt
# Side by side: one waits for a network or a disk while another computes. What each says comes in one piece.
TOGETHER = $(MAKE) --no-print-directory --jobs=$(CORES) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# What an installation depends on; touched stamps say which one a venv holds.
SOURCES := pyproject.toml setup.py

.DEFAULT_GOAL := help
.PHONY: help python-asked-for venv emulators native native-if-possible demo stream-demo bigquery-demo test ready-for-tests compiled lint format docs \
  nightly night-of-everything night-without-accelerator sim soak runners bench clean audit image lock metadata pin template templates

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Kittiwake needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A venv keeps the Python that made it: one that is asked for another is not taken for it.
VERSION_OF = -c 'import sys; print("%d.%d" % sys.version_info[:2])'
python-asked-for: | $(BIN)/python
ifneq ($(origin PYTHON),file)
	@has=$$($(BIN)/python $(VERSION_OF)) && asked=$$($(PYTHON) $(VERSION_OF)) && if [ "$$has" != "$$asked" ]; \
	  then echo "$(VENV) is of Python $$has, asked for is $$asked: say VENV=.venv$$asked too, or make clean first"; exit 1; fi
endif

$(VENV)/.installed-beam: $(SOURCES) | python-asked-for
	$(PIP) --editable '.[beam]'
	@touch $@

$(VENV)/.installed-gcp: $(SOURCES) | python-asked-for
	$(PIP) --editable '.[beam,gcp]'
	@touch $@ $(VENV)/.installed-beam

$(VENV)/.installed-test: $(SOURCES) | python-asked-for
	$(PIP) --editable '.[beam,gcp,test,docs]'
	@touch $@ $(VENV)/.installed-beam $(VENV)/.installed-gcp $(VENV)/.installed-docs

$(VENV)/.installed-docs: $(SOURCES) | python-asked-for
	$(PIP) --editable '.[docs]'
	@touch $@

$(VENV)/.installed-bench: $(SOURCES) | python-asked-for
	$(PIP) --editable '.[beam,bench]'
	@touch $@

# Tools that look over templates/, in a venv of their own: checkov brings packages by the hundred.
TOOLS := $(VENV)/templates
$(TOOLS)/.installed: pyproject.toml $(VENV)/.installed-test
	$(BIN)/python -m venv $(TOOLS)
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["templates"], sep="\n")' \
	  | $(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --requirement /dev/stdin
	@touch $@

AUDIT := $(VENV)/audit
$(AUDIT)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m venv $(AUDIT)
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["audit"], sep="\n")' \
	  | $(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --requirement /dev/stdin
	@touch $@

venv: $(VENV)/.installed-test ## create .venv with everything a developer needs

# Where it cannot be installed, its tests are skipped; in CI that is an error.
emulators: | python-asked-for ## install the BigQuery emulator, in a venv below .venv; needs a Python 3.13
	$(BIN)/python -m tests.services.emulators.installing

$(VENV)/.installed-native: $(wildcard native/src/*.rs native/src/*/*.rs native/Cargo.* native/pyproject.toml) | python-asked-for
	$(PIP) ./native
	@touch $@

native: $(VENV)/.installed-native ## build the accelerator into .venv: batches read events in a quarter of the time; needs cargo

# Without cargo nothing is missing but speed, and the tests that compare the two are skipped.
native-if-possible: $(VENV)/.installed-test
	@if ! command -v cargo >/dev/null; then echo "no accelerator, its tests are skipped: cargo is not on the path (make native)"; \
	  elif ! $(MAKE) --no-print-directory native; then echo "no accelerator, its tests are skipped: it could not be built"; test -z "$$CI"; fi

$(CDNOW): | $(BIN)/python
	$(BIN)/python -m examples.cdnow.fetch --output $@

demo: $(VENV)/.installed-beam $(CDNOW) ## run the backfill on real purchases and on a generated shop, into out/demo
	$(BIN)/python -m examples.demo --output $(OUT)

stream-demo: $(VENV)/.installed-gcp ## run the streaming job on a simulated shop until Ctrl-C
	@$(BIN)/python -m examples.stream --output $(if $(filter command line,$(origin OUT)),$(OUT),out/stream-demo)

bigquery-demo: $(VENV)/.installed-test emulators ## run backfill, stream and reconcile over BigQuery on emulators; needs Java and a Python 3.13
	@$(BIN)/python -m examples.bigquery --output $(if $(filter command line,$(origin OUT)),$(OUT),out/bigquery-demo)

test: ## install, check and run all tests, the documentation's site included
	+@$(TOGETHER) lint ready-for-tests
	$(PYTEST) -m 'not nightly' --hypothesis-seed=$(SEED)
	@files=$$($(BIN)/python -m tests.accelerated) && if [ -n "$$files" ]; \
	  then echo "once more without the accelerator:" $$files; KITTIWAKE_NATIVE=0 $(PYTEST) -m 'not nightly' --hypothesis-seed=$(SEED) $$files; fi

ready-for-tests: $(VENV)/.installed-test $(CDNOW) emulators native-if-possible compiled

# Tests start many processes, and may not write it themselves.
compiled: | python-asked-for
	$(BIN)/python -m compileall -q -j $(CORES) benchmarks examples kittiwake pipelines templates tests transforms

lint: $(VENV)/.installed-test ## check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.installed-test ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed-docs ## build the documentation into out/docs; warnings and broken links are errors
	$(BIN)/python -m sphinx -b html -W --keep-going -q docs out/docs

# Both, whatever the first has found: a morning begins with the failures of the whole night.
nightly: $(VENV)/.installed-test $(TOOLS)/.installed $(AUDIT)/.installed ready-for-tests ## run every test, the slow ones too, with a fresh seed and more examples; then without the accelerator
	@$(MAKE) --no-print-directory --keep-going --jobs=1 night-of-everything night-without-accelerator

NIGHT_SEED = $(if $(filter command line,$(origin SEED)),$(SEED),$$($(BIN)/python -c 'import random; print(random.randrange(2**32))'))
night-of-everything:
	$(PYTEST) --hypothesis-profile=nightly --hypothesis-seed=$(NIGHT_SEED)
night-without-accelerator:
	KITTIWAKE_NATIVE=0 $(PYTEST) -m 'not nightly' --hypothesis-seed=$(NIGHT_SEED)

sim: $(VENV)/.installed-test ## simulate one case step by step (SEED=7), or many cases (WORLDS=5000)
	$(BIN)/python -m tests.simulation $(if $(filter command line,$(origin SEED)),--seed $(SEED),--worlds $(WORLDS))

soak: $(VENV)/.installed-test ## run a stream under faults for weeks of event time, eight hours of ours (MINUTES=30)
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --seed $(SEED)

runners: $(VENV)/.installed-test $(CDNOW) ## run the jobs on Prism and Flink, a million events; needs Go, and Java with Maven
	$(BIN)/python -m tests.runners

bench: $(VENV)/.installed-bench ## compare costs with other tools on the same job
	$(BIN)/python -m benchmarks $(BENCH)

# ---------------------------------------------------------------- templates/

# Of which project and where: make template PROJECT=shop-1 REGION=europe-west4 BUCKET=shop-1-templates
REGION ?= europe-west4
REPOSITORY ?= kittiwake
TAG ?= $(shell git rev-parse --short=12 HEAD)
REGISTRY = $(REGION)-docker.pkg.dev/$(PROJECT)/$(REPOSITORY)
TARGETS := stream backfill command
LOCK = $(TOOLS)/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
  --custom-compile-command 'make lock' --python-version 3.13 --python-platform x86_64-manylinux_2_28 --only-binary :all:

templates: $(TOOLS)/.installed ## build and test all of templates/ that can be had without Google
	$(PYTEST) tests/templates

metadata: $(VENV)/.installed-gcp ## write anew what templates/ has of options, tables and metrics, and the page of metrics
	$(BIN)/python -m templates.metadata

lock: $(TOOLS)/.installed ## write the locks of the image anew, with hashes; UPGRADE=--upgrade takes newer versions
	$(LOCK) $(UPGRADE) --extra gcp --extra query --extra otel --output-file templates/requirements.lock pyproject.toml
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	  | $(LOCK) $(UPGRADE) --output-file templates/build.lock -

audit: $(AUDIT)/.installed ## write out/sbom.json of the image, and ask for known weaknesses of what it holds; needs a network
	mkdir -p out
	$(AUDIT)/bin/cyclonedx-py requirements templates/requirements.lock --pyproject pyproject.toml \
	  --output-reproducible --of JSON --output-file out/sbom.json
	$(BIN)/python -m templates.crates out/sbom.json
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --requirement templates/requirements.lock
	@cargo audit --version >/dev/null 2>&1 || { echo "The crates of native/ were not asked about: cargo install --locked cargo-audit"; exit 1; }
	cargo audit --quiet --file native/Cargo.lock

pin: $(VENV)/.installed-gcp ## write the digests of the base images into templates/Dockerfile; needs docker and a network
	$(BIN)/python -m templates.pin

image: $(VENV)/.installed-gcp ## build the images of templates and commands: PROJECT=, REGION=, TAG=; needs docker
	@test -n "$(PROJECT)" || { echo "say whose: make image PROJECT=shop-1 REGION=europe-west4"; exit 2; }
	$(BIN)/python -m templates.pin --check
	for target in $(TARGETS); do \
	  docker build --file templates/Dockerfile --target $$target --build-arg IMAGE=$(REGISTRY)/$$target:$(TAG) \
	    --tag $(REGISTRY)/$$target:$(TAG) . || exit; done

template: image ## push the images, and write the templates to gs://BUCKET/templates; needs docker and gcloud
	@test -n "$(BUCKET)" || { echo "say where to: make template PROJECT=shop-1 BUCKET=shop-1-templates"; exit 2; }
	for target in $(TARGETS); do docker push $(REGISTRY)/$$target:$(TAG) || exit; done
	for job in stream backfill; do gcloud dataflow flex-template build gs://$(BUCKET)/templates/$$job-$(TAG).json \
	  --project $(PROJECT) --image $(REGISTRY)/$$job:$(TAG) --sdk-language PYTHON \
	  --metadata-file templates/$$job/metadata.json || exit; done

clean: ## remove everything that the other commands made
	rm -rf $(VENV) out build dist native/target *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
