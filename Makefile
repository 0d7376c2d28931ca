# The commands of the house. Each sets itself up on a machine with Python >= 3.11, pip and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export JOBDATA_HOME ?= $(CURDIR)/var
export DAGSTER_HOME := $(JOBDATA_HOME)/dagster
export DAGSTER_DISABLE_TELEMETRY := yes
# Nothing of ours goes through a proxy of the machine: where a crawl leaves from is a setting.
unexport HTTP_PROXY HTTPS_PROXY http_proxy https_proxy

.PHONY: help demo test test-fast soak dev check bench format lock clean

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## crawl three platforms of the sandbox into tables; FLEET=1: on instances
	$(BIN)/jobdata demo $(if $(FLEET),--fleet)

test: check ## lint, types, layers and every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-fast: $(READY) ## the tests without the slow ones
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not soak"

soak: $(READY) ## twenty fleets of twenty instances, one after another; on a machine that does nothing else
	$(BIN)/python -m pytest -m soak

check: $(READY) ## lint, format, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

dev: $(READY) ## sandbox and Dagster UI on http://localhost:3000
	$(BIN)/jobdata dev

bench: $(READY) ## the measurements of bench/
	$(BIN)/python -m bench.crawl
	$(BIN)/python -m bench.load
	$(BIN)/python -m bench.normalize
	$(BIN)/python -m bench.facts
	$(BIN)/python -m bench.link
	$(BIN)/python -m bench.dagster
	$(BIN)/python -m bench.plan
	$(BIN)/python -m bench.idle
	$(BIN)/python -m bench.fleet

format: $(READY) ## let ruff lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## renew the pinned dependencies (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove what demo and dev wrote
	rm -rf $(JOBDATA_HOME)
