using Npgsql;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>The rows as PostgreSQL's row types, so that a whole batch is a few arrays.</summary>
internal static class PostgresTypes
{
    public static void Map(NpgsqlDataSourceBuilder builder, string schema)
    {
        builder.ConfigureTypeLoading(types => types.EnableTableCompositesLoading().SetTypeLoadingSchemas(schema, "pg_catalog"));
        builder.MapComposite<ChangeRow>(schema + ".changes");
        builder.MapComposite<MessageRow>(schema + ".messages");
        builder.MapComposite<AgentTableRow>(schema + ".agents");
        builder.MapComposite<DirectiveRow>(schema + ".directives");
        builder.MapComposite<KeyTableRow>(schema + ".keys");
        builder.MapComposite<ClaimTableRow>(schema + ".claims");
        builder.MapComposite<LinkTableRow>(schema + ".links");
        builder.MapComposite<SessionTableRow>(schema + ".sessions");
        builder.MapComposite<ReceiptRow>(schema + ".receipts");
    }
}
