using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Npgsql;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>The model in PostgreSQL: the same tables, in the schema that is first in the search path of the connection.</summary>
internal sealed class PostgresContext(DbContextOptions<PostgresContext> options) : MeshDbContext(options)
{
    private const string History = "__EFMigrationsHistory";
    private const int Retries = 3;
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(500);

    internal override string PendingDirectives => $"SELECT * FROM directives WHERE {PendingFilter}";

    /// <param name="retries">
    /// Whether a query whose connection breaks is sent again: one from the pool may have been dead for long. Not in a transaction.
    /// </param>
    public static PostgresContext Of(NpgsqlDataSource source, string schema, bool retries) => new(
        Configure(new DbContextOptionsBuilder<PostgresContext>().UseNpgsql(source, npgsql =>
        {
            npgsql.MigrationsHistoryTable(History, schema);
            if (retries)
            {
                npgsql.EnableRetryOnFailure(Retries, s_longestPause, errorCodesToAdd: null);
            }
        })));

    public static PostgresContext Of(NpgsqlConnection connection, string schema) => new(
        Configure(new DbContextOptionsBuilder<PostgresContext>()
            .UseNpgsql(connection, npgsql => npgsql.MigrationsHistoryTable(History, schema))));

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<SessionTableRow>().Property(row => row.Ttl).HasColumnType("double precision");
        var text = new ValueConverter<string, string>(given => PostgresText.Escape(given), stored => PostgresText.Unescape(stored));
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            if (property.ClrType == typeof(string))
            {
                property.SetValueConverter(text);
            }
        }
    }

    private static DbContextOptions<PostgresContext> Configure(DbContextOptionsBuilder<PostgresContext> builder) =>
        // A test compares the model with the snapshot; a start need not do it again.
        builder.ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning)).Options;
}
