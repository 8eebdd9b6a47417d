# The few commands of a working copy. Everything they install goes into .venv and node_modules;
# everything a running copy writes goes into its home folder (.kouan, .kouan-demo).
#
#   PORT=9000 make run        another port            KOUAN_HOME=/srv/kouan make run   another home
#   ARGS="-k verdict" make test   a part of the tests      JOBS=0 make test   in one process
#   KOUAN_DEBUG= make run     without demonstration sign-ins

.DEFAULT_GOAL := help
.PHONY: help run demo test test-long survey test-pg check bench bench-checks fuzz pictures lock install dev-install clean
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
ARGS ?=
JOBS ?= auto
PYTEST = .venv/bin/python -m pytest -n $(JOBS) --maxprocesses=8 --dist=loadfile -q

help: ## List these commands
	@printf 'Kouan 口岸\n\n'
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)$$/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@printf '\n  .venv/bin/kouan --help   the command line, once `make run` or `make install` has been run\n'

run: install ## Set up with the bundled real data and serve the console on 127.0.0.1:8000
	@export KOUAN_HOME="$${KOUAN_HOME:-.kouan}" KOUAN_DEBUG="$${KOUAN_DEBUG-1}"; \
	.venv/bin/kouan setup; \
	exec .venv/bin/kouan serve --port "$${PORT:-8000}"

demo: install ## The same with the exercise workspace (演练: generated data, a yearly evaluation) on 127.0.0.1:8001
	@export KOUAN_HOME="$${KOUAN_HOME:-.kouan-demo}" KOUAN_WORKSPACE=exercise KOUAN_DEBUG="$${KOUAN_DEBUG-1}"; \
	.venv/bin/kouan setup --workspace exercise; \
	exec .venv/bin/kouan serve --port "$${PORT:-8001}"

test: dev-install ## Run the test suite, browser tests included, without the longest proofs
	@scripts/bootstrap-debian browser sqlite
	$(PYTEST) -m "not long" $(ARGS)

test-long: dev-install ## Run the longest proofs, which CI runs as well
	@scripts/bootstrap-debian browser sqlite postgres java nats
	@scripts/bootstrap spark
	@scripts/bootstrap brokers
	$(if $(ARGS),,scripts/with-postgres $(PYTEST) -n 0 -m "long and postgres")
	$(PYTEST) -m "long and not survey" $(ARGS)

survey: dev-install ## Ask every door as every role, feed every parser hundreds of spoilt files; not yet part of CI
	@scripts/bootstrap-debian browser sqlite
	$(PYTEST) -m survey $(ARGS)

test-pg: dev-install ## Run the suite on a throw-away PostgreSQL, without the browser and the tests that know no database
	@scripts/bootstrap-debian browser sqlite postgres
	scripts/with-postgres $(PYTEST) -m "not long" $(ARGS)

check: dev-install ## Lint, types, layers, locks, licences, advisories of KOUAN_ADVISORIES (no tests)
	@scripts/check

bench: ## Measure starts, intake, verdicts, pages and the evaluation engine beside its peers; prints tables
	@scripts/bootstrap bench
	@scripts/bootstrap-debian postgres
	@.venv/bin/python scripts/bench-index
	@.venv/bin/python scripts/bench-round
	@.venv/bin/python scripts/bench-journal
	@.venv/bin/python scripts/bench-live
	@.venv/bin/python scripts/bench-times --ten
	@.venv/bin/python scripts/bench-detection
	@.venv/bin/python scripts/bench-checks
	@.venv/bin/python scripts/bench $(ARGS)

bench-checks: ## Measure the check engine on seeded faults: recall, precision, false alarms, speed, memory
	@.venv/bin/python scripts/bench-checks $(ARGS)

fuzz: dev-install ## Feed every parser 100,000 spoilt files (hours; goes on where it stopped; ARGS="--cases 5000 csv xlsx")
	@.venv/bin/python scripts/fuzz $(ARGS)

pictures: dev-install ## Take the README's pictures of the console anew
	@scripts/bootstrap-debian browser
	.venv/bin/python scripts/pictures $(ARGS)

lock: dev-install ## Write the lock files anew from requirements/*.in and package.json
	@scripts/lock $(ARGS)

install: ## Install what running needs, and no more
	@scripts/bootstrap run

dev-install: ## Install what testing and checking need
	@scripts/bootstrap dev

clean: ## Remove what was installed and built here; homes (.kouan*) stay
	rm -rf .venv node_modules build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
