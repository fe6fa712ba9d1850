using SessionMesh.Server.Options;

namespace SessionMesh.Server.Tests.Support;

/// <summary>The options of a server on a database of these tests.</summary>
internal static class PostgresSettings
{
    /// <summary>An environment that has the connection string alone.</summary>
    public static Func<string, string?> Environment(string connectionString) =>
        name => name == PostgresOptions.Variable ? connectionString : null;

    public static PostgresOptions Of(string connectionString) =>
        PostgresOptions.From(Settings.Read(["--store", "postgres"], Environment(connectionString)))!;
}
