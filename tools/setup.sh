#!/bin/sh
# Makes .venv from a Python 3.11 to 3.13 and installs the lock files named.
#
#     sh tools/setup.sh requirements.lock [requirements-cluster.lock] [requirements-test.lock]
#
# PYTHON=/path/to/python chooses the Python. A second run does nothing until a lock changes.
# Plain sh: it runs in Debian's dash and in the bash 3.2 of macOS.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
python=$venv/bin/python
unfinished=$venv/.unfinished # there until .venv is complete, so that a torn one is made anew

say() { printf 'setup: %s\n' "$*"; }
die() {
    say "$@" >&2
    exit 1
}

# "3.12.1 arm64 venv", or "... none" without ensurepip, or nothing when $1 does not run:
# a pyenv shim may exist with no Python behind it. Also runs on Python 2.
probe() {
    "$1" -c '
import platform, sys
try:
    import ensurepip, venv
    has = "venv"
except ImportError:
    has = "none"
print("%d.%d.%d %s %s" % (tuple(sys.version_info[:3]) + (platform.machine(), has)))
' 2>/dev/null || true
}

minor() { # "3.12.1 arm64 venv" -> "3.12"
    version=${1%% *}
    printf '%s\n' "${version%.*}"
}

age() {
    case $1 in
    3.11.* | 3.12.* | 3.13.*) echo right ;;
    3.1[4-9].* | 3.[2-9][0-9].* | [4-9].*) echo 'too new' ;;
    *) echo 'too old' ;;
    esac
}

# Sets $base and $facts to the first of the commands named that is fit, or ends in one line.
choose_python() {
    wrong='' bare='' intel=''
    for base in "$@"; do
        facts=$(probe "$base")
        [ -n "$facts" ] || continue
        case $(age "$facts")/$(uname -s)/$facts in
        right/Darwin/*\ x86_64\ *) intel=$base ;;
        right/*\ none) bare=${bare:-$base} ;;
        right/*) return ;;
        *) wrong="$wrong, $base is ${facts%% *} ($(age "$facts"))" ;;
        esac
    done
    [ -z "$bare" ] || die "$bare has no venv: on Debian, sudo apt install $(venv_package "$bare")"
    [ -z "$intel" ] || die "$intel is for Intel Macs, which TensorFlow and LiteRT have no wheel for"
    [ -n "$wrong" ] || wrong=", $1 is missing or does not run"
    die "needs Python 3.11 to 3.13, but ${wrong#, }: install one" \
        '(Debian: python3 and python3-venv, macOS: brew install python@3.13)' \
        'or name one: PYTHON=/path/to/python3.13 make setup'
}

venv_package() {
    case $1 in
    python3 | */python3) echo python3-venv ;;
    *) echo "python$(minor "$(probe "$1")")-venv" ;;
    esac
}

venv_is_usable() {
    [ ! -e "$unfinished" ] && [ -x "$python" ] || return 1
    facts=$(probe "$python")
    [ "$(age "$facts")" = right ] || return 1
    # an upgraded python3 behind the link leaves the packages in the old version's folder
    [ -d "$venv/lib/python$(minor "$facts")/site-packages" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$(minor "$facts")" = "$(minor "$(probe "$PYTHON")")" ]
}

make_venv() {
    # the user's own python3 first: it is what pyenv, conda or a CI matrix chose
    if [ -n "${PYTHON:-}" ]; then
        choose_python "$PYTHON"
    else
        choose_python python3 python3.13 python3.12 python3.11
    fi
    say "making $venv with $base (Python ${facts%% *})"
    rm -f "$python" # first, so that a .venv torn while it goes is not taken for good either
    rm -rf "$venv"
    mkdir "$venv"
    : >"$unfinished"
    "$base" -m venv "$venv" || die "$base -m venv $venv failed; its reason is above"
    rm "$unfinished"
}

is_installed() {
    for lock in "$@"; do
        cmp -s "$lock" "$venv/$lock.installed" || return 1
    done
}

install() {
    case $* in
    *requirements.lock*) disk='3 GB' ;;
    *) disk='1 GB' ;;
    esac
    say "installing $* into $venv; the first time takes some minutes and about $disk of disk"
    rm -f "$venv"/*.installed
    quiet=--quiet
    [ ! -t 1 ] || quiet=--no-input
    arguments=''
    for lock in "$@"; do arguments="$arguments -r $lock"; done
    # shellcheck disable=SC2086 # lock file names hold no spaces
    "$python" -m pip install --disable-pip-version-check --no-user "$quiet" \
        --require-hashes --no-deps --only-binary :all: $arguments ||
        die 'installing failed; the reason is above. Mend it and run the same command again'
    for lock in "$@"; do cp "$lock" "$venv/$lock.installed"; done
    say 'ready'
}

case $(uname -s) in
MINGW* | MSYS* | CYGWIN*) die 'on Windows use pip (see README.md) or WSL' ;;
esac
venv_is_usable || make_venv
is_installed "$@" || install "$@"
