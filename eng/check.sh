#!/usr/bin/env bash
# Looks whether a commit would pass: builds, then runs the quick tests (house, contracts, core). A minute or two.
#
#   ./eng/check.sh              now
#   ./eng/check.sh --install    before each commit, as Git's pre-commit hook; 'git commit --no-verify' passes it by
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

if [ "${1:-}" = --install ]; then
    hook=$(git rev-parse --git-path hooks)/pre-commit
    if [ -e "$hook" ] && ! [ "$hook" -ef eng/check.sh ]; then
        echo "There is a pre-commit hook already: $hook. Remove it, or call eng/check.sh from it." >&2
        exit 1
    fi
    ln -sf "$(pwd)/eng/check.sh" "$hook"
    echo "$hook runs eng/check.sh from now on."
    exit
fi

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build SessionMesh.sln -v quiet -clp:NoSummary
for project in House Contracts Core; do
    dotnet test "tests/SessionMesh.$project.Tests" --no-build -v quiet
done
