.PHONY: up down test test-clients screenshots pictures chaos bench lint lock vendor

up:       ## install what is missing, then start Redis, Ray and the models: `make up ARGS="--port 9000"`
	@requirements/install
	@.venv/bin/basemodel up $(ARGS)

down:     ## stop what `make up` started
	@if [ -x .venv/bin/basemodel ]; then .venv/bin/basemodel down; else echo "Nothing is installed here, so nothing runs."; fi

#: Tests that start no cluster: several files at a time where all are run.
TOGETHER = tests/budgets tests/router tests/workbench

test:     ## all tests, or those you name: `make test ARGS="-k seed"`
	@requirements/install dev
	@requirements/vendor/install
ifeq ($(strip $(ARGS)),)
	@status=0; \
	.venv/bin/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile $(TOGETHER) || status=1; \
	.venv/bin/python -m pytest $(addprefix --ignore=,$(TOGETHER)) || status=1; \
	exit $$status
else
	@.venv/bin/python -m pytest $(ARGS)
endif

test-clients: ## real clients from PyPI and npm against the running service: `make test-clients ARGS="-k lm_eval"`
	@requirements/install dev
	@requirements/clients/install
	@.venv/bin/python -m pytest tests/clients $(ARGS)

screenshots: ## every page, light and dark, wide and on a phone, into a folder: `make screenshots ARGS=/tmp/pictures`
	@requirements/install dev
	@.venv/bin/python -m tests.browser.screenshots $(ARGS)

pictures: ## the README's pictures, of the service that runs here
	@requirements/install dev
	@.venv/bin/python -m tests.stack.pictures

chaos:    ## gateways and Redis killed under load, for an hour; goes on where it stopped: `make chaos ARGS="--rounds 5"`
	@requirements/install dev
	@.venv/bin/python -m loadtest.chaos --detach $(ARGS)

bench:    ## vLLM's server, ray.serve.llm, LiteLLM and this service side by side; goes on where it stopped: `make bench ARGS="--again"`
	@requirements/install dev
	@requirements/clients/install peers
	@.venv/bin/python -m loadtest.bench $(ARGS)

lint:     ## style, types (of the pages' scripts as well), and which package may import which
	@requirements/install dev
	@requirements/vendor/install
	@.venv/bin/ruff check .
	@.venv/bin/mypy --explicit-package-bases budgets router workbench deployments basemodel loadtest tests requirements
	@.venv/bin/lint-imports --no-logo
	@requirements/vendor/node node_modules/typescript/bin/tsc --project tsconfig.json

lock:     ## choose all versions anew (needs the CPU wheel of PyTorch where pip looks)
	@requirements/install dev
	@.venv/bin/python requirements/lock.py
	@.venv/bin/python -m requirements.lock_clients

vendor:   ## make the pages' libraries in workbench/static/vendor anew, from requirements/vendor/package-lock.json
	@requirements/install dev
	@requirements/vendor/install
	@requirements/vendor/node bundle.js
