#!/usr/bin/env bash
# Writes a migration from what has changed in the model (src/SessionMesh.Server/Store/MeshDbContext.cs, Rows.cs).
#
#   ./eng/migration.sh AddNotes
#
# The last one that nobody has applied yet is taken back with: dotnet ef migrations remove --project src/SessionMesh.Server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ $# -ne 1 ]; then
    echo "usage: eng/migration.sh NAME" >&2
    exit 2
fi

dotnet tool restore --verbosity quiet
exec dotnet ef migrations add "$1" --project src/SessionMesh.Server \
    --output-dir Store/Sqlite/Migrations --namespace SessionMesh.Server.Store.Sqlite.Migrations
