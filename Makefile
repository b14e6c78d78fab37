# Every target sets up .venv by itself; all it needs is Python 3.11 or newer (with venv), git and make.

PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
BIN := .venv/bin
READY := .venv/ready

.PHONY: demo test test-long check format docs bench lock clean help

help:
	@echo "make demo    set up, then run the main job on the embedded sandbox"
	@echo "make test    set up, then run the tests"
	@echo "make test-long  2,000 new lives of a company instead of the same 200"
	@echo "make check   formatting, lint, types, layers of imports, generated files"
	@echo "make format  format the code"
	@echo "make docs    write the generated pages and schemas anew"
	@echo "make bench   count requests and measure times against the least possible"
	@echo "make lock    resolve the dependencies anew into requirements.lock and requirements-run.lock"
	@echo "make clean   remove what the others made: .venv, caches, builds"

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer with venv found;" \
		"install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . -e plugins/example
	@touch $(READY)

demo: $(READY)
	$(BIN)/okrsync demo --force

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-long: $(READY)
	OKRSYNC_EXPLORE=1 OKRSYNC_ENGINE_EXAMPLES=2000 $(BIN)/python -m pytest tests/properties/test_engine.py

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m cogapp --check docs/reference/*.md

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/python config/schemas.py
	$(BIN)/python -m cogapp -r docs/reference/*.md

bench: $(READY)
	$(BIN)/python -m benchmarks.requests
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.daemon
	$(BIN)/python -m benchmarks.webhooks
	$(BIN)/python -m benchmarks.lint
	$(BIN)/python -m benchmarks.cache

lock: $(READY)
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--group dev pyproject.toml -o requirements.lock
	echo 'setuptools>=77' | $(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --constraints requirements.lock pyproject.toml - -o requirements-run.lock

clean:
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
