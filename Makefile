# `make` lists what there is. Plain enough for the make 3.81 of macOS.
.DEFAULT_GOAL := help
.PHONY: help setup setup-test cluster login run serve check test soak fuzz lint format bench screenshots lock audit clean

python := .venv/bin/python

# LIGHT=1 leaves out TensorFlow: all but training works, see README.md
app_lock := requirements$(if $(LIGHT),-light).lock

# Digits to train and measure on; without them tests make their own strokes.
ifndef RECOGNIZER_DATA
ifneq ($(wildcard ../shared/data),)
export RECOGNIZER_DATA := $(CURDIR)/../shared/data
endif
endif

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv and install what the app needs; PYTHON=... chooses the Python, LIGHT=1 leaves out TensorFlow
	@sh tools/setup.sh $(app_lock)

setup-test:
	@sh tools/setup.sh requirements.lock requirements-cluster.lock requirements-test.lock

cluster: ## also install what predicting many files, on a cluster or s3://, needs
	@sh tools/setup.sh requirements.lock requirements-cluster.lock

login: ## also install what signing in with st.login needs, see docs/exposing.md
	@sh tools/setup.sh requirements.lock requirements-login.lock

run: setup ## open the app in the browser; ARGS="--server.port 8600" reaches Streamlit
	@$(python) -m streamlit run app.py $(ARGS)

serve: setup ## open the app to others, with limits; read docs/exposing.md first
	@$(python) -m streamlit run serve.py $(ARGS)

check: lint ## lint, and the tests that need neither Keras nor a browser
	@$(python) -m pytest -n 2 -m "not keras and not browser"

test: lint ## lint, then every test, those that need no Keras or browser first
	@$(python) -m pytest -n 2 -m "not keras and not browser"
	@$(python) -m pytest -m "keras or browser"

soak: setup-test ## let things go wrong at random moments; ARGS="--fault all --seed 7 --times 50"
	@$(python) tests/reliability/soak.py $(ARGS)

fuzz: setup-test ## bring the app damaged files and messages; ARGS="--cases 100000 --seed 7"
	@$(python) tests/reliability/fuzz.py $(ARGS)

lint: setup-test ## check style and format
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .

format: setup-test ## mend style and format
	@$(python) -m ruff check --fix .
	@$(python) -m ruff format .

bench: setup-test ## measure reading, speed and memory; writes benchmarks/results.json
	@$(python) -m benchmarks

screenshots: setup-test ## pictures of every page into screenshots/; ARGS="draw --sizes 360"
	@PYTHONPATH=.:tests $(python) tests/browser/screenshots.py $(ARGS)

lock: ## resolve the requirements again, into their lock files
	@sh tools/lock.sh

audit: setup-test ## look for known vulnerabilities in the locked packages
	@$(python) -m tools.audit

clean: ## remove .venv and caches; models, jobs and corrections stay
	@rm -f $(python)
	@rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
