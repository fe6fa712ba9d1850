#!/usr/bin/env bash
# Measures the server against a bare GET on the same Kestrel, in one run, alternating, on a scratch store.
#   ./eng/bench.sh            everything, about eight minutes
#   ./eng/bench.sh --quick    one short round, without the million agents: does it still work?
#   ./eng/bench.sh --tool     the tool alone
#   ./eng/bench.sh page       the live page alone: what a person waits for, and what a viewer costs; needs chromium
#   ./eng/bench.sh nodes      a server on SQLite and one on PostgreSQL by turns, then one, two and three nodes on one PostgreSQL, about ten
#                             minutes; --quick nodes: does it still work?
#   ./eng/bench.sh --discovery    finding agents in fleets of 1,000, 100,000 and 1,000,000 alone
#   BENCH_BEFORE=COMMIT ./eng/bench.sh …    the tool beside that of a commit, which its own install.sh installs
# Read the ratios: machines are shared and noisy, and wrk runs on the same cores as the server.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${BENCH_ROUNDS:-5} seconds=4 million=1 streams=10000 sessions=1000000 chain=10000 crowd=10000 history=10000000
starts=20
if [ "${1:-}" = --quick ]; then starts=2 rounds=1 seconds=1 million=0 streams=500 sessions=100000 chain=1000 crowd=1000 history=100000; fi
agents=100000 port=${BENCH_PORT:-7499}
url=http://127.0.0.1:$port
out=$PWD/artifacts/bench
scratch=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/mesh-bench.XXXXXX")
results=$scratch/results.tsv
server=''

finish() { stop_server; rm -rf "$scratch"; }
trap finish EXIT

# A server of its own on an empty store: what one measurement leaves behind must not be part of the next.
start_server() { # NAME [OPTION…]
  local data=$scratch/$1
  shift
  dotnet "$out/server/SessionMesh.Server.dll" --urls "$url" --data "$data" --anonymous-rate-limit 0 "$@" >"$scratch/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do curl -fs "$url/livez" >/dev/null 2>&1 && break; sleep 0.02; done
  SESSION_API_KEY=$(cat "$data/root.key")
  export SESSION_API_KEY
}

stop_server() {
  [ -n "$server" ] || return 0
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=''
}

# Debian's package would make and start a cluster of its own, unless it is told not to.
install_postgres() {
  local as_root
  as_root=$([ "$(id -u)" = 0 ] || echo sudo)
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}

command -v wrk >/dev/null || { as_root=$([ "$(id -u)" = 0 ] || echo sudo); $as_root apt-get update -qq && $as_root apt-get install -y -qq wrk >/dev/null; }
dotnet publish src/SessionMesh.Server -c Release -o "$out/server" -v quiet -nologo
dotnet publish benchmarks/SessionMesh.Benchmarks -c Release -o "$out/bench" -v quiet -nologo
bench() { dotnet "$out/bench/SessionMesh.Benchmarks.dll" "$@"; }
memory() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }

# measure_tool: a line for each figure of the tool, as benchmarks/tool/start.sh has them, on a server with 5,000 agents.
measure_tool() {
  local before=''
  echo "installing the tool${BENCH_BEFORE:+, and that of $BENCH_BEFORE}…" >&2
  PREFIX=$scratch/now ./eng/install.sh >/dev/null
  if [ -n "${BENCH_BEFORE:-}" ]; then
    mkdir "$scratch/source"
    git archive "$BENCH_BEFORE" | tar -x -C "$scratch/source"
    PREFIX=$scratch/before "$scratch/source/eng/install.sh" >/dev/null
    before=$scratch/before/bin/session-mesh
  fi
  start_server tool
  bench seed "$url" 0 5000
  echo "starting the tool $((starts + 1)) times for each figure…" >&2
  # In a home of its own: what the person who measures has configured is no part of it.
  HOME=$scratch SESSION_MESH_URL=$url benchmarks/tool/start.sh "$starts" "$scratch/now/bin/session-mesh" "$before" >"$scratch/tool.tsv"
  stop_server
}

print_tool() {
  printf '%-24s %9s %9s   %s\n' 'l  the tool' 'ms' 'before' 'of before (median of rounds)'
  awk -F'\t' '{ printf "%-24s %9s %9s   %s\n", "l  " $1, $2, $3, $4 }' "$scratch/tool.tsv"
}

