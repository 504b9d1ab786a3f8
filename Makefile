# Two commands are enough to begin: `make serve` and `make test`. What they need is set up on first use, in .venv.
# Extra arguments go through ARGS: make test ARGS="-k fold -x". Another interpreter: make PYTHON=python3.13 test.

PYTHON ?= python3
ARGS ?=
bin := .venv/bin
ready := .venv/.ready
install := $(bin)/python -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help serve test torture lint format docs lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(ready) ## the site, Datasette and the projector, on this machine
	@$(bin)/archive serve $(ARGS)

test: $(ready) ## all tests but the long ones
	@$(bin)/pytest $(ARGS)

torture: $(ready) ## the long tests: faults, kills, soaks; prints seeds and counts (docs/reliability.md)
	@$(bin)/pytest -m torture -rP $(ARGS)

lint: $(ready) ## style, format, types, and who may import whom
	@echo "ruff check";          $(bin)/ruff check --quiet .
	@echo "ruff format --check"; $(bin)/ruff format --quiet --check . || { echo "run: make format"; exit 1; }
	@echo "mypy";                $(bin)/mypy
	@echo "lint-imports";        $(bin)/lint-imports --no-logo

format: $(ready) ## put the code into its format, and mend what can be mended
	@$(bin)/ruff check --quiet --fix-only .
	@$(bin)/ruff format .

docs: $(ready) ## write the reference pages and datasette_metadata.json from the code
	@$(bin)/python -m archive.describing.reference
	@$(bin)/python -m archive.describing.metadata > datasette_metadata.json

lock: ## solve requirements.txt anew; ARGS=--upgrade for newer versions
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	$(PYTHON) -m venv "$$scratch" && "$$scratch/bin/pip" install --quiet uv && \
	cp requirements.txt "$$scratch/lock" && \
	"$$scratch/bin/uv" pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --no-emit-index-url --quiet --output-file "$$scratch/lock" $(ARGS) && \
	{ head -n 1 requirements.txt; grep -v '^#' "$$scratch/lock"; } > "$$scratch/requirements.txt" && \
	if cmp -s "$$scratch/requirements.txt" requirements.txt; then echo "requirements.txt is up to date"; \
	else cp "$$scratch/requirements.txt" requirements.txt && echo "requirements.txt has changed: make test"; fi

clean: ## remove what was made here, except the data
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find archive events feeds tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# One stamp for the whole set-up: it is redone only when the project's settings or the lock change. pip and setuptools
# come first, so that what must be built (feedgen, and we) is built with the locked ones.
$(ready): pyproject.toml requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Python 3.11 or later is needed; $(PYTHON) is older or missing. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(bin)/pip || { echo "making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "installing the locked packages (once, about a minute)"
	@sed -nE '/^(pip|setuptools)==/,/[^\]$$/p' requirements.txt > .venv/builders.txt
	@$(install) --require-hashes -r .venv/builders.txt
	@$(install) --require-hashes --no-build-isolation -r requirements.txt
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@
