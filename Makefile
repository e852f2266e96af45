# `make help` lists the targets. Needs Python 3.11 or newer, Node 20.19 or newer, and nothing else.
PYTHON ?= python3
BIN := backend/.venv/bin
MODEL := tests/sessions/test_any_order.py
EXTENSION := .venv/bin/python -m pytest -m "not e2e and not faults" --ignore tests/bookshelf --ignore $(MODEL)
SETUP := $(PYTHON) scripts/setup.py
# Each job's output in one piece, where make knows how (GNU make 4).
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help start dev check check-backend check-frontend test test-extension test-postgresql test-bookshelf test-browser test-frontend test-faults test-lowest lint format types lock common bench certs

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

start: ## Set up what is missing, then serve the whole app on http://localhost:5003
	@$(SETUP) backend build
	@exec $(BIN)/python backend/main.py

dev: ## Serve with reload on code changes: back end (5003) and Vite (3003) side by side
	@$(SETUP) backend-dev frontend
	@exec $(BIN)/python scripts/dev.py

check: ## Lint, types, and the tests that need no server and no browser
	@$(SETUP) backend-dev frontend
	@$(MAKE) --no-print-directory $(TOGETHER) -j3 lint check-backend check-frontend

check-backend:
	cd backend && .venv/bin/python -m pytest -q -m "not server and not e2e"

check-frontend:
	cd frontend && npx vitest run

test: ## Set up what is missing, then run every check
	@$(SETUP) backend-dev build browser
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory $(TOGETHER) -j3 test-extension test-bookshelf test-browser test-postgresql test-frontend

test-extension: ## Only the extension's tests, and which of its branches they reach
	cd backend && $(EXTENSION) --cov -k "not postgresql or stores"

# Coverage makes them half as slow again, and these reach nothing that the same tests on SQLite don't.
test-postgresql: ## Only the extension's tests on PostgreSQL
	cd backend && $(EXTENSION) -k "postgresql and not stores"

# The model-based test reaches nothing that the others don't, and takes a minute more under coverage.
test-bookshelf: ## Only the tests of the example and its server, and the sessions against their model
	cd backend && .venv/bin/python -m pytest tests/bookshelf $(MODEL)

test-browser: ## Only the tests in a real browser
	cd backend && .venv/bin/python -m pytest -m e2e

test-frontend: ## Only the front end's tests, and its package
	cd frontend && npm test && npm run --silent check:package

test-faults: ## Break Redis, SQL and workers while people use the app; some 6 minutes
	@$(SETUP) backend-dev build
	cd backend && .venv/bin/python -m pytest -s tests/faults

test-lowest: ## The extension's tests with the lowest versions that its package allows
	@$(SETUP) backend-dev
	$(BIN)/python scripts/lowest.py

lint: ## Lint and strict types, both sides
	@$(SETUP) backend-dev frontend
	cd backend && .venv/bin/ruff check . ../scripts && .venv/bin/ruff format --check . ../scripts
	cd backend && .venv/bin/mypy
	cd backend && .venv/bin/lint-imports --no-logo && .venv/bin/python ../scripts/lint_lua.py flask_tokenkeep
	cd frontend && npm run lint && npm run typecheck

format: ## Format the code, both sides
	@$(SETUP) backend-dev frontend
	cd backend && .venv/bin/ruff check --fix . ../scripts && .venv/bin/ruff format . ../scripts
	cd frontend && npm run format

types: ## Write the front end's API types anew, after an endpoint has changed
	@$(SETUP) backend-dev frontend
	cd backend && .venv/bin/python -m bookshelf.contract ../frontend
	cd frontend && npm run --silent types

lock: ## Write backend/requirements.lock anew, with hashes, after requirements.txt has changed
	@$(SETUP) backend-dev
	$(BIN)/python scripts/lock.py

common: ## Write the list of common passwords anew, for both sides, after scripts/common_phrases.txt has changed
	@$(SETUP) backend
	$(BIN)/python scripts/common.py

bench: ## Measure what a token costs a request, beside none and beside the usual way
	@$(SETUP) backend-dev
	@cd backend && .venv/bin/python bench.py

certs: ## Make a local pair for TLS_CERT and TLS_KEY, in var/certs
	@$(SETUP) backend
	@$(BIN)/python scripts/certs.py var/certs
