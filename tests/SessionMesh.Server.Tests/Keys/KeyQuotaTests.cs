using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

public sealed class KeyQuotaTests
{
    [Fact]
    public async Task Mint_EightDeep_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = mesh.RootKey;
        for (var depth = 2; depth <= Limits.KeyDepth; depth++)
        {
            key = await mesh.MintAsync("{}", key);
        }

        var revision = mesh.Revision;
        (await mesh.PostAsync("keys", "{}", key)).ShouldBeProblem(409, "key_quota");
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Mint_BelowAnAgentsKey_AHundred_AndNotOneMore_UntilOneIsRevoked()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var bound = await mesh.MintAsync("""{"agent_id":"a","scopes":["keys:mint","mesh:read","registry:write"]}""");
        var child = await mesh.MintAsync("{}", bound);
        for (var i = 1; i < Limits.KeysPerAgentKey; i++)
        {
            await mesh.MintAsync($$"""{"session_key":"k{{i}}"}""", i % 2 == 0 ? bound : child); // it and those below it share the quota
        }

        (await mesh.PostAsync("keys", "{}", bound)).ShouldBeProblem(409, "key_quota");
        (await mesh.PostAsync("keys", "{}", child)).ShouldBeProblem(409, "key_quota");
        var rotated = await mesh.PostAsync("keys", """{"session_key":"k2"}""", bound);
        Assert.Equal(2, rotated.Json["generation"]!.GetValue<int>()); // rotating adds none
        await mesh.DeleteAsync("keys/" + rotated.Json["key_id"], bound);
        Assert.Equal(201, (await mesh.PostAsync("keys", "{}", child)).Status);
        Assert.Equal(201, (await mesh.PostAsync("keys", "{}")).Status); // an operator has none
    }

    [Fact]
    public async Task Mint_BelowAnotherKey_TenThousand_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["keys:mint"]}""");
        var minted = Enumerable.Range(0, Limits.KeysPerKey)
            .Select(i => mesh.Engine.ExecuteAsync(
                new MintKey { Actor = key[4..16], KeyId = $"k{i:D11}", Hash = KeyToken.Hash("x") }, Origin.Mesh));
        Assert.All(await Task.WhenAll(minted), outcome => Assert.True(outcome.Succeeded));
        (await mesh.PostAsync("keys", "{}", key)).ShouldBeProblem(409, "key_quota");
    }

    [Fact]
    public async Task Register_ByAnAgentsKey_AHundred_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        var key = await mesh.MintAsync("""{"agent_id":"lead","scopes":["registry:write"]}""");
        for (var i = 0; i < Limits.AgentsPerAgentKey; i++)
        {
            Assert.Equal(
                201,
                (await mesh.PostAsync(
                    i % 2 == 0 ? "agents" : "registry",
                    $$"""{"agent_id":"s{{i}}"{{(i % 2 == 0 ? "" : ",\"specialization\":\"s\"")}}}""",
                    key)).Status);
        }

        var revision = mesh.Revision;
        (await mesh.PostAsync("agents", """{"agent_id":"one-more"}""", key)).ShouldBeProblem(429, "agent_quota");
        (await mesh.PostAsync("agents", """{"agent_id":"one-more","declare":true}""", key)).ShouldBeProblem(429, "agent_quota");
        (await mesh.PostAsync("registry", """{"agent_id":"one-more","specialization":"s"}""", key)).ShouldBeProblem(429, "agent_quota");
        Assert.Equal(revision, mesh.Revision);
        Assert.Equal(201, (await mesh.PostAsync("agents", """{"agent_id":"s0","takeover":true}""", key)).Status);
        Assert.Equal(201, (await mesh.PostAsync("agents", """{"agent_id":"one-more"}""")).Status);
        await mesh.RestartAsync();
        (await mesh.PostAsync("agents", """{"agent_id":"another"}""", key)).ShouldBeProblem(429, "agent_quota");
    }

    [Fact]
    public async Task Register_ByAnAgentsKeyWhoseHelpersEndCleanly_IsNeverRefused_AndTheOnesThatEndedFirstMakeRoom()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        var key = await mesh.MintAsync("""{"agent_id":"lead","scopes":["registry:write"]}""");
        for (var i = 0; i < 3 * Limits.AgentsPerAgentKey; i++)
        {
            var registered = await mesh.PostAsync("agents", $$"""{"agent_id":"s{{i}}","parent_id":"lead"}""", key);
            Assert.True(registered.Status == 201, registered.Text);
            Assert.Equal(
                200, (await mesh.PostAsync($"agents/s{i}/exit", $$"""{"incarnation":{{registered.Json["incarnation"]}}}""", key)).Status);
        }

        Assert.Equal(1 + Limits.AgentsPerAgentKey, mesh.State.AgentCount);
        (await mesh.GetAsync("agents/s199")).ShouldBeProblem(404, "agent_not_found");
        Assert.Equal("dead", await mesh.StatusAsync("s200"));
        Assert.Equal(
            "it had ended, and another agent took its place in the quota",
            (await mesh.ChangeAsync("agent.forgotten", "s199")).Json["reason"]!.GetValue<string>());
        for (var i = 0; i < Limits.AgentsPerAgentKey; i++)
        {
            Assert.Equal(201, (await mesh.PostAsync("agents", $$"""{"agent_id":"l{{i}}"}""", key)).Status);
        }

        (await mesh.PostAsync("agents", """{"agent_id":"one-more"}""", key)).ShouldBeProblem(429, "agent_quota");
        Assert.Equal(1 + Limits.AgentsPerAgentKey, mesh.State.AgentCount);
    }

    [Fact]
    public async Task Register_ByAnAgentsKeyWhoseHelpersEndWithoutProof_IsRefused_UntilTheyAreForgotten()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        var key = await mesh.MintAsync("""{"agent_id":"lead","scopes":["registry:write"]}""");
        for (var i = 0; i < Limits.AgentsPerAgentKey; i++)
        {
            await mesh.PostAsync("agents", $$"""{"agent_id":"s{{i}}"}""", key);
            await mesh.DeleteAsync($"agents/s{i}?force=true");
        }

        (await mesh.PostAsync("agents", """{"agent_id":"one-more"}""", key)).ShouldBeProblem(429, "agent_quota");
        await mesh.PostAsync("agents/s0/revive");
        (await mesh.PostAsync("agents", """{"agent_id":"one-more"}""", key)).ShouldBeProblem(429, "agent_quota");
        await mesh.DeleteAsync("agents/s0?forget=true");
        Assert.Equal(201, (await mesh.PostAsync("agents", """{"agent_id":"one-more"}""", key)).Status);
    }

    [Fact]
    public async Task Register_PastTheQuota_LeavesTheChildrenOfWhoMakesRoomInTheSubtree()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        var key = await mesh.MintAsync("""{"agent_id":"lead","scopes":["registry:write","mesh:read"]}""");
        for (var i = 0; i < Limits.AgentsPerAgentKey + 5; i++)
        {
            // Each starts the next one and ends.
            var registered = await mesh.PostAsync(
                "agents", $$"""{"agent_id":"s{{i}}","parent_id":"{{(i == 0 ? "lead" : $"s{i - 1}")}}"}""", key);
            Assert.True(registered.Status == 201, registered.Text);
            if (i > 0)
            {
                await mesh.PostAsync(
                    $"agents/s{i - 1}/exit", $$"""{"incarnation":{{mesh.State.Find($"s{i - 1}")!.Agent.Incarnation}}}""", key);
            }
        }

        Assert.Equal(1 + Limits.AgentsPerAgentKey, mesh.State.AgentCount);
        (await mesh.GetAsync("agents/s4")).ShouldBeProblem(404, "agent_not_found");
        Assert.Equal("lead", (await mesh.GetAsync("agents/s5")).Json["parent_id"]!.GetValue<string>());
        // Still within reach.
        Assert.Equal("alive", (await mesh.GetAsync($"agents/s{Limits.AgentsPerAgentKey + 4}", key)).Json["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Register_ByAnotherKey_TenThousand_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["registry:write"]}""");
        var registered = Enumerable.Range(0, Limits.AgentsPerKey + 5)
            .Select(i => mesh.Engine.ExecuteAsync(
                new RegisterAgent { Actor = key[4..16], AgentId = $"a{i}", Profile = new Profile() }, Origin.Mesh));
        var outcomes = await Task.WhenAll(registered);
        Assert.Equal(Limits.AgentsPerKey, outcomes.Count(o => o.Succeeded));
        Assert.Equal(5, outcomes.Count(o => o.Error?.Code == "agent_quota"));
    }

    [Fact]
    public async Task Within_FourClauses_AndNotOneMore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        string Body(int clauses) =>
            $$"""{"scopes":["steer"],"within":[{{string.Join(",", Enumerable.Repeat("\"subtree:a\"", clauses))}}]}""";
        Assert.Equal(201, (await mesh.PostAsync("keys", Body(Limits.ReachClauses))).Status);
        (await mesh.PostAsync("keys", Body(Limits.ReachClauses + 1)))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("/within");
    }

    [Fact]
    public async Task Revoke_AThousandDescendants_IsOneTransaction()
    {
        await using var mesh = await MeshHost.StartAsync();
        var parent = await mesh.MintAsync("{}");
        var middle = await mesh.MintAsync("{}", parent);
        var below = await Task.WhenAll(Enumerable.Range(0, 999).Select(i => mesh.MintAsync("{}", i % 2 == 0 ? parent : middle)));
        await using var stream = await mesh.ListenAsync("events", below[^1]);
        var revision = mesh.Revision;
        var reply = await mesh.DeleteAsync("keys/" + parent[4..16]);
        Assert.Equal(1001, reply.Json["revoked"]!.AsArray().Count);
        Assert.Equal(revision + 1001, mesh.Revision);
        Assert.Equal("end", (await stream.NextAsync()).Name);
        foreach (var gone in new[] { parent, middle, below[0], below[500], below[998] })
        {
            (await mesh.GetAsync("alive", gone)).ShouldBeProblem(401, "unauthenticated");
        }
    }
}
