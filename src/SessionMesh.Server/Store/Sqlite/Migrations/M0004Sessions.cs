using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// Plain sessions, keyed by the revision that created them so that each is appended, and the columns of an agent's registration as a
/// session. The index finds the agent of a session.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0004_sessions")]
public sealed class M0004Sessions : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "sessions",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                id = t.Column<string>("TEXT"),
                user = t.Column<string>("TEXT"),
                is_expired = t.Column<bool>("INTEGER"),
                ttl = t.Column<int>("INTEGER"),
                meta = t.Column<string>("TEXT"),
                created_at = t.Column<long>("INTEGER"),
                last_access = t.Column<long>("INTEGER"),
                expires_at = t.Column<long>("INTEGER"),
                expired_at = t.Column<long>("INTEGER"),
                version = t.Column<long>("INTEGER"),
            },
            constraints: t => t.PrimaryKey("PK_sessions", x => x.revision));
        migrationBuilder.AddColumn<string>("meta", "agents", "TEXT", nullable: true);
        migrationBuilder.AddColumn<long>("session_changed_at", "agents", "INTEGER", nullable: true);
        migrationBuilder.AddColumn<bool>("is_expired_by_hand", "agents", "INTEGER", nullable: true);
        migrationBuilder.CreateIndex("IX_agents_session", "agents", "session");
    }
}
