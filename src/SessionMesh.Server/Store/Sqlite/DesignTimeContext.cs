using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>What <c>dotnet ef</c> makes its context with (eng/migration.sh). It opens no file.</summary>
internal sealed class DesignTimeContext : IDesignTimeDbContextFactory<MeshDbContext>
{
    public MeshDbContext CreateDbContext(string[] args)
    {
        var connection = new SqliteConnection("Data Source=:memory:");
        var options = new DbContextOptionsBuilder<MeshDbContext>().UseSqlite(connection, contextOwnsConnection: true);
        return new MeshDbContext(options.ReplaceService<IMigrationsIdGenerator, MigrationIds>().Options);
    }

    /// <summary>
    /// Ids as EF makes them, a UTC time and a name. EF's own generator cannot read the numbered ids of the migrations written by hand
    /// (<c>0010_heads</c>), which stores keep for good; those sort before every time.
    /// </summary>
    private sealed class MigrationIds : IMigrationsIdGenerator
    {
        private const string Format = "yyyyMMddHHmmss";

        public string GenerateId(string name) =>
            $"{TimeProvider.System.GetUtcNow().ToString(Format, CultureInfo.InvariantCulture)}_{name}";

        public string GetName(string id) => id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..];

        public bool IsValidId(string value) =>
            value.Split('_', 2) is [{ Length: 4 or 14 } number, { Length: > 0 }] && number.All(char.IsAsciiDigit);
    }
}
