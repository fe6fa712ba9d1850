#!/usr/bin/env bash
# Five tests for longer than anybody waits for.
#
#   eng/soak.sh [ROUNDS]          the crash test: 500 rounds unless given, each takes a second or two. A failure prints the seed;
#                                 SESSION_MESH_CRASH_SEED=SEED plays the same choices again.
#   eng/soak.sh abuse [SECONDS]   dripping heads, floods, giant bodies, idle streams, registrations: a minute unless given, with what a
#                                 well-behaved agent saw of it printed at the end.
#   eng/soak.sh churn [SECONDS]   agents that register, are steered, end and are forgotten, as fast as they can: ten minutes unless given,
#                                 with how many there were and the memory before and after printed at the end.
#   eng/soak.sh agents            the real coding agents, from npm, against a scripted model: seen, steered, paused and killed. They are
#                                 kept in $SESSION_MESH_AGENT_PROGRAMS, ~/.cache/session-mesh-tests/programs unless set: some gigabytes.
#   eng/soak.sh nodes             several servers on one PostgreSQL, killed, paused and cut off under load, an hour or so; then all tests of the
#                                 server with the mesh on PostgreSQL, but those of SQLite's file: ten minutes or more. A failure prints the
#                                 seed; SESSION_MESH_NODES_SEED=SEED plays the same choices again.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
export SESSION_MESH_TEST_HANG=${SESSION_MESH_TEST_HANG:-24h}
if [ "${1:-}" = abuse ] || [ "${1:-}" = churn ]; then
    SESSION_MESH_SOAK_FIGURES=$(mktemp)
    export SESSION_MESH_SOAK_FIGURES
    trap 'cat "$SESSION_MESH_SOAK_FIGURES"; rm -f "$SESSION_MESH_SOAK_FIGURES"' EXIT
    if [ "$1" = abuse ]; then
        export SESSION_MESH_SOAK_ABUSE=${2:-60}
        "$here/test.sh" EndToEnd --filter FullyQualifiedName~Abuse
    else
        export SESSION_MESH_SOAK_CHURN=${2:-600}
        "$here/test.sh" EndToEnd --filter FullyQualifiedName~Churn
    fi
elif [ "${1:-}" = agents ]; then
    export SESSION_MESH_SOAK_AGENTS=1
    export CI=true # a program that cannot be had is a failure: the run is about nothing else
    exec "$here/test.sh" EndToEnd --filter FullyQualifiedName~EndToEnd.Tests.Agents
elif [ "${1:-}" = nodes ]; then
    code=0
    SESSION_MESH_SOAK_NODES=1 "$here/test.sh" EndToEnd --filter FullyQualifiedName~EndToEnd.Tests.Nodes || code=$?
    MESH_TESTS_STORE=postgres "$here/test.sh" Server --filter Store!=SQLite || code=$?
    exit $code
else
    export SESSION_MESH_SOAK_ROUNDS=${1:-500}
    exec "$here/test.sh" EndToEnd --filter FullyQualifiedName~Crash
fi
