using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// Keys get lineages, reach and refresh tokens, agents an owner. An existing key becomes a lineage of its own. The table is created anew,
/// because a required column cannot be added without a default.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0003_keys")]
public sealed class M0003Keys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<string>("owner", "agents", "TEXT", nullable: true);
        migrationBuilder.RenameTable("keys", newName: "keys_before");
        migrationBuilder.CreateTable(
            "keys",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                id = t.Column<string>("TEXT"),
                name = t.Column<string>("TEXT"),
                lineage = t.Column<string>("TEXT"),
                parent = t.Column<string>("TEXT", nullable: true),
                account = t.Column<string>("TEXT", nullable: true),
                scopes = t.Column<string>("TEXT"),
                reach = t.Column<string>("TEXT", nullable: true),
                hash = t.Column<string>("TEXT"),
                created_at = t.Column<long>("INTEGER"),
                expires_at = t.Column<long>("INTEGER"),
                lifetime = t.Column<long>("INTEGER"),
                agent_id = t.Column<string>("TEXT", nullable: true),
                incarnation = t.Column<int>("INTEGER"),
                generation = t.Column<int>("INTEGER"),
                refresh_hash = t.Column<string>("TEXT", nullable: true),
                refresh_expires_at = t.Column<long>("INTEGER"),
                refreshed_at = t.Column<long>("INTEGER"),
                ended_at = t.Column<long>("INTEGER"),
            },
            constraints: t => t.PrimaryKey("PK_keys", x => x.revision));
        migrationBuilder.Sql("""
            WITH RECURSIVE accounts (id, account) AS (
              SELECT id, CASE WHEN scopes LIKE '%"admin"%' THEN NULL ELSE id END FROM keys_before WHERE parent IS NULL
              UNION ALL
              SELECT k.id, coalesce(above.account, CASE WHEN k.scopes LIKE '%"admin"%' THEN NULL ELSE k.id END)
              FROM keys_before k JOIN accounts above ON k.parent = above.id)
            INSERT INTO keys
            SELECT revision, k.id, name, k.id, parent, account, scopes,
              CASE WHEN agent_id IS NULL THEN NULL ELSE json_array('agent:' || agent_id) END, hash, created_at, expires_at,
              CASE expires_at WHEN 0 THEN 0 ELSE expires_at - created_at END, agent_id, incarnation, generation, NULL, 0, 0, ended_at
            FROM keys_before k JOIN accounts a ON a.id = k.id
            """);
        migrationBuilder.DropTable("keys_before");
    }
}
