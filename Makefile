# make demo | make test: each sets up all it needs, in .venv and .cache, on a machine with Python >= 3.11, git and make.
PYTHON ?= python3
BIN := .venv/bin
# uv is several times faster; pip where its index is one that only pip knows
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-long check setup servers lock bench bench-tokens

demo: setup  ## a tour on the bundled server
	@$(BIN)/codegen demo

test: setup servers check  ## the gate and every test
	@$(BIN)/pytest -n 2 --dist loadgroup

test-long: setup servers  ## what takes minutes: other Pythons, pyright over the corpus, 600 faults, 1,000 forked runs
	@$(BIN)/pytest -n 2 --dist loadgroup -m long
	@FAULTS=600 RUNS=1000 $(BIN)/pytest -n 2 tests/faults tests/sandbox/test_forkserver.py

check: setup  ## lint, types, layers, and the sample tree against its server
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/codegen sync --check

setup: .venv/.ready

.venv/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "codegen needs Python 3.11 or newer: make PYTHON=python3.12")'
	@echo "setting up .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(PIP) $$(grep '^uv==' requirements-dev.lock)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.lock || $(PIP) -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable . || $(PIP) --no-deps --editable .
	@touch $@

servers: setup  ## the real servers that tests run against, from npm and PyPI, into .cache/servers
	@$(BIN)/python tests/setup_servers.py || test -z "$$CI"

lock: setup  ## refresh the pins of requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --upgrade --group dev pyproject.toml --all-extras --no-emit-index-url --no-header -o requirements-dev.lock

bench: setup servers  ## ratios of docs and README, in one run
	@$(BIN)/python benchmarks/run_latency.py
	@$(BIN)/python benchmarks/sandbox_start.py
	@$(BIN)/python benchmarks/call_overhead.py
	@$(BIN)/python benchmarks/journal.py
	@$(BIN)/python benchmarks/sync_time.py
	@$(BIN)/python benchmarks/search_speed.py
	@$(BIN)/uv pip install --quiet --target .cache/bench --group pyproject.toml:bench || true
	@$(BIN)/python benchmarks/generator.py

bench-tokens: setup servers  ## tokens by the way tools are reached; brings docs/when-to-use.md and its charts up to date
	@PYTHONPATH=benchmarks $(BIN)/python -m tokens
