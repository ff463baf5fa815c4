PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test check app bench clean help

help:
	@echo "make demo   set up, solve River Bend, write out/river-bend.xlsx and out/river-bend.json, print the mix"
	@echo "make test   set up, run every test"
	@echo "make check  format, lint and type checks"
	@echo "make app    open the pages on http://127.0.0.1:8501"
	@echo "make bench  speed beside the alternatives, as ratios"

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Python 3.11 or later is needed; set PYTHON=" && exit 1)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(READY)
	@mkdir -p out
	$(BIN)/allocator solve river-bend --cross-check --json out/river-bend.json --excel out/river-bend.xlsx
	@echo
	@echo "  next: make app   ·   $(BIN)/allocator solve river-bend --set market.btc_price_usd=126000"

test: $(READY)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

app: $(READY)
	$(BIN)/allocator app

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "linopy>=0.5,<1"
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv out build *.egg-info
