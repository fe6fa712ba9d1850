using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SessionMesh.Server.Store.Postgres.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "agents",
                columns: table => new
                {
                    number = table.Column<int>(type: "integer", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false),
                    incarnation = table.Column<int>(type: "integer", nullable: false),
                    session = table.Column<long>(type: "bigint", nullable: false),
                    liveness = table.Column<int>(type: "integer", nullable: false),
                    paused = table.Column<bool>(type: "boolean", nullable: false),
                    specializations = table.Column<string>(type: "text", nullable: false),
                    labels = table.Column<string>(type: "text", nullable: false),
                    cluster = table.Column<string>(type: "text", nullable: false),
                    parent = table.Column<int>(type: "integer", nullable: false),
                    user = table.Column<string>(type: "text", nullable: true),
                    owner = table.Column<string>(type: "text", nullable: true),
                    direction = table.Column<string>(type: "text", nullable: true),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    ttl = table.Column<int>(type: "integer", nullable: false),
                    stop = table.Column<string>(type: "text", nullable: true),
                    last_exit = table.Column<string>(type: "text", nullable: true),
                    meta = table.Column<string>(type: "text", nullable: true),
                    session_changed_at = table.Column<long>(type: "bigint", nullable: true),
                    is_expired_by_hand = table.Column<bool>(type: "boolean", nullable: true),
                    born = table.Column<long>(type: "bigint", nullable: true),
                    gone_at = table.Column<long>(type: "bigint", nullable: true),
                    orphaned_from = table.Column<string>(type: "text", nullable: true),
                    skills = table.Column<string>(type: "text", nullable: true),
                    claimed_at = table.Column<long>(type: "bigint", nullable: true),
                    stall = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agents", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "changes",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    actor = table.Column<string>(type: "text", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    subject = table.Column<string>(type: "text", nullable: false),
                    payload = table.Column<string>(type: "text", nullable: false),
                    remote_address = table.Column<string>(type: "text", nullable: true),
                    request_id = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_changes", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "claims",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    agent = table.Column<int>(type: "integer", nullable: false),
                    specialization = table.Column<string>(type: "text", nullable: false),
                    key_id = table.Column<string>(type: "text", nullable: false),
                    lineage = table.Column<string>(type: "text", nullable: true),
                    account = table.Column<string>(type: "text", nullable: true),
                    ttl = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_claims", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "directives",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    agent = table.Column<int>(type: "integer", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    previous = table.Column<long>(type: "bigint", nullable: false),
                    verb = table.Column<int>(type: "integer", nullable: false),
                    direction = table.Column<string>(type: "text", nullable: true),
                    message = table.Column<string>(type: "text", nullable: true),
                    data = table.Column<string>(type: "text", nullable: true),
                    state = table.Column<int>(type: "integer", nullable: false),
                    issued_by = table.Column<string>(type: "text", nullable: false),
                    issued_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    delivered_at = table.Column<long>(type: "bigint", nullable: false),
                    accepted_at = table.Column<long>(type: "bigint", nullable: false),
                    ended_at = table.Column<long>(type: "bigint", nullable: false),
                    note = table.Column<string>(type: "text", nullable: true),
                    message_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_directives", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "heads",
                columns: table => new
                {
                    agent = table.Column<int>(type: "integer", nullable: false),
                    seq = table.Column<long>(type: "bigint", nullable: false),
                    revision = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_heads", x => x.agent);
                });

            migrationBuilder.CreateTable(
                name: "keys",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    lineage = table.Column<string>(type: "text", nullable: false),
                    parent = table.Column<string>(type: "text", nullable: true),
                    account = table.Column<string>(type: "text", nullable: true),
                    scopes = table.Column<string>(type: "text", nullable: false),
                    reach = table.Column<string>(type: "text", nullable: true),
                    hash = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    lifetime = table.Column<long>(type: "bigint", nullable: false),
                    agent_id = table.Column<string>(type: "text", nullable: true),
                    incarnation = table.Column<int>(type: "integer", nullable: false),
                    generation = table.Column<int>(type: "integer", nullable: false),
                    refresh_hash = table.Column<string>(type: "text", nullable: true),
                    refresh_expires_at = table.Column<long>(type: "bigint", nullable: false),
                    refreshed_at = table.Column<long>(type: "bigint", nullable: false),
                    ended_at = table.Column<long>(type: "bigint", nullable: false),
                    is_service = table.Column<bool>(type: "boolean", nullable: true),
                    kept_until = table.Column<long>(type: "bigint", nullable: true),
                    last_used_at = table.Column<long>(type: "bigint", nullable: true),
                    is_revoked = table.Column<bool>(type: "boolean", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_keys", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "links",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    from_agent = table.Column<int>(type: "integer", nullable: false),
                    to_agent = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    weight = table.Column<double>(type: "double precision", nullable: false),
                    account = table.Column<string>(type: "text", nullable: true),
                    at = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_links", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "mesh",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    epoch = table.Column<long>(type: "bigint", nullable: false),
                    forgotten_incarnation = table.Column<int>(type: "integer", nullable: false),
                    heads_at = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_mesh", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "messages",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    text = table.Column<string>(type: "text", nullable: true),
                    data = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_messages", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "receipts",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    scope = table.Column<string>(type: "text", nullable: false),
                    request = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<long>(type: "bigint", nullable: false),
                    status = table.Column<int>(type: "integer", nullable: false),
                    answer = table.Column<string>(type: "text", nullable: true),
                    key_id = table.Column<string>(type: "text", nullable: true),
                    owner = table.Column<string>(type: "text", nullable: true),
                    size = table.Column<int>(type: "integer", nullable: true),
                    version = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_receipts", x => x.revision);
                });

            migrationBuilder.CreateTable(
                name: "sessions",
                columns: table => new
                {
                    revision = table.Column<long>(type: "bigint", nullable: false),
                    id = table.Column<string>(type: "text", nullable: false),
                    user = table.Column<string>(type: "text", nullable: false),
                    is_expired = table.Column<bool>(type: "boolean", nullable: false),
                    ttl = table.Column<double>(type: "double precision", nullable: false),
                    meta = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<long>(type: "bigint", nullable: false),
                    last_access = table.Column<long>(type: "bigint", nullable: false),
                    expires_at = table.Column<long>(type: "bigint", nullable: false),
                    expired_at = table.Column<long>(type: "bigint", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sessions", x => x.revision);
                });

            migrationBuilder.CreateIndex(
                name: "IX_agents_session",
                table: "agents",
                column: "session");

            migrationBuilder.CreateIndex(
                name: "IX_directives_marks",
                table: "directives",
                columns: new[] { "agent", "seq" },
                filter: "seq % 64 = 0");

            migrationBuilder.CreateIndex(
                name: "IX_directives_pending",
                table: "directives",
                column: "revision",
                filter: "state <= 2");

            migrationBuilder.CreateIndex(
                name: "IX_keys_id",
                table: "keys",
                column: "id");

            migrationBuilder.CreateIndex(
                name: "IX_keys_lineage",
                table: "keys",
                columns: new[] { "lineage", "generation" });

            // What EF does not model: the head, the batches, the nodes, and the function that appends to the log.
            migrationBuilder.Sql(SqlText.Of("log.sql"));
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "agents");

            migrationBuilder.DropTable(
                name: "changes");

            migrationBuilder.DropTable(
                name: "claims");

            migrationBuilder.DropTable(
                name: "directives");

            migrationBuilder.DropTable(
                name: "heads");

            migrationBuilder.DropTable(
                name: "keys");

            migrationBuilder.DropTable(
                name: "links");

            migrationBuilder.DropTable(
                name: "mesh");

            migrationBuilder.DropTable(
                name: "messages");

            migrationBuilder.DropTable(
                name: "receipts");

            migrationBuilder.DropTable(
                name: "sessions");
        }
    }
}
