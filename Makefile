# Every job of the project is a target here; `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The environment is built from this Python; any 3.11, 3.12 or 3.13 will do.
PYTHON ?= $(shell tools/find-python.sh 3.11 3.12 3.13)

# Nothing is left in the home directory: what the tools keep is below .build.
export XDG_CACHE_HOME ?= $(CURDIR)/.build/cache
RUN := .venv/bin/python -m
# Further arguments of a target: of pytest (unit, functional) and of the contract; TARGETS are integration targets.
ARGS ?=
TARGETS ?=

COLLECTION := .build/dev/ansible_collections/pve/automation
STAGES := lint docs molecule demo package unit unit-pythons functional contract sanity integration

.PHONY: help
help: ## List the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: setup
setup: .venv/.ready link ## Build .venv with the pinned tools (once)

.venv/.ready: requirements-dev.txt tests/requirements.txt
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 with venv was found. Install one (Debian: apt install python3-venv) or name one: make PYTHON=/usr/bin/python3.12"; exit 1; }
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	@.venv/bin/uv pip install --quiet --python .venv/bin/python -r $< || .venv/bin/python -m pip install --quiet -r $<
	@touch $@

# ansible finds the checkout under this name, so that nothing has to be installed to try a change. A copy that was
# installed there would be used instead of the checkout: it goes.
.PHONY: link
link:
	@test $(COLLECTION)/Makefile -ef Makefile || { rm -rf $(COLLECTION) && mkdir -p $(dir $(COLLECTION)) && ln -s ../../../.. $(COLLECTION); }

.PHONY: demo
demo: setup ## Bring a simulated cluster to a described state, twice
	@$(RUN) tools.demo

.PHONY: demo-clean
demo-clean: setup ## Delete what the demo made on the PVE server in PVE_HOST
	@ANSIBLE_COLLECTIONS_PATH=.build/dev .venv/bin/ansible-playbook playbooks/demo_cleanup.yml

.PHONY: test
test: setup ## Run all stages of the tests and sum them up
	@$(RUN) tools.stages $(STAGES)

.PHONY: test-fast
test-fast: setup ## Run what takes less than two minutes: linters, types, unit tests
	@$(RUN) tools.stages lint-fast unit

.PHONY: test-live
test-live: setup ## Run the integration targets against the PVE server in PVE_HOST, PVE_USER, PVE_PASSWORD ...
	@$(RUN) tools.integration --live $(TARGETS)

.PHONY: bench
bench: setup ## Measure time and requests (BENCH_PEER=1: beside community.proxmox from PyPI)
	@PYTHONPATH=.build/dev $(RUN) tests.benchmark

.PHONY: fuzz
fuzz: setup ## Play random cases for FUZZ_SECONDS, 300 unless given (ARGS="odd_options 4711 1" repeats one)
	@PYTHONPATH=.build/dev $(RUN) tests.fuzz $(ARGS)

.PHONY: lint
lint: setup ## Check style, types, licences, generated files
	@$(RUN) tools.lint

.PHONY: lint-fast
lint-fast: setup
	@$(RUN) tools.lint --fast

.PHONY: format
format: setup ## Format the Python files
	@.venv/bin/ruff check --quiet --fix-only . ; .venv/bin/ruff format .

.PHONY: unit
unit: setup ## Run the unit tests (ARGS="tests/unit/test_coverage.py -k page" for pytest)
	@$(RUN) tools.unit unit $(ARGS)

.PHONY: unit-pythons
unit-pythons: setup ## Run the unit tests on the other Pythons that are found here
	@$(RUN) tools.unit unit-pythons $(ARGS)

.PHONY: functional
functional: setup ## Run the tests that start servers and playbooks (ARGS=... for pytest)
	@$(RUN) tools.unit functional $(ARGS)

.PHONY: contract
contract: setup ## Hold the simulator against the recorded answers of a genuine server
	@$(RUN) tools.contract $(ARGS)

.PHONY: sanity
sanity: setup ## Run ansible-test sanity (SANITY_ALL=1: with every ansible-core that a Python here can run)
	@$(RUN) tools.sanity $(ARGS)

.PHONY: integration
integration: setup ## Run the integration targets against the simulator (TARGETS="pve_pool pve_user"; INTEGRATION_ALL=1: with two cores)
	@$(RUN) tools.integration $(TARGETS)

.PHONY: molecule
molecule: setup ## Run the molecule scenarios against the simulator
	@$(RUN) tools.molecule

.PHONY: package
package: setup ## Build the collection, install it and read its documentation
	@$(RUN) tools.package

.PHONY: docs
docs: setup ## Check the documentation and build it into docs/build/html
	@$(RUN) tools.docs

.PHONY: generate
generate: setup ## Write the generated files
	@$(RUN) tools.generate

.PHONY: clean
clean: ## Remove everything that was built
	@rm -rf .venv .build docs/build tests/output .ansible *.tar.gz .mypy_cache .pytest_cache .ruff_cache .hypothesis
