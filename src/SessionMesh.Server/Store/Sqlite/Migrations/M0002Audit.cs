using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>The log keeps where each change came from. Null in existing rows, which SQLite does not rewrite.</summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0002_audit")]
public sealed class M0002Audit : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<string>("remote_address", "changes", "TEXT", nullable: true);
        migrationBuilder.AddColumn<string>("request_id", "changes", "TEXT", nullable: true);
    }
}
