#!/usr/bin/env bash
# Writes a migration for each kind of store from what has changed in the model (src/SessionMesh.Server/Store/MeshDbContext.cs, Rows.cs).
#
#   ./eng/migration.sh AddNotes
#
# The last ones that nobody has applied yet are taken back with: dotnet ef migrations remove --project src/SessionMesh.Server --context
# MeshDbContext, and the same with PostgresContext. A column that a batch writes belongs into Store/Postgres/Sql, too.
# A mesh of the schema before is kept for the tests: tests/SessionMesh.Server.Tests/Store/Postgres/Schemas/make.py says how.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ $# -ne 1 ]; then
    echo "usage: eng/migration.sh NAME" >&2
    exit 2
fi

dotnet tool restore --verbosity quiet
dotnet restore --verbosity quiet src/SessionMesh.Server
add() { # CONTEXT FOLDER NAME
  dotnet ef migrations add "$3" --project src/SessionMesh.Server --context "$1" \
      --output-dir "Store/$2/Migrations" --namespace "SessionMesh.Server.Store.$2.Migrations"
}
add MeshDbContext Sqlite "$1"
add PostgresContext Postgres "$1"
