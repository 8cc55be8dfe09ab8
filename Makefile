# Every target sets up what it needs. Only Python 3.11+, git and make are expected on the machine.
.DELETE_ON_ERROR:
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PWA := fieldapp/pwa
export PATH := $(CURDIR)/$(BIN):$(PATH)

# The newest interpreter that really runs (a version manager's shim may exist without its Python).
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

PWA_SOURCES := $(shell find $(PWA)/src $(PWA)/*.ts $(PWA)/*.js $(PWA)/package.json -type f -not -name '*.test.ts' 2>/dev/null)

.PHONY: help setup demo demo-reset test test-python test-web test-browser soak lint bench screens contract clean

help: ## what can be made here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "fieldapp needs Python 3.11 or newer."; exit 1; }
	@test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || bash scripts/make-venv "$(PYTHON)" $(VENV)
	@echo "Python packages ..." && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Not `npm ci`: the lock holds no entries for the platforms whose optional packages the registry did not offer.
$(PWA)/node_modules/.ready: $(PWA)/package-lock.json $(PWA)/package.json | $(VENV)/.ready
	@echo "Web packages ..." && cd $(PWA) && npm install --silent --no-fund --no-audit
	@touch $@

$(PWA)/dist/.ready: $(PWA)/node_modules/.ready $(PWA_SOURCES)
	@echo "Web app ..." && cd $(PWA) && { npm run --silent build >node_modules/.build.log 2>&1 || { cat node_modules/.build.log; exit 1; }; }
	@touch $@

$(VENV)/.compiled: fieldapp/planning/kernel.py $(VENV)/.ready
	@echo "Planner ..." && $(BIN)/python -c "import os; from fieldapp.planning.search import prepare_all; \
	  prepare_all(ways='FIELDAPP_TRAVEL_HOURS' in os.environ)"
	@touch $@

setup: $(VENV)/.ready $(VENV)/.compiled $(PWA)/dist/.ready ## install everything and build the web app

demo: setup ## load a demo province and serve it (PHONE=1: on the local network, for a real phone)
	@exec $(BIN)/python -m fieldapp demo $(if $(PHONE),--phone)

demo-reset: setup ## forget the demo's data
	@$(BIN)/python -m fieldapp demo --reset

# Tests of Python and TypeScript run on the other side of the date line, where an instant read in the machine's zone
# shows; journeys in a browser run in the machine's own zone.
ELSEWHERE ?= Pacific/Auckland

# One seed for every random walk of the run, also where a test is tried once more.
SEED := $(or $(FIELDAPP_SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
test-python test-browser: export FIELDAPP_SEED := $(SEED)
AGAIN = test $$? -eq 1 && echo "Broke off above; each once more, alone:" && $(BIN)/python -m pytest -n 0 --lf --lfnf none

test: test-python test-web test-browser ## all tests, those in a real browser included (ELSEWHERE: another time zone)

test-python: export TZ := $(ELSEWHERE)
test-python: setup
	@$(BIN)/python scripts/ensure_sshd.py
	@$(BIN)/python -m pytest -n 2 --durations 25 -m "not browser" || { $(AGAIN) -m "not browser"; }

# A process of its own: the browser's driver keeps an event loop running in the thread that tests run in.
test-browser: setup
	@$(BIN)/python scripts/ensure_chromium.py
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m browser || { $(AGAIN) -m browser; }

test-web: setup
	@cd $(PWA) && TZ=$(ELSEWHERE) FIELDAPP_FAULT_STEPS=20000 npm run --silent test

# The same tests as above, given hours instead of minutes: a night's work before a release.
soak: setup ## fault tests at length: a million steps of phone and office, 200 rounds in a browser
	@$(BIN)/python scripts/soak_phones.py
	@$(BIN)/python scripts/ensure_chromium.py
	@FIELDAPP_FAULT_ROUNDS=200 $(BIN)/python -m pytest tests/browser/test_faults.py --timeout 14400

lint: setup ## style, types, import layers
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd $(PWA) && npm run --silent check && npm run --silent lint

# Other planning engines to measure against: in this environment, but not in the lock (pyproject.toml says why).
$(VENV)/.peers: $(VENV)/.ready
	@echo "Peers to measure against ..." && $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		$$($(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["bench"])')
	@touch $@

# Heavy, and for one row of one table: beside the environment, in nobody's lock.
$(VENV)/.lighthouse: $(PWA)/node_modules/.ready
	@echo "Lighthouse ..." && npm install --silent --no-fund --no-audit --no-save --prefix $(VENV)/lighthouse lighthouse@13.5.0
	@touch $@

bench: setup $(VENV)/.peers $(VENV)/.lighthouse ## measurements side by side (ONLY=planning or ONLY="phone --days=1": that part)
	@$(BIN)/python scripts/ensure_chromium.py
	@$(BIN)/python -m bench $(ONLY)

contract: $(PWA)/node_modules/.ready ## write the API contract and the types made from it
	@$(BIN)/python -m fieldapp openapi > $(PWA)/src/api/openapi.json
	@cd $(PWA) && npx openapi-typescript src/api/openapi.json -o src/api/contract.d.ts

screens: setup ## take the screenshots in docs/screens from the real app
	@$(BIN)/python scripts/ensure_chromium.py
	@$(BIN)/python scripts/screens.py

clean:
	rm -rf $(VENV) $(PWA)/node_modules $(PWA)/dist
