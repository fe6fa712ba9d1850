using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// Receipts get an owner and a size, so that each owner's can be bounded, and the <c>ETag</c> of their answer. Existing ones count against
/// nobody: they are gone within a day.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0007_receipt_owners")]
public sealed class M0007ReceiptOwners : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<string>("owner", "receipts", "TEXT", nullable: true);
        migrationBuilder.AddColumn<int>("size", "receipts", "INTEGER", nullable: true);
        migrationBuilder.AddColumn<long>("version", "receipts", "INTEGER", nullable: true);
    }
}
