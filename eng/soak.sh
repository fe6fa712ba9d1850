#!/usr/bin/env bash
# The crash test for longer: eng/soak.sh [ROUNDS], 500 unless given; each takes a second or two. A failure prints the
# seed; SESSION_MESH_CRASH_SEED=SEED plays the same choices again.
set -euo pipefail
export SESSION_MESH_SOAK_ROUNDS=${1:-500}
export SESSION_MESH_TEST_HANG=${SESSION_MESH_TEST_HANG:-24h}
exec "$(dirname "${BASH_SOURCE[0]}")/test.sh" EndToEnd --filter FullyQualifiedName~Crash
