#!/usr/bin/env bash
# Runs the tests: all of them, or those of the projects whose name matches.
#
#   eng/test.sh                    everything
#   eng/test.sh Server             only projects with Server in their name
#   eng/test.sh Core --filter X    what follows the name goes to 'dotnet test'
#
# Needs the .NET 10 SDK; what else the tests use is installed with apt when it is missing. The last line is
# "N passed, N failed, N skipped", and the exit code is 0 only when something ran and nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

only=${1:-}
[ $# -gt 0 ] && shift
results=$PWD/artifacts/test-results
passed=0 failed=0 skipped=0
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

say() { printf '\n== %s\n' "$*"; }

# Ends with the summary as the last line, whatever happened before.
finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
    exit
}

# What could not be built or run is a failure of its own.
give_up() {
    echo "error: $*" >&2
    failed=$((failed + 1))
}

install_missing() {
    local missing=()
    command -v curl >/dev/null || missing+=(curl)
    command -v python3 >/dev/null || missing+=(python3)
    command -v tmux >/dev/null || missing+=(tmux)
    command -v ps >/dev/null || missing+=(procps)
    command -v setsid >/dev/null || missing+=(util-linux)
    command -v strace >/dev/null || missing+=(strace)
    command -v zsh >/dev/null || missing+=(zsh)
    command -v fish >/dev/null || missing+=(fish)
    command -v mandoc >/dev/null || missing+=(mandoc)
    command -v clang >/dev/null || command -v gcc >/dev/null || missing+=(gcc libc6-dev)
    [ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
    compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
    python3 -c 'import requests' 2>/dev/null || missing+=(python3-requests)
    command -v dot >/dev/null || missing+=(graphviz)
    command -v chromium >/dev/null || missing+=(chromium)
    /usr/bin/python3 -c 'import networkx' 2>/dev/null || missing+=(python3-networkx)
    command -v npm >/dev/null || missing+=(npm)
    command -v haproxy >/dev/null || missing+=(haproxy)
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
    [ ${#missing[@]} -eq 0 ] && return

    say "installing ${missing[*]}"
    local root=()
    [ "$(id -u)" -eq 0 ] || root=(sudo)
    local log
    log=$(mktemp)
    # Debian's package would make and start a cluster of its own; the tests make theirs.
    if [[ " ${missing[*]} " == *" postgresql "* ]] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        "${root[@]}" mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | "${root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    if ! { "${root[@]}" apt-get update -qq && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        cat "$log" >&2
        give_up "apt-get could not install ${missing[*]}"
    fi
    rm -f "$log"

    # apt serves the system's python3, which need not be the first on the PATH.
    if ! python3 -c 'import requests' 2>/dev/null && /usr/bin/python3 -c 'import requests' 2>/dev/null; then
        mkdir -p artifacts/bin
        ln -sf /usr/bin/python3 artifacts/bin/python3
        export PATH=$PWD/artifacts/bin:$PATH
    fi
}

# A script of an npm package that needs nothing else of it, in the version that the tests were written against.
fetch_script() {
    local package=$1 version=$2 file=$3 to=$PWD/artifacts/npm scratch
    [ -f "$to/$package-$version" ] && return
    say "fetching $package $version"
    mkdir -p "$to"
    scratch=$(mktemp -d)
    if (cd "$scratch" && npm pack --silent "$package@$version" >/dev/null && tar -xzf "$package-$version.tgz" "package/$file"); then
        mv "$scratch/package/$file" "$to/$(basename "$file")"
        rm -f "$to/$package"-*
        touch "$to/$package-$version"
    else
        give_up "npm could not fetch $package $version"
    fi
    rm -rf "$scratch"
}

count() { sed -n "s/.*<Counters [^>]*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1; }

# Adds up what the results file says, not what was printed.
add_up() {
    local total executed ok
    total=$(count "$1" total) executed=$(count "$1" executed) ok=$(count "$1" passed)
    passed=$((passed + ok))
    failed=$((failed + executed - ok))
    skipped=$((skipped + total - executed))
}

run_project() {
    local name trx before code
    name=$(basename "$1" .csproj)
    trx=$results/$name.trx
    before=$failed
    shift
    say "$name"
    dotnet test "tests/$name" --no-build --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
        --blame-hang-timeout "${SESSION_MESH_TEST_HANG:-10m}" --blame-hang-dump-type none "$@"
    code=$?
    if [ ! -f "$trx" ]; then
        if [ $code -eq 0 ] && ! grep -rqE '\[(Fact|Theory|Property)' "tests/$name" --include='*.cs'; then
            echo "$name has no tests yet"
        else
            give_up "$name has tests, and none was run"
        fi
        return
    fi
    add_up "$trx"
    [ $code -eq 0 ] || [ "$failed" -gt "$before" ] || give_up "$name ended with $code: its run was not completed"
}

command -v dotnet >/dev/null || { give_up "the .NET 10 SDK is needed: https://dot.net/download"; finish; }
install_missing
rm -rf "$results"

projects=()
for project in tests/*/*.csproj; do
    [[ $(basename "$project" .csproj) == *"$only"* ]] && projects+=("$project")
done
[ ${#projects[@]} -gt 0 ] || { give_up "no test project has '$only' in its name"; finish; }

say "building"
built=("${projects[@]}")
[ -z "$only" ] && built=(SessionMesh.sln)
for target in "${built[@]}"; do
    dotnet build "$target" -v quiet -clp:NoSummary || { give_up "$target could not be built"; finish; }
done

# The end-to-end tests use the tool as it is installed.
if [[ " ${projects[*]} " == *EndToEnd* ]]; then
    say "installing the tool"
    PREFIX=$PWD/artifacts/installed ./eng/install.sh || { give_up "the tool could not be installed"; finish; }
    export MESH_TEST_TOOL=$PWD/artifacts/installed/bin/session-mesh
    fetch_script mermaid 11.17.2 dist/mermaid.min.js
    fetch_script axe-core 4.14.1 axe.min.js
fi

for project in "${projects[@]}"; do
    run_project "$project" "$@"
done
say "summary"
finish
