#!/bin/sh
# Resolves requirements.txt, requirements-cluster.txt, requirements-login.txt and
# requirements-test.txt into their lock files: one set for Python 3.11 to 3.13 on Linux and macOS.
# What is locked stays unless a pin asks otherwise; delete the lock files first to move everything
# to its newest.
set -eu
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
"${PYTHON:-python3}" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check uv==0.13.8

# 1.3 says that it is for Python below 3.11, which pip heeds and uv does not
echo 'backports-strenum<1.3' >"$scratch/constraints.txt"

# botocore, which only the tests' S3 server needs, asks for less than the app has; it works
echo 'python-dateutil>=2.9' >"$scratch/overrides.txt"

resolve() { # resolve NAME [OPTION...]: NAME.txt -> NAME.lock
    name=$1
    shift
    echo "lock: $name.txt -> $name.lock"
    "$scratch/venv/bin/uv" --no-config pip compile "$name.txt" --output-file "$name.lock" "$@" \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --constraint "$scratch/constraints.txt" --no-annotate --quiet \
        --custom-compile-command 'make lock'
}

resolve requirements
resolve requirements-cluster --constraint requirements.lock
resolve requirements-login --constraint requirements.lock --constraint requirements-cluster.lock
# a .venv brings its own pip
resolve requirements-test --constraint requirements.lock --constraint requirements-cluster.lock \
    --constraint requirements-login.lock \
    --override "$scratch/overrides.txt" --no-emit-package pip
