# Two commands: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS = never
# Kaido is many processes; where none may keep its bytecode, each compiles every module again when it starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test lint types check bench soak spark clean pins

setup: .venv/.ready-demo

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Kaido needs Python 3.11 or newer; '$(PYTHON)' is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv

FRONT := $(shell find front -type f -not -path '*/node_modules/*' 2>/dev/null) hatch_build.py
ASSETS := src/kaido/console/assets/sources.txt

.venv/.ready-demo: pyproject.toml constraints.txt | .venv/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[plots,sim]'
	@touch $@

.venv/.ready-dev: pyproject.toml constraints.txt | .venv/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	@touch $@ .venv/.ready-demo

# The console's scripts. Installing makes them too; here they are made again when their sources change.
$(ASSETS): $(FRONT) | .venv/.ready-demo
	$(BIN)/python hatch_build.py
	@touch $@

# What checks the scripts. An install writes `.installed` and may bring no tools: they have a stamp of their own.
front/node_modules/.tools: front/package-lock.json | .venv/.ready-dev
	$(BIN)/python hatch_build.py --tools
	@touch $@

demo: .venv/.ready-demo $(ASSETS)
	@$(BIN)/kaido demo $(ARGS)

test: .venv/.ready-dev $(ASSETS) front/node_modules/.tools
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.ready-dev front/node_modules/.tools
	$(BIN)/mypy
	PATH="$$PATH:$(CURDIR)/$(BIN)" front/node_modules/.bin/tsc --noEmit --project front

check: lint types test

# Every bench beside its peers; docs/performance.md is made from the run. `make bench ARGS=--quick` is the short form.
bench: .venv/.ready-dev
	$(BIN)/kaido --data .bench bench all --docs docs $(ARGS)

# An hour of load with every process killed 20 times; then ten minutes of agents, campaigns and commands under the same
# knife; then the model of gateway, journal and ingest, driven at random for longer than `make test` does.
# `make soak ARGS="--minutes 2"` is the short form of the first two.
soak: .venv/.ready-dev
	$(BIN)/kaido soak $(ARGS)
	$(BIN)/kaido soak --campaigns $(ARGS)
	KAIDO_MODEL_EXAMPLES=60 $(BIN)/python -m pytest tests/soak/test_model.py

# The services on a Spark cluster of two workers, held against DuckDB. Spark needs Java 17 or newer on the machine.
spark: .venv/.ready-dev
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[spark]'
	KAIDO_TEST_SPARK='local-cluster[2,1,1024]' $(BIN)/python -m pytest tests/services/core/test_spark_equality.py $(ARGS)

# New pins: constraints for every extra, without any registry's address.
pins: | .venv/bin/uv
	$(BIN)/uv pip compile --quiet --upgrade --all-extras --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
	  pyproject.toml --output-file constraints.txt
	echo "uv==$$($(BIN)/uv --version | cut -d' ' -f2)" >> constraints.txt

clean:
	rm -rf .venv dist build .bench front/node_modules src/kaido/console/assets
