using Microsoft.EntityFrameworkCore.Design;
using Npgsql;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>What <c>dotnet ef</c> makes its context with (eng/migration.sh). It connects to nothing.</summary>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresContext>
{
    public PostgresContext CreateDbContext(string[] args) =>
        PostgresContext.Of(new NpgsqlConnection("Host=localhost"), PostgresStore.Schema);
}
