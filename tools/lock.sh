#!/bin/sh
# Resolves requirements.txt, requirements-cluster.txt, requirements-login.txt and
# requirements-test.txt into their lock files: one set for Python 3.11 to 3.13 on Linux and macOS.
# requirements-light.lock is requirements.txt without what only training needs.
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
# cleanlab, which only tests need, asks for NumPy below 2; what they use of it works
echo 'numpy>=2' >>"$scratch/overrides.txt"

resolve() { # resolve NAME [OPTION...]: NAME.txt -> NAME.lock
    name=$1
    shift
    compile "$name.txt" "$name.lock" "$@"
}

compile() { # compile FILE LOCK [OPTION...]
    from=$1 to=$2
    shift 2
    echo "lock: ${from##*/} -> $to"
    "$scratch/venv/bin/uv" --no-config pip compile "$from" --output-file "$to" "$@" \
        --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --constraint "$scratch/constraints.txt" --no-annotate --quiet \
        --custom-compile-command 'make lock'
}

resolve requirements
grep -Ev '^(tensorflow|keras)==' requirements.txt >"$scratch/requirements-light.txt"
compile "$scratch/requirements-light.txt" requirements-light.lock --constraint requirements.lock
resolve requirements-cluster --constraint requirements.lock
resolve requirements-login --constraint requirements.lock --constraint requirements-cluster.lock
# a .venv brings its own pip
resolve requirements-test --constraint requirements.lock --constraint requirements-cluster.lock \
    --constraint requirements-login.lock \
    --override "$scratch/overrides.txt" --no-emit-package pip
