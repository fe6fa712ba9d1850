#!/usr/bin/env bash
# Builds session-mesh for this machine and puts it on the PATH.
#
#   ./eng/install.sh                    into /usr/local or ~/.local, whichever comes first of those whose bin is on the PATH and can be
#                                       written; else into ~/.local, and the last line is the export that puts it on the PATH
#   PREFIX=/opt/mesh ./eng/install.sh   into another prefix
#   ./eng/install.sh --dry-run          says where it would go, and builds nothing
#
# Needs the .NET 10 SDK, and for a native executable a C compiler and zlib to link it with (on Debian: gcc, zlib1g-dev). Without them it
# installs a build that starts on the .NET runtime. A build that fails leaves what was installed as it was.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dry=''
case ${1:-} in
    '') ;;
    --dry-run) dry=1 ;;
    *) echo "install.sh does not know $1; it takes --dry-run or nothing, and PREFIX=DIR from the environment" >&2; exit 2 ;;
esac

on_path() {
    case ":$PATH:" in
        *":$1:"* | *":$1/:"*) return 0 ;;
        *) return 1 ;;
    esac
}

# Whether files can be put into a directory, which need not exist yet.
writable() {
    local directory=$1
    while [ ! -e "$directory" ]; do directory=$(dirname "$directory"); done
    [ -d "$directory" ] && [ -w "$directory" ]
}

if [ -n "${PREFIX:-}" ]; then
    case $PREFIX in
        /*) ;;
        *) PREFIX=$PWD/$PREFIX ;;
    esac
    tool=$PREFIX/lib/session-mesh-tool
    bin=$PREFIX/bin
elif on_path /usr/local/bin && writable /usr/local/bin && writable /usr/local/lib; then
    tool=/usr/local/lib/session-mesh-tool
    bin=/usr/local/bin
else
    tool=${XDG_DATA_HOME:-$HOME/.local/share}/session-mesh-tool
    bin=$HOME/.local/bin
fi

# What is left to do before "session-mesh" is this one. The export is the last line, so that it is seen.
advise() {
    local first quoted
    if ! on_path "$bin"; then
        # Between double quotes a shell would read these four.
        quoted=$(printf '%s' "$bin" | sed 's/[\\"$`]/\\&/g')
        [ "$bin" != "$HOME/.local/bin" ] || quoted='$HOME/.local/bin'
        echo "$bin is not on the PATH. Type this, and add it to your shell's profile:"
        echo "export PATH=\"$quoted:\$PATH\""
        return
    fi
    first=$(command -v session-mesh || true)
    if [ -e "$bin/session-mesh" ] && [ ! "$first" -ef "$bin/session-mesh" ]; then
        echo "$first comes before it on the PATH: remove that one, or call $bin/session-mesh"
    fi
}

if [ -n "$dry" ]; then
    echo "would install $bin/session-mesh, a link into $tool"
    advise
    exit
fi

case $(uname -s) in
    Linux) os=linux; if ldd --version 2>&1 | grep -qi musl; then os=linux-musl; fi ;;
    Darwin) os=osx ;;
    *) echo "install.sh knows Linux and macOS; elsewhere: dotnet publish src/SessionMesh.Cli -c Release" >&2; exit 1 ;;
esac
case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) echo "install.sh does not know the processor $(uname -m)" >&2; exit 1 ;;
esac

if ! command -v dotnet >/dev/null; then
    echo "the .NET 10 SDK is needed: dotnet is not on the PATH" >&2
    exit 1
fi

# Links a program of one line as the native build will.
can_link() {
    local compiler
    compiler=$(command -v clang || command -v gcc) || return 1
    echo 'int main(void) { return 0; }' | "$compiler" -x c - -lz -o /dev/null 2>/dev/null
}

if can_link; then
    kind='native'
    how=(-p:PublishAot=true)
else
    kind='for the .NET runtime, which starts slower; a native build needs a C compiler and zlib (gcc and zlib1g-dev, or clang)'
    how=(--self-contained false -p:PublishReadyToRun=true)
fi

fresh=$tool.new.$$
trap 'rm -rf "$fresh"' EXIT
echo "building session-mesh for $os-$arch, $kind; a minute or two …"
if ! log=$(dotnet publish "$root/src/SessionMesh.Cli" --configuration Release --runtime "$os-$arch" "${how[@]}" \
    -p:DebugType=none --output "$fresh" --nologo --verbosity quiet 2>&1); then
    echo "$log" >&2
    exit 1
fi
rm -f "$fresh"/*.xml

mkdir -p "$bin"
rm -rf "$tool.old"
if [ -e "$tool" ]; then mv "$tool" "$tool.old"; fi
mv "$fresh" "$tool"
rm -rf "$tool.old"
ln -sfn "$tool/session-mesh" "$bin/session-mesh"
"$bin/session-mesh" help --man "$(dirname "$bin")/share/man/man1" || echo "the manual pages could not be written" >&2

if ! version=$("$bin/session-mesh" version); then
    echo "installed, but it does not start: if dotnet is in a place of its own, export DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")" >&2
    exit 1
fi
echo "$version is in $bin/session-mesh"
advise
