using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// Facts about the whole mesh, in one row: the store's epoch, and the highest incarnation that was ever forgotten. A restored store of an
/// earlier version has the table already (<see cref="StoreEpoch"/>), and keeps its epoch.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0005_mesh")]
public sealed class M0005Mesh : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(StoreEpoch.CreateTable);
        migrationBuilder.Sql("INSERT OR IGNORE INTO mesh (id, epoch, forgotten_incarnation) VALUES (1, 1, 0)");
    }
}
