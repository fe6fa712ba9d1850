using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>The first schema. A test compares the schema of all migrations with the model.</summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0001_initial")]
public sealed class M0001Initial : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "changes",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                at = t.Column<long>("INTEGER"),
                actor = t.Column<string>("TEXT"),
                kind = t.Column<string>("TEXT"),
                subject = t.Column<string>("TEXT"),
                payload = t.Column<string>("TEXT"),
            },
            constraints: t => t.PrimaryKey("PK_changes", x => x.revision));

        migrationBuilder.CreateTable(
            "agents",
            t => new
            {
                number = t.Column<int>("INTEGER"),
                id = t.Column<string>("TEXT"),
                incarnation = t.Column<int>("INTEGER"),
                session = t.Column<long>("INTEGER"),
                liveness = t.Column<int>("INTEGER"),
                paused = t.Column<bool>("INTEGER"),
                specializations = t.Column<string>("TEXT"),
                labels = t.Column<string>("TEXT"),
                cluster = t.Column<string>("TEXT"),
                parent = t.Column<int>("INTEGER"),
                user = t.Column<string>("TEXT", nullable: true),
                direction = t.Column<string>("TEXT", nullable: true),
                created_at = t.Column<long>("INTEGER"),
                ttl = t.Column<int>("INTEGER"),
                stop = t.Column<string>("TEXT", nullable: true),
                last_exit = t.Column<string>("TEXT", nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_agents", x => x.number));

        migrationBuilder.CreateTable(
            "directives",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                agent = t.Column<int>("INTEGER"),
                seq = t.Column<long>("INTEGER"),
                previous = t.Column<long>("INTEGER"),
                verb = t.Column<int>("INTEGER"),
                direction = t.Column<string>("TEXT", nullable: true),
                message = t.Column<string>("TEXT", nullable: true),
                data = t.Column<string>("TEXT", nullable: true),
                state = t.Column<int>("INTEGER"),
                issued_by = t.Column<string>("TEXT"),
                issued_at = t.Column<long>("INTEGER"),
                expires_at = t.Column<long>("INTEGER"),
                delivered_at = t.Column<long>("INTEGER"),
                accepted_at = t.Column<long>("INTEGER"),
                ended_at = t.Column<long>("INTEGER"),
                note = t.Column<string>("TEXT", nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_directives", x => x.revision));

        migrationBuilder.CreateTable(
            "keys",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                id = t.Column<string>("TEXT"),
                name = t.Column<string>("TEXT"),
                parent = t.Column<string>("TEXT", nullable: true),
                scopes = t.Column<string>("TEXT"),
                hash = t.Column<string>("TEXT"),
                created_at = t.Column<long>("INTEGER"),
                expires_at = t.Column<long>("INTEGER"),
                agent_id = t.Column<string>("TEXT", nullable: true),
                incarnation = t.Column<int>("INTEGER"),
                generation = t.Column<int>("INTEGER"),
                ended_at = t.Column<long>("INTEGER"),
            },
            constraints: t => t.PrimaryKey("PK_keys", x => x.revision));

        migrationBuilder.CreateTable(
            "receipts",
            t => new
            {
                revision = t.Column<long>("INTEGER"),
                scope = t.Column<string>("TEXT"),
                request = t.Column<string>("TEXT"),
                at = t.Column<long>("INTEGER"),
                status = t.Column<int>("INTEGER"),
                answer = t.Column<string>("TEXT", nullable: true),
                key_id = t.Column<string>("TEXT", nullable: true),
            },
            constraints: t => t.PrimaryKey("PK_receipts", x => x.revision));
    }
}
