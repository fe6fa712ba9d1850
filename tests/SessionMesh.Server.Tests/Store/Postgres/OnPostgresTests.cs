using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Store.Postgres;

/// <summary>A mesh on PostgreSQL is the same mesh.</summary>
public sealed class OnPostgresTests
{
    [Fact]
    public async Task Everything_IsThereAgainAfterARestart()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        await mesh.RegisterAsync("a", more: ""","user":"u","labels":{"tier":"free"},"specializations":[{"name":"ocr","capacity":3}]""");
        await mesh.RegisterAsync("b", more: ""","parent_id":"a" """);
        await mesh.SteerAsync("a", ""","message":"one\u0000two\u001a0","data":{"n":"\u0000"}""");
        await mesh.SteerAsync("b");
        (await mesh.PostAsync("steer", """{"selector":{"subtree":"a"},"expect":2,"direction":"south","message":"to both"}""")).ShouldBeOk();
        (await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":60}""")).ShouldBeOk();
        Assert.Equal(201, (await mesh.PostAsync("sessions", """{"user":"u","ttl":60,"meta":{"k":"v"}}""")).Status);
        (await mesh.DeleteAsync("agents/b?grace=0")).ShouldBeOk();
        var token = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        await mesh.RevokeAsync(token);
        (await mesh.PostAsync("admin/compact")).ShouldBeOk(); // which notes the newest directive of each agent
        await mesh.SteerAsync("a");
        var (memory, tables) = (Projection.OfMemory(mesh.State), Projection.OfTables(mesh.Service<MeshStore>()));
        var (state, directives, keys) = Projection.Replayed(mesh.Service<MeshStore>());
        Assert.Equal(memory, Projection.OfMemory(state));
        Assert.Equal(Projection.OfReplay(directives, keys), tables);

        await mesh.RestartAsync();
        Assert.Equal(memory, Projection.OfMemory(mesh.State));
        Assert.Equal(tables, Projection.OfTables(mesh.Service<MeshStore>()));
        var check = await mesh.PostAsync("admin/check", "");
        Assert.Equal("[]", check.Json["findings"]!.ToJsonString());
        Assert.True(check.Json["ok"]!.GetValue<bool>());
    }

    /// <summary>What docs/many-nodes.md says to do after a dump was restored: who knows numbers of before registers again.</summary>
    [Fact]
    public async Task EpochThatIsBegunByHand_IsToldToWhoeverComesBack()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        await mesh.RegisterAsync("a");
        await mesh.RunSqlAsync($"UPDATE mesh SET epoch = greatest(epoch + 1, extract(epoch FROM now())::bigint)");
        await mesh.RestartAsync();
        (await mesh.PostAsync("agents/a/heartbeat", """{"epoch":1}""")).ShouldBeRefused(409, "restored");
        Assert.True((await mesh.RegisterAsync("b")).Json["epoch"]!.GetValue<long>() > 1_700_000_000);
    }

    [Fact]
    public async Task WhatIsOfAFile_IsRefusedOrLeftOut()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        using var restore = mesh.Request(HttpMethod.Post, "admin/restore");
        restore.Content = new ByteArrayContent(new byte[8192]);
        (await mesh.SendAsync(restore)).ShouldBeRefused(409, "not_in_this_store");
        (await mesh.PostAsync("admin/backup")).ShouldBeRefused(409, "not_in_this_store");
        Assert.DoesNotContain("session_mesh_store_size", (await mesh.GetAsync("~/metrics")).Text, StringComparison.Ordinal);
        Assert.Equal(1, mesh.Revision);
    }

    [Fact]
    public async Task Banner_SaysWhichDatabase_AndNoPassword()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        var banner = mesh.Banner();
        var (port, database) = (mesh.OnPostgres.Server.Port, mesh.OnPostgres.Name);
        Assert.Contains(
            $"\n  store     PostgreSQL: host 127.0.0.1, port {port}, database {database}, user mesh (0 agents, revision 1)\n"
            + $"  data      {mesh.Directory}\n  root key  {mesh.Directory}/root.key\n",
            banner,
            StringComparison.Ordinal);
        Assert.DoesNotContain(mesh.OnPostgres.Server.Password, banner, StringComparison.Ordinal);
    }
}