# measure_discovery: item m, on one server whose fleet grows, while heartbeats go on.
measure_discovery() {
  local fleet had=0 beating
  start_server discovery
  for fleet in 1000 100000 $([ "$million" = 0 ] || echo 1000000); do
    echo "finding agents in a fleet of $fleet…" >&2
    bench seed-skills "$url" "$had" $((fleet - had))
    had=$fleet
    dotnet "$out/bench/SessionMesh.Benchmarks.dll" beat "$url" "$fleet" 5000 >/dev/null &
    beating=$!
    bench discovery "$url" "$fleet" "$seconds" | sed "s/^/$fleet\t/" >>"$scratch/discovery.tsv"
    kill "$beating"; wait "$beating" 2>/dev/null || true
  done
  stop_server
}

print_discovery() {
  awk -F'\t' '
    !($2 in first) { order[++count] = $2; first[$2] = $3 }
    !($1 in seen) { seen[$1] = 1; fleets[++columns] = $1 }
    { p50[$2, $1] = $3 }
    END {
      printf "%-55s", "m  p50 in ms, of a fleet of"
      for (f = 1; f <= columns; f++) printf " %10d", fleets[f]
      print "   the largest of the smallest"
      for (i = 1; i <= count; i++) {
        printf "m  %-52s", order[i]
        for (f = 1; f <= columns; f++) printf " %10.2f", p50[order[i], fleets[f]] / 1000
        printf "   %.2f\n", p50[order[i], fleets[columns]] / first[order[i]]
      }
    }' "$scratch/discovery.tsv"
}

if [ "${1:-}" = --tool ]; then
  measure_tool
  print_tool
  exit
fi

if [ "${1:-}" = --discovery ]; then
  measure_discovery
  print_discovery
  exit
fi

if [ "${1:-}" = nodes ] || [ "${1:-} ${2:-}" = "--quick nodes" ]; then
  [ "$1" = nodes ] || agents=10000
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || install_postgres
  benchmarks/nodes/compare.sh "$out" "$scratch" "$port" "$rounds" "$seconds" "$agents"
  benchmarks/nodes/grow.sh "$out" "$scratch" "$port" "$rounds" "$seconds" "$agents"
  exit
fi

# measure_page AGENTS: a line for each figure, while a tenth of the agents beat each second.
measure_page() {
  start_server "page-$1"
  bench seed "$url" 0 "$1"
  dotnet "$out/bench/SessionMesh.Benchmarks.dll" beat "$url" "$1" $(($1 / 10 < 500 ? 500 : $1 / 10)) >/dev/null &
  beating=$!
  bench page "$url" "$1" "$page_seconds" "$server" | awk -F'\t' -v agents="$1" '{ printf "%9d agents  %-38s %8s\n", agents, $1, $2 }'
  kill "$beating"; wait "$beating" 2>/dev/null || true
  stop_server
}

if [ "${1:-}" = page ] || [ "${1:-} ${2:-}" = "--quick page" ]; then
  command -v chromium >/dev/null || { as_root=$([ "$(id -u)" = 0 ] || echo sudo); $as_root apt-get install -y -qq chromium >/dev/null; }
  page_seconds=20 fleets='100 10000 100000'
  [ "$1" = page ] || page_seconds=3 fleets=100
  for fleet in $fleets; do measure_page "$fleet"; done
  agents=10000
  start_server page-beats
  bench seed "$url" 0 "$agents"
  beats() { wrk -t2 -c64 -d"${seconds}s" -s benchmarks/wrk/mesh.lua "$url" -- heartbeat "$agents" | awk '/^RESULT/ { print $3 }'; }
  for _ in $(seq "$rounds"); do
    alone=$(beats)
    : >"$scratch/watching"
    dotnet "$out/bench/SessionMesh.Benchmarks.dll" watch-page "$url" 10 >"$scratch/watching" & # not by the function: it is ended by its id
    watching=$!
    for _ in $(seq 300); do grep -q open "$scratch/watching" && break; sleep 0.2; done
    watched=$(beats)
    kill "$watching"; wait "$watching" 2>/dev/null || true
    awk -v a="$alone" -v b="$watched" 'BEGIN { printf "heartbeats a second, alone and with ten viewers: %d %d, ratio %.2f\n", a, b, b / a }'
  done
  stop_server
  # What the page costs when nobody looks: two stores with the same agents, and the server on each in turn, with the page and without.
  for kind in without with; do
    start_server "$kind"; bench seed "$url" 0 "$agents"; stop_server
  done
  for _ in $(seq "$rounds"); do
    for kind in without with; do
      began=$(date +%s%N)
      start_server "$kind" $([ "$kind" = with ] || echo --no-dashboard)
      printf '%s\t%d\t%d\t%d\n' "$kind" $((($(date +%s%N) - began) / 1000000)) "$(memory)" "$(beats)"
      stop_server
    done
  done | awk -F'\t' '
    { n[$1]++; for (i = 2; i <= 4; i++) all[$1, i, n[$1]] = $i }
    function median(kind, i,    k, v, j, t) {
      for (k = 1; k <= n[kind]; k++) { v[k] = all[kind, i, k]; for (j = k; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t } }
      return v[int((n[kind] + 1) / 2)]
    }
    END {
      split("x,start to /livez in ms,memory after it in MB,heartbeats a second", what, ",")
      for (i = 2; i <= 4; i++) { a = median("without", i); b = median("with", i)
        printf "nobody looks: %-24s %7d without the page %7d with it, ratio %.2f\n", what[i], a, b, b / a }
    }'
  exit
