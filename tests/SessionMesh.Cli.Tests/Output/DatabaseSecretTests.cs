using System.Diagnostics;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Output;

public sealed class DatabaseSecretTests
{
    [Fact]
    public void Without_TakesTheStringAndTheNameOfItsFile_AndNothingElse()
    {
        var start = new ProcessStartInfo("true") { UseShellExecute = false };
        var before = start.Environment.Keys.Order().ToList();
        start.Environment["SESSION_MESH_POSTGRES"] = "Host=db;Password=p";
        start.Environment["SESSION_MESH_POSTGRES_FILE"] = "f";
        Assert.Equal(before, DatabaseSecret.Without(start).Environment.Keys.Order());
    }
}
