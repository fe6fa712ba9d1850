#!/usr/bin/env bash
# A mesh of three nodes on one PostgreSQL behind HAProxy, for trying: on 127.0.0.1 alone, in a directory of its own.
#
#   eng/cluster.sh start DIR [PORT]   makes it in DIR, a new directory, or starts the one that is there. The balancer listens on PORT (7420
#                                     unless given), the nodes on the three above it, PostgreSQL on the fourth
#   eng/cluster.sh stop DIR           stops what start started; what it has stays in DIR
#
# The balancer's configuration is eng/haproxy.cfg. HAProxy and PostgreSQL are Debian's packages: apt-get install haproxy postgresql
# The server is built first, unless SESSION_MESH_SERVER names its program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "error: $*" >&2; exit 1; }

[ $# -ge 2 ] || usage
dir=$(realpath -m -- "$2")
nodes='n1 n2 n3'

# A process is its id and the time at which it began: an id alone may be another's by now.
began() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
remember() { echo "$2 $(began "$2")" >"$dir/$1.pid"; }
runs() { # NAME
    local pid at
    [ -f "$dir/$1.pid" ] && read -r pid at <"$dir/$1.pid" && [ -n "$at" ] && [ "$(began "$pid")" = "$at" ] && echo "$pid"
}

launch() { # NAME COMMAND…: goes on when this script has ended
    local name=$1
    shift
    setsid "$@" </dev/null >>"$dir/$name.log" 2>&1 &
    remember "$name" $!
}

ready() { # NAME URL
    for _ in $(seq 600); do
        ! curl -fs -o /dev/null --max-time 2 "$2/readyz" || return 0
        runs "$1" >/dev/null || { tail -n 5 "$dir/$1.log" >&2; fail "$1 ended at its start; $dir/$1.log says why"; }
        sleep 0.1
    done
    fail "$1 was not ready after a minute; see $dir/$1.log"
}

start() {
    local port=$1 i=0 node
    [[ $port =~ ^[0-9]+$ ]] || usage
    command -v haproxy >/dev/null || fail "HAProxy is not here. ./eng/test.sh installs it; by hand: apt-get install haproxy"
    for node in balancer $nodes; do ! runs "$node" >/dev/null || fail "$node runs already: eng/cluster.sh stop $dir"; done
    [ -d "$dir/postgres" ] || [ -z "$(ls -A "$dir" 2>/dev/null)" ] || fail "$dir is not empty, and nothing in it was made by this script"

    local server=${SESSION_MESH_SERVER:-}
    if [ -z "$server" ]; then
        echo "building the server…" >&2
        dotnet publish src/SessionMesh.Server -c Release -o artifacts/cluster/server -v quiet -nologo -clp:NoSummary
        server=$PWD/artifacts/cluster/server/SessionMesh.Server.dll
    fi

    mkdir -p "$dir"
    chmod 711 "$dir" # PostgreSQL's account passes through it where root starts it
    trap 'stop >/dev/null 2>&1' ERR EXIT
    ./eng/postgres.sh start "$dir/postgres" $((port + 4)) >/dev/null

    for node in $nodes; do
        i=$((i + 1))
        SESSION_MESH_POSTGRES=$(cat "$dir/postgres/connection") launch "$node" dotnet "$server" \
            --store postgres --node-id "$node" --data "$dir/$node" --root-key-file "$dir/root.key" \
            --urls "http://127.0.0.1:$((port + i))" --allow-host localhost,127.0.0.1
    done
    for i in 1 2 3; do ready "n$i" "http://127.0.0.1:$((port + i))"; done

    MESH_BIND=127.0.0.1:$port MESH_N1=127.0.0.1:$((port + 1)) MESH_N2=127.0.0.1:$((port + 2)) MESH_N3=127.0.0.1:$((port + 3)) \
        launch balancer haproxy -db -f eng/haproxy.cfg
    ready balancer "http://127.0.0.1:$port"
    trap - ERR EXIT
    cat <<SAY
Three nodes, n1 to n3, are ready behind http://127.0.0.1:$port. To sign in:

  export SESSION_MESH_URL=http://127.0.0.1:$port
  export SESSION_API_KEY=\$(cat $dir/root.key)
  session-mesh nodes

Each node is reached on a port of its own, too: $((port + 1)), $((port + 2)), $((port + 3)). Logs are in $dir/*.log. To stop it: eng/cluster.sh stop $dir
SAY
}

stop() {
    local node pid
    for node in balancer $nodes; do
        if pid=$(runs "$node"); then kill "$pid"; fi
    done
    for node in balancer $nodes; do
        for _ in $(seq 300); do runs "$node" >/dev/null || break; sleep 0.1; done
        if pid=$(runs "$node"); then kill -KILL "$pid"; fi
        rm -f "$dir/$node.pid"
    done
    [ ! -d "$dir/postgres/data" ] || ./eng/postgres.sh stop "$dir/postgres" >/dev/null
    echo "Stopped. What it has is in $dir."
}

case $1 in
    start) [ $# -le 3 ] || usage; start "${3:-7420}" ;;
    stop) [ -d "$dir/postgres" ] || fail "there is no cluster of this script in $dir"; stop ;;
    *) usage ;;
esac