fi

read -r fsync_p50 fsync_p99 < <(bench fsync "$scratch")
start_server data
echo "seeding $agents agents…" >&2
bench seed "$url" 0 "$agents"
memory_100k=$(memory)

# measure NAME MODE CONNECTIONS: one line of results. Any refused call or broken connection ends the run: it would not be the same work.
measure() {
  local line
  line=$(wrk -t2 -c"$3" -d"${seconds}s" -s benchmarks/wrk/mesh.lua "$url" -- "$2" "$agents" | awk '/^RESULT/ { print $3, $4, $5, $6 + $7 }')
  set -- "$1" "$2" "$3" $line
  [ "$7" = 0 ] || { echo "$1: $7 calls failed" >&2; tail -5 "$scratch/server.log" >&2; exit 1; }
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$3" "$4" "$5" "$6" >>"$results"
  printf '.' >&2
}

pair() { measure "bare $1" bare "$3"; measure "$1" "$2" "$3"; }

for _ in $(seq "$rounds"); do
  pair "b heartbeat" heartbeat 64
  pair "b heartbeat 256" heartbeat 256
  dotnet "$out/bench/SessionMesh.Benchmarks.dll" beat "$url" "$agents" 5000 >/dev/null &
  beating=$!
  pair "d alive, whole rows" alive 64
  pair "d alive, 3 fields" alive-fields 64
  kill "$beating"; wait "$beating" 2>/dev/null || true
  measure "f heartbeats" heartbeats 8
done

# Last: nobody listens here, so the inboxes fill up, and a heartbeat would carry what waits in them.
for _ in $(seq "$rounds"); do
  pair "c steer" steer 64
  pair "c steer 256" steer 256
  pair "c steers of 100" steers 64
done
echo >&2
read -r way_rps way_p50 way_p99 < <(bench whole-way "$url" 1000 $((seconds * 3)))

stop_server
start_server sessions
echo "importing $sessions sessions, and exporting them…" >&2
settle() { sleep 3; } # the collector's last word before memory is read
memory_empty=$(memory)
read -r imported exported < <(bench sessions "$url" "$sessions" "$scratch")
settle; memory_sessions=$(memory)
for _ in $(seq "$rounds"); do
  pair "g session get" session-get 64
  pair "g session create" session-create 64
  pair "g session set" session-set 64
done
echo >&2

stop_server
start_server fleet
echo "seeding $agents agents again, and opening $streams streams…" >&2
bench seed "$url" 0 "$agents"
settle; memory_before=$(memory)
coproc STREAMS { bench streams "$url" "$streams"; }
read -r _ <&"${STREAMS[0]}"
settle; memory_streams=$(memory)
echo go >&"${STREAMS[1]}"
read -r stream_p50 stream_p99 <&"${STREAMS[0]}"
wait "$STREAMS_PID" || true

memory_million='not measured'
if [ "$million" = 1 ]; then
  echo "seeding a million agents…" >&2
  bench seed "$url" "$agents" $((1000000 - agents))
  settle
  memory_million="$(memory) MB"
fi

stop_server
start_server crowd
echo "a chain of $chain, a crowd of $crowd, and $sessions sessions that end at once…" >&2
read -r chain_ms chain_bytes chain_p99 chain_worst < <(bench chain "$url" "$chain")
read -r crowd_ms crowd_p99 crowd_worst crowd_alone < <(bench crowd "$url" "$crowd" 10)
read -r expiry_s expiry_p99 expiry_worst < <(bench expiry "$url" "$sessions" 16)

