#!/usr/bin/env bash
# Follows the README's first commands from a fresh clone of the last commit, in a clean home, and prints the seconds after which each was done.
#
#   ./eng/first-minutes.sh          with the packages that this account has restored before
#   COLD=1 ./eng/first-minutes.sh   restores them anew
#   PORT=7521 ./eng/first-minutes.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

port=${PORT:-7520}
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/first-minutes.XXXXXX")
server='' agent=''

finish() {
    [ -z "$agent" ] || kill "$agent" 2>/dev/null || true
    # dotnet run waits for the server that it started, and ends it when it is told to end.
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
    rm -rf "$scratch"
}
trap finish EXIT

for name in $(compgen -e | grep '^SESSION_' || true); do unset "$name"; done
export HOME=$scratch/home DOTNET_CLI_TELEMETRY_OPTOUT=1 SESSION_MESH_URL=http://127.0.0.1:$port
[ -n "${COLD:-}" ] || export NUGET_PACKAGES=$packages
mkdir "$HOME"

began=${EPOCHREALTIME/[.,]/}
step() {
    local tenths=$(((${EPOCHREALTIME/[.,]/} - began) / 100000))
    printf '%4d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$1"
}

git clone -q . "$scratch/session-mesh"
cd "$scratch/session-mesh"
step 'cloned'
dotnet run --project src/SessionMesh.Server -- --urls "$SESSION_MESH_URL" >"$scratch/server.log" 2>&1 &
server=$!
until curl -fs "$SESSION_MESH_URL/livez" >/dev/null; do
    kill -0 "$server" 2>/dev/null || { cat "$scratch/server.log" >&2; exit 1; }
    sleep 0.1
done
step 'the server answers'
PREFIX=$HOME/.local ./eng/install.sh >"$scratch/install.log" 2>&1 || { cat "$scratch/install.log" >&2; exit 1; }
export PATH=$HOME/.local/bin:$PATH
step 'the tool is installed'
session-mesh run --agent-id demo --on-steer 'echo "going $SESSION_MESH_DIRECTION"' -- sleep 600 >/dev/null 2>&1 &
agent=$!
until session-mesh show demo >/dev/null 2>&1; do sleep 0.1; done
step 'an agent is alive'
session-mesh steer --agent-id demo --direction north --wait acknowledged --no-input >/dev/null
step 'it acknowledged a steer'
session-mesh kill --agent-id demo --yes >/dev/null
step 'it is stopped, with proof'
