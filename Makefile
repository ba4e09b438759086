# Everything a person needs: `make run` and `make test` work as the first command on a machine with Python 3.11+ and make.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install run test test-thorough test-wheel test-spark spark spark-up spark-down up check bench docs lock sbom audit-packages

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ORDERS ?= 1000000

help:
	@echo "make run     ingest the sample feeds, build, audit, publish, and show the numbers"
	@echo "make test    the whole test suite"
	@echo "make test-wheel  the built wheel, installed into an empty environment"
	@echo "make test-thorough   the same with many more examples of each property; takes hours"
	@echo "                     a part of it: PART=properties or PART=properties/test_repair.py"
	@echo "make test-spark  builds on a local Spark cluster, compared with DuckDB row for row (Java 17); PART=equality.py for the first"
	@echo "make spark-up    a local Spark cluster for trying \`orderhouse run --engine spark\`; make spark-down stops it"
	@echo "make up      Dagster and the dashboards"
	@echo "make check   lint, types, import rules, the floor plan and style of the models, definitions"
	@echo "make bench   time a full run and an increment against plain SQL (ORDERS=1000000)"
	@echo "make docs    write docs/feeds.md from the contracts, docs/data_dictionary.md from the dbt project"
	@echo "make sbom     write the bill of materials of the environment, sbom.cdx.json (CycloneDX)"
	@echo "make audit-packages   look the locked packages up in the database of known vulnerabilities"
	@echo "make lock    resolve pyproject.toml anew into requirements.lock"

install: $(STAMP)

# Repeated only when the lock or the project's own metadata changed.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Orderhouse needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
			"Install one and say which: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "The virtual environment could not be made; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@echo "Installing the locked packages into $(VENV); this takes a minute or two, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: $(STAMP)
	@$(BIN)/orderhouse run --sources data/sample/sources.yaml --as-of data

# Three workers keep two cores busy, since tests wait for servers, files and processes that end.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: $(STAMP)
	@$(PYTEST)

test-thorough: $(STAMP)
	@$(PYTEST) --hypothesis-profile=thorough $(if $(PART),tests/$(PART))

test-wheel: $(STAMP)
	@$(BIN)/python -m pytest --durations=3 tests/packaging/installed_wheel.py

# The extra `spark` is not in the lock of everybody.
SPARK_STAMP := $(VENV)/.installed-spark
CLUSTER := data/spark

spark: $(SPARK_STAMP)

$(SPARK_STAMP): $(STAMP) requirements-spark.lock
	@echo "Installing Spark (500 MB) into $(VENV)."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock
	@touch $(SPARK_STAMP)

spark-up: $(SPARK_STAMP)
	@$(BIN)/python tests/spark/local_cluster.py up $(CLUSTER)

spark-down: $(STAMP)
	@$(BIN)/python tests/spark/local_cluster.py down $(CLUSTER)

test-spark: $(SPARK_STAMP)
	@$(BIN)/python -m pytest --durations=5 $(addprefix tests/spark/,$(or $(PART),equality.py kills.py))

up: $(STAMP)
	@$(BIN)/orderhouse up

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python dbt_project/lint/floor_plan.py
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/tests
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dagster definitions validate -w workspace.yaml

bench: $(STAMP)
	@$(BIN)/python tests/benchmarks/bench.py --orders $(ORDERS)

docs: $(STAMP)
	@$(BIN)/python -m orderhouse.docs.feeds docs/feeds.md
	@$(BIN)/python -m orderhouse.docs.data_dictionary docs/data_dictionary.md

# No address of any index gets into the locks: they hold names, versions and hashes.
COMPILE := $(BIN)/pip-compile --quiet --no-config --generate-hashes --no-strip-extras --allow-unsafe --no-header \
	--no-annotate --no-emit-index-url --no-emit-options --no-emit-find-links --no-emit-trusted-host
RUN_LOCK := examples/deployment/requirements.lock

lock: $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	@$(COMPILE) --extra dev --build-deps-for editable --output-file requirements.lock pyproject.toml
	@$(COMPILE) --build-deps-for wheel --constraint requirements.lock --output-file $(RUN_LOCK) pyproject.toml
	@$(COMPILE) --extra spark --build-deps-for wheel --constraint requirements.lock --output-file requirements-spark.lock pyproject.toml
	@$(BIN)/python .ci/only_new_packages.py requirements-spark.lock requirements.lock
	@sed -i.bak -e '/^$$/d' -e '1i # Names, versions and hashes of every package, compiled on Linux for Python 3.11 and newer by `make lock`.' \
		requirements.lock requirements-spark.lock $(RUN_LOCK) && rm requirements.lock.bak requirements-spark.lock.bak $(RUN_LOCK).bak

sbom: $(STAMP)
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --mc-type application --output-reproducible \
		--output-file sbom.cdx.json $(BIN)/python
	@echo "sbom.cdx.json lists $$(grep -c '"purl"' sbom.cdx.json) packages."

audit-packages: $(STAMP)
	@$(BIN)/python .ci/audit_packages.py requirements.lock
