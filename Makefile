# netloom: `make demo` shows it, `make test` proves it, `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
RYU_PYTHON ?= $(shell command -v python3.11 || echo $(PYTHON))
WORKERS ?= 2
VENV ?= .venv
BIN := $(VENV)/bin
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)
# Daemons and ip live in sbin, which an ordinary user's PATH lacks.
export PATH := $(PATH):/usr/local/sbin:/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE := $(if $(AS_ROOT),1,)

.PHONY: help setup demo demo-stop test test-unit test-pythons lint bench venv venv-ryu clean

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install what is missing: Open vSwitch, Mininet, .venv
	@.ci/setup
	$(MAKE) --silent --no-print-directory venv

demo: setup ## two tenants on two hosts, step by step; KEEP=1 leaves it running
	@$(AS_ROOT) $(BIN)/python -m mininet_scenarios.demo $(if $(KEEP),--keep)

demo-stop: ## end what KEEP=1 left running
	@$(AS_ROOT) $(BIN)/python -m mininet_scenarios.demo --stop

test: setup venv-ryu lint ## everything, as CI does; needs root
	@$(AS_ROOT) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-unit: venv ## what needs neither root nor Open vSwitch
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not system"

test-pythons: ## the unit tests on every Python from 3.11 that is here
	@for python in python3.11 python3.12 python3.13 python3.14; do
	  $$python -c '' 2>/dev/null || continue
	  echo "== $$python"
	  $(MAKE) --silent --no-print-directory PYTHON=$$python VENV=.venv-$$python test-unit
	done

lint: venv ## format, lint, types, import contracts, dead code
	@$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

bench: setup ## measure, print one table and write bench.json; needs root
	@$(AS_ROOT) env NETLOOM_TOPOLOGIES='$(NETLOOM_TOPOLOGIES)' $(BIN)/python -m tests.bench

venv: $(VENV)/installed ## the virtual environment of everything but Ryu

venv-ryu: .venv-ryu/installed ## the virtual environment with Ryu 4.34, on Python 3.11

# The stamp is older than these when dependencies or top folders may have changed.
DECLARED := setup.cfg pyproject.toml $(wildcard */__init__.py)

$(VENV)/installed: $(DECLARED)
	@echo "python packages: installing into $(@D)"
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

.venv-ryu/installed: $(DECLARED) constraints/ryu.txt
	@echo "python packages: installing into $(@D), with Ryu"
	$(RYU_PYTHON) -m venv $(@D)
	export PIP_CONSTRAINT=constraints/ryu.txt PIP_BUILD_CONSTRAINT=constraints/ryu.txt
	$(@D)/bin/pip install --quiet --disable-pip-version-check ryu==4.34
	unset PIP_CONSTRAINT PIP_BUILD_CONSTRAINT
	$(@D)/bin/pip install --quiet --disable-pip-version-check --editable '.[test,ryu]'
	touch $@

clean: ## take away what was built
	@rm -rf .venv .venv-* build *.egg-info .*_cache .hypothesis .coverage bench.json
