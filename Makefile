# Two commands are enough: `make demo` shows what it does, `make test` shows that it works.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.DEFAULT_GOAL := help
.PHONY: help setup demo test check docs bench bench-engine bench-peers bench-evidence bench-effects clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

# python3.11 is what the pinned versions are tested with; any python3 from 3.11 on is taken if it is not there.
$(BIN)/python:
	@for candidate in "$${PYTHON:-}" python3.11 python3; do \
	  [ -n "$$candidate" ] || continue; \
	  "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  echo "creating $(VENV) with $$("$$candidate" --version)"; \
	  "$$candidate" -m venv $(VENV) && exit 0; \
	  echo "python3 -m venv failed; on Debian: sudo apt install python3-venv" >&2; rm -rf $(VENV); exit 1; \
	done; echo "heldout needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1

# The stamps make an up-to-date environment free of charge. The build backend is installed with the same pins,
# so that nothing is downloaded unpinned and a complete environment needs no network.
$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing heldout and its pinned dependencies into $(VENV)"
	@$(PIP) install -c constraints.txt hatchling editables
	@$(PIP) install -c constraints.txt --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "installing the tools for tests and checks"
	@$(PIP) install -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

setup: $(VENV)/.dev ## create .venv with the pinned versions

demo: $(VENV)/.core ## run the whole study on the shipped example
	$(BIN)/heldout demo

# Files in their own order, the quick doctests last: by default the files with few tests come last, and these are the
# whole studies, for which one worker would wait minutes.
test: $(VENV)/.dev ## run all tests and doctests
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

# An environment of its own: the documentation is made from the source text, without installing heldout.
$(VENV)-docs/.docs: docs-constraints.txt | $(BIN)/python
	@echo "installing the tools for the documentation into $(VENV)-docs"
	@$(BIN)/python -m venv $(VENV)-docs
	@$(VENV)-docs/bin/python -m pip --disable-pip-version-check -qq install -r docs-constraints.txt
	@touch $@

docs: $(VENV)-docs/.docs ## build the documentation into site/ (nothing is fetched, every link is checked)
	@NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict --quiet
	@echo "open site/index.html"

# Some take a minute, some hours, some need arguments or data: they are listed with their first line, to be run one by one.
bench: ## list the benchmarks in bench/ with what each one measures
	@echo "make bench-peers, then make bench-engine: heldout beside torch, Keras and scikit-learn"
	@echo "make bench-evidence, make bench-effects: how often verdicts are wrong, published effects"
	@echo "the others are run by themselves: $(BIN)/python bench/NAME.py --help"
	@for program in bench/*.py; do \
	  grep -q '__name__ == "__main__"' "$$program" || continue; \
	  printf '  %-28s %s\n' "$$program" "$$(sed -n '1s/^"""//; 1s/"""$$//; 1p' "$$program")"; done

bench-engine: $(VENV)/.dev ## heldout's engine on the six works of bench/engine.py, beside the peers where they are installed
	$(BIN)/python bench/engine.py --brief

# An environment of its own: torch and Keras never come near the project's. Where pip does not find the CPU build of torch
# by itself: make bench-peers TORCH_INDEX=URL of the index that has it.
$(VENV)-bench/.peers: bench/peers/requirements.txt | $(BIN)/python
	@echo "installing what the benchmarks compare with into $(VENV)-bench"
	@$(BIN)/python -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip --disable-pip-version-check -qq install \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r bench/peers/requirements.txt
	@touch $@

bench-peers: $(VENV)-bench/.peers ## install torch (CPU), Keras, scikit-learn, skrub and cleanlab into .venv-bench

bench-evidence: $(VENV)/.dev ## measure how often verdicts are wrong (an hour; goes on where it stopped)
	$(BIN)/python bench/evidence.py --suite --out docs/error-rates.md

bench-effects: $(VENV)/.dev ## repeat published effects of the remedies (17 minutes of processor time)
	$(BIN)/python bench/effects.py

clean: ## remove the environment and caches, never a study
	rm -rf $(VENV) $(VENV)-docs $(VENV)-bench site .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist
