using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Server.Tests.Telemetry;

namespace SessionMesh.Server.Tests.Store;

/// <summary>A file system that is truly full, and the reserve for it.</summary>
[Trait("Store", "SQLite")]
public sealed class FullDiskTests
{
    [TinyDiskFact("tmpfs")]
    public Task FullDisk_StillTakesAKill_WhichIsThereAfterARestart_OnTmpfs() => FullDisk_StillTakesAKill("tmpfs");

    [TinyDiskFact("ext4")]
    public Task FullDisk_StillTakesAKill_WhichIsThereAfterARestart_OnExt4() => FullDisk_StillTakesAKill("ext4");

    private static async Task FullDisk_StillTakesAKill(string kind)
    {
        using var disk = TinyDisk.Mount(kind, 32);
        await using var mesh = await MeshHost.StartAsync(_ => { }, directory: Path.Combine(disk.Path, "data"));
        foreach (var agent in new[] { "a", "b", "c", "d", "e" })
        {
            await mesh.RegisterAsync(agent, 86_400);
        }

        var key = await mesh.MintAsync("""{"session_key":"leaked"}""");
        await mesh.PostAsync("sessions", """{"id":"session-1"}""");
        var reserve = new FileInfo(Path.Combine(mesh.Directory, DiskReserve.Name));
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal((true, DiskReserve.Size, OwnerOnly), (reserve.Exists, reserve.Length, reserve.UnixFileMode));

        await FillAsync(mesh, disk);
        Assert.Equal((false, 0), await InUseAsync(mesh));
        Assert.DoesNotContain(mesh.Log.Lines, line => line.Contains("On a reserve of", StringComparison.Ordinal));

        // The kill goes through, in the batch that finds the disk full; the steer beside it does not.
        Task<Reply> steer, kill;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            steer = SteerAsync(mesh, "b");
            await held.WaitingAsync(1);
            kill = mesh.DeleteAsync("agents/a?force=true");
            await held.WaitingAsync(2);
        }

        Assert.Equal("dead", (await kill).ShouldBeOk().Json["status"]!.GetValue<string>());
        var refused = (await steer).ShouldBeProblem(507, "disk_full");
        Assert.Contains("kill, revoke, pause and expire", refused.Detail, StringComparison.Ordinal);
        reserve.Refresh();
        Assert.False(reserve.Exists);
        Assert.Equal((true, 1), await InUseAsync(mesh));
        Assert.Single(mesh.Log.Lines, line => line.Contains("On a reserve of", StringComparison.Ordinal));

        // So does whatever stops or takes away; nothing else is even tried, however small.
        (await mesh.PostAsync("steer", """{"agent_id":"b","verb":"pause"}""")).ShouldBeOk();
        (await mesh.PostAsync("agents/b/directives/1/ack", """{"state":"acknowledged"}""")).ShouldBeOk();
        (await mesh.DeleteAsync("keys/" + key[4..16])).ShouldBeOk();
        (await mesh.PostAsync("sessions/session-1/expire")).ShouldBeOk();
        (await mesh.PostAsync("agents/c/exit", """{"incarnation":1,"exit_code":3}""")).ShouldBeOk();
        (await mesh.DeleteAsync("agents/d?grace=5")).ShouldBeOk();
        foreach (var path in new[] { "agents", "sessions", "keys" })
        {
            (await mesh.PostAsync(path, "{}")).ShouldBeProblem(507, "disk_full");
        }

        (await mesh.PostAsync("steer", """{"agent_id":"b","verb":"resume"}""")).ShouldBeProblem(507, "disk_full");

        await mesh.AdvanceAsync(8);
        Assert.Equal("dead", await mesh.StatusAsync("d")); // its grace was over, and force followed
        Assert.Equal(200, (await mesh.PostAsync("agents/b/heartbeat")).Status);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        Assert.Equal(200, (await mesh.GetAsync("admin/digest")).Status);
        Assert.Equal((1, "dead"), Committed(mesh, "a"));

        // A restart loses none of it. Closing the store may have given room back, and then there is a reserve again.
        await mesh.RestartAsync();
        Assert.Equal("dead", await mesh.StatusAsync("a"));
        Assert.Equal(401, (await mesh.GetAsync("alive", key)).Status);
        Assert.True((await mesh.GetAsync("agents/b")).Json["paused"]!.GetValue<bool>());
        reserve.Refresh();
        Assert.Equal(reserve.Exists ? (false, 0) : (true, 1), await InUseAsync(mesh));
        Assert.Equal(reserve.Exists ? 200 : 507, (await mesh.PostAsync("steer", """{"agent_id":"b","verb":"resume"}""")).Status);
        (await mesh.DeleteAsync("agents/e?force=true")).ShouldBeOk();

