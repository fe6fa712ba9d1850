using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Migrations;

/// <summary>What is true of the mesh as a whole, in one row: the store's epoch, and the highest incarnation that was ever forgotten.</summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0005_mesh")]
public sealed class M0005Mesh : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "mesh",
            t => new
            {
                id = t.Column<int>("INTEGER"),
                epoch = t.Column<long>("INTEGER"),
                forgotten_incarnation = t.Column<int>("INTEGER"),
            },
            constraints: t => t.PrimaryKey("PK_mesh", x => x.id));
        migrationBuilder.Sql("INSERT INTO mesh (id, epoch, forgotten_incarnation) VALUES (1, 1, 0)");
    }
}
