using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// What is true of the mesh as a whole, in one row: the store's epoch, and the highest incarnation that was ever forgotten. A store of an
/// earlier version that was restored has the table already (<see cref="StoreEpoch"/>), with the epoch that it was given: that stays.
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
