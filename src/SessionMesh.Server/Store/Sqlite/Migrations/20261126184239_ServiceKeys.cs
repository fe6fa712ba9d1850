using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SessionMesh.Server.Store.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class ServiceKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "is_revoked",
                table: "keys",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "is_service",
                table: "keys",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "kept_until",
                table: "keys",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "last_used_at",
                table: "keys",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_keys_id",
                table: "keys",
                column: "id");

            migrationBuilder.CreateIndex(
                name: "IX_keys_lineage",
                table: "keys",
                columns: new[] { "lineage", "generation" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_keys_id",
                table: "keys");

            migrationBuilder.DropIndex(
                name: "IX_keys_lineage",
                table: "keys");

            migrationBuilder.DropColumn(
                name: "is_revoked",
                table: "keys");

            migrationBuilder.DropColumn(
                name: "is_service",
                table: "keys");

            migrationBuilder.DropColumn(
                name: "kept_until",
                table: "keys");

            migrationBuilder.DropColumn(
                name: "last_used_at",
                table: "keys");
        }
    }
}
