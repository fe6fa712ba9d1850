using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>A message to many agents is stored once, and their directives name it.</summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0009_messages")]
public sealed class M0009Messages : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "messages",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                text = t.Column<string>("TEXT", nullable: true),
                data = t.Column<string>("TEXT", nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_messages", x => x.revision));
        migrationBuilder.AddColumn<long>("message_at", "directives", "INTEGER", nullable: true);
    }
}
