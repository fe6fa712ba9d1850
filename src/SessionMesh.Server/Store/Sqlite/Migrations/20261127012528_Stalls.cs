using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SessionMesh.Server.Store.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Stalls : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "stall",
                table: "agents",
                type: "TEXT",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "stall",
                table: "agents");
        }
    }
}
