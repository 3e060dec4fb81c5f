# make        install, run the default study to its report
# make test   install, run all checks and the tests
# make quick  install, run the tests that take seconds
# make test-long   install, run the proofs that take minutes, which `make test` leaves out: whole studies again, and
#                  those of SLURM where it is installed (make slurm)
# make slurm, make browser   install Debian's SLURM, Chromium for their tests, as root
# make run CONFIG=config/paper.yaml CORES=8   another study
PYTHON ?= python3
CONFIG ?= config/config.yaml
CORES ?= all

BIN := .venv/bin
# Snakemake keeps copies of its files in the home's cache; where the home cannot be written to, here.
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export XDG_CACHE_HOME := $(or $(XDG_CACHE_HOME),$(CURDIR)/.snakemake/cache)
endif

.PHONY: run install test test-long check quick slurm browser

run: install
	@set -e; folder=$$($(BIN)/thinkalike where "$(CONFIG)"); report="$$folder/report.html"; \
	$(BIN)/snakemake --cores $(CORES) --configfile "$(CONFIG)"; \
	if [ ! -e "$$report" ] || [ -n "$$(find "$$folder"/*/tables "$$folder"/*/figures -newer "$$report")" ]; then \
	  $(BIN)/snakemake --cores 1 --configfile "$(CONFIG)" --report "$$report"; \
	fi; \
	for made in "$$folder"/*/explorer.html; do [ ! -e "$$made" ] || echo "Explorer: $$made"; done; \
	echo "Report:   $$report"; \
	for made in "$$folder"/*/figures; do echo "Figures:  $$made"; done; \
	for made in "$$folder"/*/tables; do echo "Tables:   $$made"; done

install: .venv/installed

.venv/installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

.venv/installed-tests: .venv/installed requirements-test.lock
	$(BIN)/pip install --quiet --no-deps --requirement requirements-test.lock
	touch $@

check: .venv/installed-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/oxlint workflow/thinkalike/explorer/scripts
	$(BIN)/snakefmt --check Snakefile workflow/rules workflow/thinkalike/start/Snakefile
	$(BIN)/snakemake --lint

PYTEST := $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

test: check
	$(PYTEST) -m "not long and not slurm"

test-long: .venv/installed-tests
	$(PYTEST) -m "long or slurm"

quick: .venv/installed-tests
	$(BIN)/ruff check .
	$(PYTEST) -m "not slow and not slurm"

slurm:
	$(PYTHON) tests/slurm/local_slurm.py install

browser:
	command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver; }