# start_time AGENTS DIRECTIVES: seconds from the command to the first answer.
start_time() {
  stop_server
  start_server "filled-$1-$2"
  stop_server
  bench make-store "$scratch/filled-$1-$2/mesh.db" "$1" "$2"
  local began
  began=$(date +%s%N)
  start_server "filled-$1-$2"
  awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $began) / 1e9 }"
  stop_server
  rm -rf "$scratch/filled-$1-$2"
}
start_agents=$([ "$million" = 1 ] && echo 1000000 || echo 100000)
echo "starting with $start_agents agents, without and with $history directives of history…" >&2
start_time "$start_agents" 0 >"$scratch/start"
start_time "$start_agents" "$history" >"$scratch/start-history"
measure_discovery
measure_tool

awk -F'\t' -v batch=3000 '
  function median(list,    parts, n, i, j, swap) {
    n = split(list, parts, " ")
    for (i = 2; i <= n; i++) for (j = i; j > 1 && parts[j] + 0 < parts[j - 1] + 0; j--) { swap = parts[j]; parts[j] = parts[j - 1]; parts[j - 1] = swap }
    return parts[int((n + 1) / 2)]
  }
  /^bare / { bare = $3; bares = bares " " $3; next }
  !($1 in connections) { order[++count] = $1; connections[$1] = $2 }
  { rps[$1] = rps[$1] " " $3; p50[$1] = p50[$1] " " $4; p99[$1] = p99[$1] " " $5; ratio[$1] = ratio[$1] " " $3 / bare }
  END {
    printf "%-24s %5s %11s %9s %9s   %s\n", "", "conn", "requests/s", "p50 ms", "p99 ms", "of a bare GET (median of rounds)"
    printf "%-24s %5s %11d\n", "a bare GET", "", median(bares)
    for (i = 2; i <= count; i++) for (j = i; j > 1 && order[j] < order[j - 1]; j--) { swap = order[j]; order[j] = order[j - 1]; order[j - 1] = swap }
    for (i = 1; i <= count; i++) {
      name = order[i]
      note = name ~ /^f/ ? sprintf("%d leases/s", median(rps[name]) * batch) : sprintf("%.2f", median(ratio[name]))
      if (name ~ /steers of 100/) note = sprintf("%d directives/s, %.1f times those of single steers", median(rps[name]) * 100, median(rps[name]) * 100 / median(rps["c steer"]))
      printf "%-24s %5d %11d %9.2f %9.2f   %s\n", name, connections[name], median(rps[name]), median(p50[name]) / 1000, median(p99[name]) / 1000, note
    }
  }' "$results"
printf '%-24s %5s %11d %9.2f %9.2f   1,000 streams, steer to durable ack\n' "e whole way" 64 "$way_rps" "$(awk "BEGIN { print $way_p50 / 1000 }")" "$(awk "BEGIN { print $way_p99 / 1000 }")"
awk "BEGIN { printf \"%-24s %5s %11s %9.2f %9.2f   %s open, %.1f KB of the server's memory each; from a steer to its event\\n\", \"streams\", \"\", \"\", $stream_p50 / 1000, $stream_p99 / 1000, $streams, ($memory_streams - $memory_before) * 1024 / $streams }"
printf 'Sessions: %d imported a second, %d exported a second, %d of them; the server took %d MB before and %d MB after.\n' "$imported" "$exported" "$sessions" "$memory_empty" "$memory_sessions"
echo "fsync of 4 KiB: p50 ${fsync_p50} µs, p99 ${fsync_p99} µs. Server memory: ${memory_100k} MB at 100,000 agents, ${memory_million} at 1,000,000."
echo "h  kill of a chain of $chain: $chain_ms ms, an answer of $((chain_bytes / 1024)) KB; single steers beside it: p99 $chain_p99 ms, worst $chain_worst ms."
echo "i  steer by selector to $crowd: $crowd_ms ms; single steers beside it: p99 $crowd_p99 ms, worst $crowd_worst ms; alone p99 $crowd_alone ms."
echo "j  start with $start_agents agents: $(cat "$scratch/start") s; with $history directives of history too: $(cat "$scratch/start-history") s."
echo "k  $sessions sessions that end at once: all over in the log after $expiry_s s; single steers beside it: p99 $expiry_p99 ms, worst $expiry_worst ms."
print_discovery
print_tool
