# ELBO Lab: `make app` starts it, `make test` tests it, `make` lists the rest.
# Everything is installed into .venv; deleting that folder undoes it all.

PORT ?= 8501
# Tried in this order; name your own with `make app PYTHON=/path/to/python3`.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11
VENV := .venv
VENV_PYTHON := $(VENV)/bin/python
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

# What looks at the clock runs alone, then all the rest on so many processes; browser tests mostly wait.
PYTEST := $(VENV)/bin/python -m pytest
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder $(COVERAGE)

# There while an install is under way; holds its process id.
UNFINISHED := $(VENV)/.unfinished

.PHONY: help app test lint profile venv
.DEFAULT_GOAL := help

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

app: $(VENV)/.runtime ## Start ELBO Lab in the browser (PORT=8502 for another port)
	@$(VENV_PYTHON) -m streamlit run app.py --server.port $(PORT) --server.showEmailPrompt false

test: $(VENV)/.dev ## Run every test: unit, page, browser (ARGS="-k vae" runs what pytest then finds)
	@ELBO_LAB_CHROMIUM="$$(sh tests/browser/ensure_chromium.sh)" || exit 1; export ELBO_LAB_CHROMIUM; \
	$(if $(ARGS),$(PYTEST) $(ARGS),$(PYTEST) -m clock; clock=$$?; $(PYTEST) -m "not clock" $(SIDE_BY_SIDE) && exit $$clock)

lint: $(VENV)/.dev ## Check style, types and which package imports which
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy
	@$(VENV)/bin/lint-imports --no-logo

profile: $(VENV)/.dev ## Show where a training step and a page go (PRESET=ssvae PAGE=bounds)
	@$(VENV_PYTHON) -m training profile $(or $(PRESET),vae)
	@$(VENV_PYTHON) -m tests.profile_page $(or $(PAGE),samples)

venv: $(VENV)/.dev ## Only install, into .venv

# The mark outlives an install that was killed: then .venv is made anew.
ifneq ($(wildcard $(UNFINISHED)),)
.PHONY: $(VENV_PYTHON)
endif

$(VENV_PYTHON):
	@case "$$(ps -ww -o args= -p "$$(cat $(UNFINISHED) 2>/dev/null)" 2>/dev/null)" in *$(VENV)*) \
	  echo "Another make is installing into $(VENV): wait for it, or delete $(VENV)." >&2; exit 1; \
	esac
	@for python in $(PYTHON); do \
	  "$$python" -c '$(FITS)' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.11 to 3.14 found: install one, or name yours: make PYTHON=/path/to/python3 ..." >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python has no venv module: install it (Debian, Ubuntu: sudo apt install python3-venv)." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	rm -rf $(VENV) && mkdir $(VENV) && echo $$$$ > $(UNFINISHED) && \
	"$$python" -m venv $(VENV) && rm $(UNFINISHED)

$(VENV)/.runtime: requirements.txt $(VENV_PYTHON)
$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
$(VENV)/.runtime $(VENV)/.dev:
	@if ! $(VENV_PYTHON) -c '$(FITS)'; then \
	  echo "The Python in $(VENV) is not 3.11 to 3.14: delete $(VENV) and call make again." >&2; exit 1; \
	fi
	@$(VENV_PYTHON) -m pip --version >/dev/null 2>&1 || $(VENV_PYTHON) -m ensurepip >/dev/null
	@echo "Installing $< (the first time takes some minutes)"
	@trap 'exit 130' HUP INT TERM; echo $$$$ > $(UNFINISHED); \
	$(VENV_PYTHON) -m pip install --disable-pip-version-check -r $<; status=$$?; \
	if [ $$status -le 1 ]; then rm $(UNFINISHED); fi; \
	if [ $$status -ne 0 ]; then \
	  echo "Could not install $<: see pip's lines above; with the network back, call make again." >&2; exit 1; \
	fi
	@touch $@
