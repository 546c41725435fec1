.PHONY: up down test lint lock

up:       ## install what is missing, then start Redis, Ray and the models: `make up ARGS="--port 9000"`
	@requirements/install
	@.venv/bin/basemodel up $(ARGS)

down:     ## stop what `make up` started
	@if [ -x .venv/bin/basemodel ]; then .venv/bin/basemodel down; else echo "Nothing is installed here, so nothing runs."; fi

test:     ## all tests: `make test ARGS="-k seed"`
	@requirements/install dev
	@.venv/bin/python -m pytest $(ARGS)

lint:     ## style, types, and which package may import which
	@requirements/install dev
	@.venv/bin/ruff check .
	@.venv/bin/mypy --explicit-package-bases budgets router deployments basemodel tests requirements
	@.venv/bin/lint-imports --no-logo

lock:     ## choose all versions anew (needs the CPU wheel of PyTorch where pip looks)
	@requirements/install dev
	@.venv/bin/python requirements/lock.py
