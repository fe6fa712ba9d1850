using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace SessionMesh.Server.Store.Sqlite.Migrations;

/// <summary>
/// An index of every 64th directive of an agent; the chain leads to those between. See docs/adr/0018-every-64th-directive.md.
/// </summary>
[DbContext(typeof(MeshDbContext))]
[Migration("0008_directive_marks")]
public sealed class M0008DirectiveMarks : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.CreateIndex("IX_directives_marks", "directives", ["agent", "seq"], filter: MeshDbContext.MarkFilter);
}
