using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// A start finds the newest directive of each agent, and pending directives, without reading the history: the heads table has the former,
/// an index the latter. An existing store has no heads yet, so that its next start reads the history once more.
/// The last migration written by hand: its designer file holds the model that the first one of <c>dotnet ef</c> is compared with.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0010_heads")]
public sealed partial class M0010Heads : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "heads",
            t => new
            {
                agent = t.Column<int>("INTEGER"),
                seq = t.Column<long>("INTEGER"),
                revision = t.Column<long>("INTEGER"),
            },
            constraints: t => t.PrimaryKey("PK_heads", x => x.agent));
        migrationBuilder.AddColumn<long>("heads_at", "mesh", "INTEGER", nullable: true);
        migrationBuilder.CreateIndex("IX_directives_pending", "directives", "revision", filter: MeshDbContext.PendingFilter);
    }
}
