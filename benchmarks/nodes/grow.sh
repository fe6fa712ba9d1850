#!/usr/bin/env bash
# One, two and three nodes on one PostgreSQL, on the same cores: grow.sh PROGRAMS SCRATCH PORT ROUNDS SECONDS AGENTS, as compare.sh. The same
# load goes to one node or is divided among all; what is on a node less is followed by it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
programs=$1 scratch=$2 port=$3 rounds=$4 seconds=$5 agents=$6
database=$(mktemp -d "$(dirname "$scratch")/mesh-bench-postgres.XXXXXX") # not in SCRATCH, which is root's alone where root measures
results=$scratch/grow.tsv
servers=() urls=()

finish() {
    for server in "${servers[@]}"; do
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    done
    ./eng/postgres.sh stop "$database" >/dev/null 2>&1 || true
    rm -rf "$database"
}
trap finish EXIT

bench() { dotnet "$programs/bench/SessionMesh.Benchmarks.dll" "$@"; }

add_node() {
    local n=$((${#urls[@]} + 1))
    urls+=("http://127.0.0.1:$((port + n))")
    dotnet "$programs/server/SessionMesh.Server.dll" --urls "${urls[-1]}" --data "$scratch/n$n" --node-id "n$n" --anonymous-rate-limit 0 \
        --store postgres --postgres-file "$database/connection" --root-key-file "$scratch/nodes.key" >"$scratch/n$n.log" 2>&1 &
    servers+=($!)
    for _ in $(seq 400); do curl -fs "${urls[-1]}/readyz" >/dev/null 2>&1 && break; sleep 0.1; done
}

# measure NAME MODE CONNECTIONS: to all nodes at once, each with its part of the connections; the calls added up, and the worst p99.
measure() {
    local n=${#urls[@]} i waiting=()
    for i in "${!urls[@]}"; do
        wrk -t1 -c$(($3 / n)) -d"${seconds}s" -s benchmarks/wrk/mesh.lua "${urls[$i]}" -- "$2" "$agents" >"$scratch/wrk.$i" &
        waiting+=($!)
    done
    wait "${waiting[@]}"
    for i in "${!urls[@]}"; do awk '/^RESULT/ { print $3, $5, $6 + $7 }' "$scratch/wrk.$i"; done | awk -v name="$1" -v nodes="$n" '
        { calls += $1; if ($2 > p99) p99 = $2; bad += $3 }
        END { printf "%s\t%d\t%d\t%d\t%d\n", name, nodes, calls, p99, bad }' >>"$results"
    printf '.' >&2
}

# ticks N: of 10 ms, in which a node has had a core so far.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${servers[$1]}/stat"; }

revision() { curl -fs -H "Authorization: Bearer $SESSION_API_KEY" "${urls[$1]}/api/session-mesh/status" | sed 's/.*"revision":\([0-9]*\).*/\1/'; }

# follow: what it costs the second node to follow what the first writes: µs of a core a change, beside what it uses while nothing is written.
follow() {
    local idle busy from
    sleep 2
    idle=$(ticks 1); sleep $((seconds * 3)); idle=$(($(ticks 1) - idle))
    from=$(revision 1) busy=$(ticks 1)
    wrk -t1 -c48 -d$((seconds * 3))s -s benchmarks/wrk/mesh.lua "${urls[0]}" -- steer "$agents" >"$scratch/wrk.follow"
    sleep 1
    awk -v ticks=$(($(ticks 1) - busy - idle)) -v changes=$(($(revision 1) - from)) 'BEGIN { printf "%d %.1f\n", changes, ticks * 10000 / changes }'
}

./eng/postgres.sh start "$database" $((port + 5)) >/dev/null
: >"$results"
add_node
SESSION_API_KEY=$(cat "$scratch/nodes.key")
export SESSION_API_KEY
echo "seeding $agents agents, then with one, two and three nodes…" >&2
bench seed "${urls[0]}" 0 "$agents"
for nodes in 1 2 3; do
    [ "${#urls[@]}" -ge "$nodes" ] || add_node
    for _ in $(seq "$rounds"); do measure heartbeat heartbeat 48; done
    for _ in $(seq "$rounds"); do measure 'alive, 3 fields' alive-fields 48; done
done
for nodes in 3 2 1; do # steers last, and the other way round: from here on inboxes fill up
    if [ "${#urls[@]}" -gt "$nodes" ]; then
        kill "${servers[-1]}"; wait "${servers[-1]}" 2>/dev/null || true
        unset 'servers[-1]' 'urls[-1]'
        sleep 1
    fi
    for _ in $(seq "$rounds"); do
        measure steer steer 48
    done
    if [ "$nodes" = 2 ]; then
        capacity=$(awk -F'\t' '$1 == "steer" && $2 == 2 && (!least || $3 < least) { least = $3 } END { print int(least) }' "$results")
        rate=$((capacity / 10 > 200 ? 200 : capacity / 10 + 1))
        followed=$(follow)
        across=$(bench across "${urls[0]}" "${urls[1]}" 200 "$rate" $((seconds * 3)))
    fi
done
echo >&2

awk -F'\t' '
    function median(list,    parts, n, i, j, swap) {
        n = split(list, parts, " ")
        for (i = 2; i <= n; i++) for (j = i; j > 1 && parts[j] + 0 < parts[j - 1] + 0; j--) { swap = parts[j]; parts[j] = parts[j - 1]; parts[j - 1] = swap }
        return parts[int((n + 1) / 2)]
    }
    !($1 in seen) { seen[$1] = 1; order[++count] = $1 }
    { calls[$1, $2] = calls[$1, $2] " " $3; p99[$1, $2] = p99[$1, $2] " " $4; bad[$1] += $5 }
    END {
        printf "\n%-20s %28s %28s %28s\n", "", "one node", "two nodes", "three nodes"
        printf "%-20s", ""; for (n = 1; n <= 3; n++) printf " %14s %13s", "calls/s", "p99 ms"; print ""
        for (i = 1; i <= count; i++) {
            printf "%-20s", order[i]
            for (n = 1; n <= 3; n++) printf " %14d %13.2f", median(calls[order[i], n]), median(p99[order[i], n]) / 1000
            if (bad[order[i]]) printf "   %d calls failed", bad[order[i]]
            print ""
        }
    }' "$results"
awk -v followed="$followed" 'BEGIN { split(followed, t, " "); printf "following what another node writes: %.1f µs of a core a change, of %d changes\n", t[2], t[1] }'
awk -v rate="$rate" -v across="$across" 'BEGIN { split(across, t, " "); printf "a steer at one node to its event at another, at %d a second: p50 %.1f ms, p99 %.1f ms\n", rate, t[1] / 1000, t[2] / 1000 }'
