#!/usr/bin/env bash
# Times the tool as whole processes, against the server that SESSION_MESH_URL and SESSION_API_KEY name; eng/bench.sh calls it.
#
#   start.sh ROUNDS TOOL [BEFORE]   a line for each figure: name, TOOL, BEFORE (or -), and the median of TOOL/BEFORE within a round
#
# Times are in milliseconds, in turn within each round and beside /bin/true, which is what a process costs here at all. Memory is the
# peak of `run` as the kernel has it (VmHWM), in MB, once its agent is registered.
set -euo pipefail

rounds=$1 now=$2 before=${3:-}
measured=$(mktemp) errors=$(mktemp)
trap 'rm -f "$measured" "$errors"' EXIT
tools=(now "$now")
[ -z "$before" ] || tools+=(before "$before")

# note FIGURE TOOL VALUE
note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$measured"; }

# timed FIGURE TOOL COMMAND…: a command that fails ends the run, for it would not be the same work.
timed() {
    local figure=$1 tool=$2 began
    shift 2
    began=${EPOCHREALTIME/[.,]/}
    "$@" >/dev/null 2>"$errors" || { cat "$errors" >&2; exit 1; }
    note "$figure" "$tool" $((${EPOCHREALTIME/[.,]/} - began))
}

# A list is whole by default, or with --all in tools that cut it.
whole() { if "$1" list --help | grep -q -- '--all '; then echo --all; fi; }

# hook PROGRAM EVENT: an event of a session of Claude Code, as its hook command takes it.
hook() {
    printf '{"session_id":"%s","hook_event_name":"%s","cwd":"/tmp","tool_name":"Bash","tool_input":{"command":"ls"}}' "$session" "$2" \
        | "$1" hook claude-code
}

# Tools from before there were hooks have no figure.
has_hooks() { "$1" hook claude-code --help >/dev/null 2>&1; }

# run_memory TOOL PROGRAM
run_memory() {
    local agent=bench-run-$1-$RANDOM runner
    "$2" run --quiet --agent-id "$agent" -- sleep 600 &
    runner=$!
    for _ in $(seq 100); do
        if "$2" show "$agent" >/dev/null 2>&1; then break; fi
        sleep 0.1
    done
    note 'run, peak MB' "$1" "$(awk '/^VmHWM/ { print $2 }' "/proc/$runner/status")"
    kill "$runner"
    wait "$runner" || true
}

for i in $(seq 10000); do
    printf '{"type":"session","id":"bench%s","user":"listed","status":"active","ttl":31536000,"meta":{"theme":"dark"},"created_at":"%s"}\n' \
        "$i" 2026-01-01T00:00:00Z
done | "$now" session import - >/dev/null

# Below its own parents there is no Claude Code, so nothing is attached to a process.
session=$(cat /proc/sys/kernel/random/uuid)
hook "$now" SessionStart >/dev/null

for round in $(seq 0 "$rounds"); do
    # The first round fills caches, and is thrown away.
    [ "$round" != 1 ] || : >"$measured"
    timed '/bin/true' now /bin/true
    for ((i = 0; i < ${#tools[@]}; i += 2)); do
        tool=${tools[i]} program=${tools[i + 1]}
        timed version "$tool" "$program" version
        if has_hooks "$program"; then timed 'hook, an event' "$tool" hook "$program" PreToolUse; fi
        timed 'list of 100' "$tool" "$program" list --limit 100
        timed 'list of 5,000 as JSON' "$tool" "$program" list $(whole "$program") --output json
        timed 'session create' "$tool" "$program" session create --id "bench-$tool-$round" --user bench
        timed 'session get' "$tool" "$program" session get "bench-$tool-$round"
        "$program" session delete "bench-$tool-$round" >/dev/null # the list stays as long as it is
        timed 'session list of 10,000' "$tool" "$program" session list --user listed
        run_memory "$tool" "$program"
    done
done

# Each figure is noted once a round and tool, so the nth of both is of one round.
awk -F'\t' '
  function median(list, n,    i, j, swap) {
    for (i = 2; i <= n; i++) for (j = i; j > 1 && list[j] < list[j - 1]; j--) { swap = list[j]; list[j] = list[j - 1]; list[j - 1] = swap }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
  }
  function of(figure, tool,    i, list) {
    for (i = 1; i <= count[figure, tool]; i++) list[i] = value[figure, tool, i]
    return median(list, count[figure, tool])
  }
  function ratio(figure,    i, list) {
    for (i = 1; i <= count[figure, "now"]; i++) list[i] = value[figure, "now", i] / value[figure, "before", i]
    return median(list, count[figure, "now"])
  }
  !(($1, "now") in count) { order[++figures] = $1 }
  { value[$1, $2, ++count[$1, $2]] = $3 }
  END {
    for (f = 1; f <= figures; f++) {
      figure = order[f]
      unit = figure ~ /MB$/ ? 1024 : 1000
      both = (figure, "before") in count
      before = both ? sprintf("%.1f\t%.2f", of(figure, "before") / unit, ratio(figure)) : "-\t-"
      printf "%s\t%.1f\t%s\n", figure, of(figure, "now") / unit, before
    }
  }' "$measured"
