namespace SessionMesh.Server.Store.Postgres.Migrations;

/// <summary>The SQL files beside this folder, which are part of the assembly.</summary>
internal static class SqlText
{
    public static string Of(string name)
    {
        using var stream = typeof(SqlText).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