        // Room again: everything is taken, and the reserve is kept again.
        disk.Empty();
        await mesh.AdvanceAsync(1);
        (await SteerAsync(mesh, "b")).ShouldBeOk();
        Assert.Equal((false, 0), await InUseAsync(mesh));
        reserve.Refresh();
        Assert.Equal((true, DiskReserve.Size), (reserve.Exists, reserve.Length));
        Assert.Equal("dead", await mesh.StatusAsync("e"));
    }

    [TinyDiskFact("tmpfs")]
    public async Task FullDisk_WhenWhatWasKeptBackIsUsedUp_RefusesAKillToo_AndReadingGoesOn()
    {
        using var disk = TinyDisk.Mount("tmpfs", 24);
        await using var mesh = await MeshHost.StartAsync(_ => { }, directory: Path.Combine(disk.Path, "data"));
        await mesh.RegisterAsync("a", 86_400);
        await FillAsync(mesh, disk);
        var revision = mesh.Revision;
        Reply reply;
        var pauses = 0;
        do
        {
            reply = await mesh.PostAsync("steer", $$"""{"agent_id":"a","verb":"pause","message":"{{new string('x', 1000)}}"}""");
            pauses++;
        }
        while (reply.Status == 200 && pauses < 900);

        Assert.True(pauses > 100, $"only {pauses} were taken");
        Assert.Contains("used up", reply.ShouldBeProblem(507, "disk_full").Detail, StringComparison.Ordinal);
        Assert.Equal(507, (await mesh.DeleteAsync("agents/a?force=true")).Status);
        Assert.Equal(revision + pauses - 1, mesh.Revision);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
        disk.Empty();
        await mesh.AdvanceAsync(1);
        (await mesh.DeleteAsync("agents/a?force=true")).ShouldBeOk();
    }

    [TinyDiskFact("tmpfs")]
    public void Reserve_OnADiskWithoutRoomForIt_BeginsInUse_AndEndsWithRoomForTwiceAsMuch()
    {
        using var disk = TinyDisk.Mount("tmpfs", 7);
        var time = new FakeTime();
        disk.Fill();
        var reserve = new DiskReserve(disk.Path, time);
        Assert.True(reserve.IsInUse);
        disk.Empty();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(reserve.TryRestore()); // room for it, but not for the next minute too
        Assert.True(reserve.IsInUse);
        Assert.False(new DiskReserve(disk.Path, time).IsInUse); // a start takes what there is

        using var larger = TinyDisk.Mount("tmpfs", 9);
        larger.Fill();
        var other = new DiskReserve(larger.Path, time);
        larger.Empty();
        Assert.False(other.TryRestore()); // within the second
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(other.TryRestore());
        Assert.False(other.IsInUse);
    }

    [Fact]
    public void Reserve_WithHolesInIt_IsMadeOfRealBlocksAtTheStart()
    {
        var directory = Directory.CreateTempSubdirectory("mesh-reserve-").FullName;
        var path = Path.Combine(directory, DiskReserve.Name);
        using (var sparse = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.SetLength(sparse, DiskReserve.Size);
        }

        var before = new DiskReserve(directory, new FakeTime());
        Assert.False(before.IsInUse);
        Assert.Equal(DiskReserve.Size / 512, Blocks(path));
        before.Release();
        Assert.False(File.Exists(path));
        Assert.True(before.IsInUse);
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Leaves room for nothing: neither on the disk, nor in what the store's files have of it already.</summary>
    private static async Task FillAsync(MeshHost mesh, TinyDisk disk)
    {
        Reply reply;
        do
        {
            disk.Fill();
            reply = await SteerAsync(mesh, "a");
        }
        while (reply.Status == 200);

        Assert.Contains("Free some room", reply.ShouldBeProblem(507, "disk_full").Detail, StringComparison.Ordinal);
        Assert.True(disk.Free < 8192, $"{disk.Free} bytes are free");
    }

    private static Task<Reply> SteerAsync(MeshHost mesh, string agent) =>
        mesh.PostAsync("steer", $$"""{"agent_id":"{{agent}}","direction":"d","message":"{{new string('x', 16_000)}}"}""");

    private static async Task<(bool Ready, double? Metric)> InUseAsync(MeshHost mesh)
    {
        var ready = await mesh.GetAsync("~/readyz", "");
        Assert.Equal((200, "ready"), (ready.Status, ready.Json["status"]!.GetValue<string>()));
        return (ready.Json["reserve_in_use"]!.GetValue<bool>(), (await Scrape.OfAsync(mesh))["session_mesh_reserve_in_use{}"]);
    }

    /// <summary>What a crash would leave of an agent: read from a copy of the files as they are.</summary>
    private static (long Incarnation, string Liveness) Committed(MeshHost mesh, string agent)
    {
        var copy = Directory.CreateTempSubdirectory("mesh-crash-").FullName;
        foreach (var file in new[] { "mesh.db", "mesh.db-wal" })
        {
            File.Copy(Path.Combine(mesh.Directory, file), Path.Combine(copy, file));
        }

        using var db = new SqliteConnection($"Data Source={Path.Combine(copy, "mesh.db")};Pooling=False");
        db.Open();
        using var command = db.CreateCommand();
        command.CommandText = "SELECT incarnation, liveness FROM agents WHERE id = $id";
        command.Parameters.AddWithValue("$id", agent);
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        return (row.GetInt64(0), ((Core.Agents.Liveness)row.GetInt64(1)).ToString().ToLowerInvariant());
    }

    private static long Blocks(string path)
    {
        var asked = new ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var stat = Process.Start(asked)!;
        return long.Parse(stat.StandardOutput.ReadToEnd(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
