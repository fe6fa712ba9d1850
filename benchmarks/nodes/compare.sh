#!/usr/bin/env bash
# A server on SQLite and one on PostgreSQL, measured by turns on the same cores: compare.sh PROGRAMS SCRATCH PORT ROUNDS SECONDS AGENTS
# PROGRAMS has server/ and bench/ as eng/bench.sh publishes them; SCRATCH is on the disk that both stores are to be on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
programs=$1 scratch=$2 port=$3 rounds=$4 seconds=$5 agents=$6
database=$(mktemp -d "$(dirname "$scratch")/mesh-bench-postgres.XXXXXX") # not in SCRATCH, which is root's alone where root measures
declare -A servers=() urls=() keys=()

finish() {
    for store in "${!servers[@]}"; do
        kill "${servers[$store]}" 2>/dev/null || true
        wait "${servers[$store]}" 2>/dev/null || true
    done
    ./eng/postgres.sh stop "$database" >/dev/null 2>&1 || true
    rm -rf "$database"
}
trap finish EXIT

start() { # STORE PORT [OPTION…]
    local store=$1
    urls[$store]=http://127.0.0.1:$2
    shift 2
    dotnet "$programs/server/SessionMesh.Server.dll" --urls "${urls[$store]}" --data "$scratch/$store" --anonymous-rate-limit 0 "$@" \
        >"$scratch/$store.log" 2>&1 &
    servers[$store]=$!
    for _ in $(seq 200); do curl -fs "${urls[$store]}/livez" >/dev/null 2>&1 && break; sleep 0.05; done
    keys[$store]=$(cat "$scratch/$store/root.key")
    SESSION_API_KEY=${keys[$store]} dotnet "$programs/bench/SessionMesh.Benchmarks.dll" seed "${urls[$store]}" 0 "$agents"
}

# ticks STORE: of 10 ms, in which the server has had a core so far. What PostgreSQL itself uses is not in them.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${servers[$1]}/stat"; }

# measure STORE MODE CONNECTIONS: a second's answers, p50 and p99 in µs, and the server's ticks. A call that is refused or broken ends the
# run.
measure() {
    local line before
    before=$(ticks "$1")
    line=$(SESSION_API_KEY=${keys[$1]} wrk -t2 -c"$3" -d"${seconds}s" -s benchmarks/wrk/mesh.lua "${urls[$1]}" -- "$2" "$agents" \
        | awk '/^RESULT/ { print $3, $4, $5, $6 + $7 }')
    case $line in
        *' 0') echo "${line% 0} $(($(ticks "$1") - before))" ;;
        *) echo "$1, $2: calls failed ($line)" >&2; tail -n 5 "$scratch/$1.log" >&2; return 1 ;;
    esac
}

# compare NAME MODE CONNECTIONS: a pair a round, which begins with the one that was last.
compare() {
    local round order store line
    for round in $(seq "$rounds"); do
        order='sqlite postgres'
        [ $((round % 2)) = 1 ] || order='postgres sqlite'
        for store in $order; do
            line=$(measure "$store" "$2" "$3")
            printf '%s\t%s\t%s\t%s\n' "$1" "$3" "$store" "${line// /$'\t'}" >>"$scratch/nodes.tsv"
            printf '.' >&2
        done
    done
}

./eng/postgres.sh start "$database" $((port + 2)) >/dev/null
echo "seeding $agents agents on SQLite and on PostgreSQL…" >&2
start sqlite "$port"
start postgres $((port + 1)) --store postgres --postgres-file "$database/connection"
compare 'heartbeat' heartbeat 64
compare 'heartbeats of 3,000' heartbeats 8
compare 'alive, whole rows' alive 64
compare 'alive, 3 fields' alive-fields 64
compare 'steer' steer 64 # from here on inboxes fill up, and a heartbeat would carry what waits in them
compare 'steers of 100' steers 64
echo >&2

awk -F'\t' -v seconds="$seconds" '
    function sort(list, parts,    n, i, j, swap) {
        n = split(list, parts, " ")
        for (i = 2; i <= n; i++) for (j = i; j > 1 && parts[j] + 0 < parts[j - 1] + 0; j--) { swap = parts[j]; parts[j] = parts[j - 1]; parts[j - 1] = swap }
        return n
    }
    function median(list,    parts, n) { n = sort(list, parts); return parts[int((n + 1) / 2)] }
    !($1 in connections) { order[++count] = $1; connections[$1] = $2 }
    { rps[$1, $3] = rps[$1, $3] " " $4; p99[$1, $3] = p99[$1, $3] " " $6; work[$1, $3] = work[$1, $3] " " $4 * seconds * 100 / ($7 + 1) }
    END {
        printf "%-20s %5s %10s %10s %10s %10s %10s %10s   %s\n", "", "", "SQLite", "", "", "PostgreSQL", "", "", "PostgreSQL of SQLite"
        printf "%-20s %5s %10s %10s %10s %10s %10s %10s   %-6s   %s\n", "", "conn", "calls/s", "p99 ms", "per core", "calls/s", "p99 ms", "per core",
            "median", "each round"
        for (i = 1; i <= count; i++) {
            name = order[i]
            n = split(rps[name, "sqlite"], file, " "); split(rps[name, "postgres"], database, " ")
            each = ""
            for (r = 1; r <= n; r++) each = each sprintf(" %.2f", database[r] / file[r])
            printf "%-20s %5d %10d %10.2f %10d %10d %10.2f %10d   %-6.2f  %s\n", name, connections[name], median(rps[name, "sqlite"]),
                median(p99[name, "sqlite"]) / 1000, median(work[name, "sqlite"]), median(rps[name, "postgres"]),
                median(p99[name, "postgres"]) / 1000, median(work[name, "postgres"]), median(each), each
        }
        print "per core: calls for each second in which the server had a core; what PostgreSQL itself uses is not in it"
    }' "$scratch/nodes.tsv"
