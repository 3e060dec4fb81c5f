# make        install, run the default study to its report
# make test   install, run all checks and tests
# make run CONFIG=config/paper.yaml CORES=8   another study
PYTHON ?= python3
CONFIG ?= config/config.yaml
CORES ?= all

BIN := .venv/bin
STUDY = $(shell sed -n 's/^study: *//p' $(CONFIG))
REPORT = results/$(STUDY)/report.html

.PHONY: run install test check

run: install
	$(BIN)/snakemake --cores $(CORES) --configfile $(CONFIG)
	@if [ ! -e $(REPORT) ] || [ -n "$$(find results/$(STUDY)/*/tables results/$(STUDY)/*/figures -newer $(REPORT))" ]; then \
	  $(BIN)/snakemake --cores 1 --configfile $(CONFIG) --report $(REPORT); \
	fi
	@echo "Report:  $(REPORT)"
	@for folder in results/$(STUDY)/*/figures; do echo "Figures: $$folder"; done
	@for folder in results/$(STUDY)/*/tables; do echo "Tables:  $$folder"; done

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
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

test: check
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder
