# Every target does its own set-up, also on a fresh machine: Python 3.11+ and Node 20+ are all it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .make
RECORDER := retrace_app/http/ingest/static/retrace.js

.PHONY: setup demo up test lint unit slow bench clean

setup: $(STAMPS)/python $(RECORDER) $(STAMPS)/browser $(STAMPS)/sandbox

$(STAMPS)/python: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@mkdir -p $(STAMPS) && touch $@

$(RECORDER): sdk/browser/package.json sdk/browser/package-lock.json $(wildcard sdk/browser/src/*.ts*) $(wildcard sdk/browser/*.mjs sdk/browser/tsconfig*.json) sdk/browser/LICENCES.txt
	npm --prefix sdk/browser ci --no-audit --no-fund --silent
	npm --prefix sdk/browser run --silent build
	@touch $@

$(STAMPS)/browser: $(STAMPS)/python
	$(BIN)/python -m retrace_resources.browser
	@touch $@

$(STAMPS)/sandbox: $(STAMPS)/python
	$(BIN)/python -m retrace_resources.sandbox
	@touch $@

demo: setup
	$(BIN)/retrace demo

up: setup
	$(BIN)/retrace up

test: setup lint unit slow

lint: $(STAMPS)/python
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy retrace_core retrace_resources retrace_assets retrace_sensors retrace_app retrace_definitions.py
	$(BIN)/lint-imports
	npm --prefix sdk/browser run --silent check

unit: setup
	npm --prefix sdk/browser test --silent
	$(BIN)/pytest -m 'not slow' -n 2 --dist worksteal

# Two at a time, except where seconds are counted. The engine drives browsers of its own, so it shares no test process
# with those that keep one open; what kills processes does so beside its own kind.
ENGINE := tests/retrace_resources/engine
SDK := tests/sdk
COST := tests/sdk/cost
KILLED := tests/reliability tests/retrace_app/http \
	tests/retrace_resources/test_lake_maintenance.py tests/retrace_resources/test_lake_processes.py
ALONE := tests/retrace_app/supervisor tests/retrace_app/demo/test_person.py tests/retrace_app/demo/test_visits.py

# What waits for browsers and other processes gets a second try; the summary names what needed one.
SLOW := $(BIN)/pytest -m slow --reruns 1 -rR

slow: setup
	$(SLOW) -n 2 --dist loadfile $(ENGINE)
	$(SLOW) -n 2 --dist loadfile $(SDK) --ignore $(COST)
	$(SLOW) -n 2 --dist loadfile $(addprefix --ignore=,$(ENGINE) $(SDK) $(KILLED) $(ALONE))
	$(SLOW) -n 2 --dist loadfile $(KILLED)
	$(SLOW) $(ALONE)
	$(SLOW) $(COST)

bench: setup
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) $(STAMPS) retrace_app/http/ingest/static sdk/browser/node_modules sdk/browser/dist sdk/browser/build build dist
