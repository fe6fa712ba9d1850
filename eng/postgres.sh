#!/usr/bin/env bash
# A PostgreSQL for trying and measuring, of Debian's package, with its default settings: on 127.0.0.1 alone, with a random password.
#
#   eng/postgres.sh start DIR PORT    makes it in DIR, a new directory, or starts the one that is there; the connection string of a database
#                                     for a mesh is in DIR/connection (mode 0600), to be given to the server with --postgres-file
#   eng/postgres.sh stop DIR          stops it; what it has stays in DIR
#
# PostgreSQL does not run as root: there, the account postgres (or nobody) runs it, and DIR has to be where that account gets to.
set -euo pipefail

usage() { sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
fail() { echo "error: $*" >&2; exit 1; }

[ $# -ge 2 ] || usage
dir=$(realpath -m -- "$2") data=$(realpath -m -- "$2")/data

bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1) || bin=$(dirname "$(command -v initdb)") 2>/dev/null || bin=''
[ -x "$bin/initdb" ] || fail "PostgreSQL's initdb is not here. ./eng/test.sh installs it; by hand: apt-get install postgresql"

as=()
account=$(id -un)
if [ "$(id -u)" = 0 ]; then
    account=postgres
    id -u postgres >/dev/null 2>&1 || account=nobody
    as=(setpriv --reuid "$account" --regid "$(id -g "$account")" --clear-groups env HOME=/)
fi
run() { (cd / && "${as[@]}" "$@"); }
is_running() { [ -d "$data" ] && run "$bin/pg_ctl" status -D "$data" >/dev/null 2>&1; }
query() { run "$bin/psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 -h "$dir" -p "$port" -U postgres postgres; }

start() {
    port=$1
    [[ $port =~ ^[0-9]+$ ]] || usage
    ! is_running || fail "it runs already in $dir"
    local new=0
    if [ ! -e "$data" ]; then
        new=1
        [ -z "$(ls -A "$dir" 2>/dev/null)" ] || fail "$dir is not empty, and nothing in it was made by this script"
        mkdir -p -m 700 "$dir"
        chown "$account" "$dir"
        chmod 700 "$dir"
        run test -x "$dir" || { rmdir "$dir"; fail "the account $account, which is to run PostgreSQL, does not get to $dir: name a directory that it does"; }
        run "$bin/initdb" -D "$data" --encoding=UTF8 --locale=C --username=postgres --auth-local=trust --auth-host=scram-sha-256 >/dev/null
        run tee -a "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'    # in a directory that nobody else gets to
CONF
    fi

    run "$bin/pg_ctl" start --wait --silent -D "$data" -l "$dir/log" -o "-p $port" >/dev/null </dev/null || {
        tail -n 5 "$dir/log" >&2
        fail "PostgreSQL did not start; $dir/log says why"
    }
    if [ "$new" = 1 ]; then
        password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
        query <<<"CREATE ROLE mesh LOGIN PASSWORD '$password'; CREATE DATABASE mesh OWNER mesh"
    else
        password=$(sed 's/.*Password=//' "$dir/connection")
    fi

    (umask 077 && echo "Host=127.0.0.1;Port=$port;Database=mesh;Username=mesh;Password=$password" >"$dir/connection")
    echo "PostgreSQL runs in $dir on 127.0.0.1:$port. Start the server with --store postgres --postgres-file $dir/connection"
}

case $1 in
    start) [ $# = 3 ] || usage; start "$3" ;;
    stop)
        [ -d "$data" ] || fail "there is no PostgreSQL of this script in $dir"
        is_running || { echo "It does not run."; exit; }
        run "$bin/pg_ctl" stop --mode fast --wait --silent -D "$data"
        echo "Stopped. What it has is in $dir." ;;
    *) usage ;;
esac
