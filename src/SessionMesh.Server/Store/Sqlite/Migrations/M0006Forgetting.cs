using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// What forgetting needs to know of an agent: since when it has its number, since when it is dead or lost, and whose child it was. Until
/// now no agent was forgotten, so no number was used twice. An agent that is lost counts as lost since the newest change.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0006_forgetting")]
public sealed class M0006Forgetting : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<long>("born", "agents", "INTEGER", nullable: true);
        migrationBuilder.AddColumn<long>("gone_at", "agents", "INTEGER", nullable: true);
        migrationBuilder.AddColumn<string>("orphaned_from", "agents", "TEXT", nullable: true);
        migrationBuilder.Sql("UPDATE agents SET gone_at = json_extract(last_exit, '$.at') WHERE liveness = 5");
        migrationBuilder.Sql("UPDATE agents SET gone_at = (SELECT at FROM changes ORDER BY revision DESC LIMIT 1) WHERE liveness = 3");
    }
}
