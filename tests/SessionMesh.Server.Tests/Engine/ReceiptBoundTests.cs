using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>The bound of what is remembered of calls under an <c>Idempotency-Key</c>, reached through the engine itself.</summary>
public sealed class ReceiptBoundTests
{
    private static readonly byte[] s_small = "{}"u8.ToArray();

    [Fact]
    public async Task Receipts_PastTheBoundOfAnAgentsKey_RefuseANewOne_ForgetNone_AndConcernNoOtherKey()
    {
        using var rig = new EngineRig();
        var (own, child, other) = await KeysAsync(rig);
        await FillAsync(rig, own, Limits.ReceiptsPerAgentKey, s_small);
        var full = rig.State.Revision;

        foreach (var actor in new[] { own, child }) // the child's are its account's
        {
            var refused = await RunAsync(rig, actor, token: 1_000_000, s_small);
            var error = refused.Outcome.Error!;
            Assert.Equal((429, "too_many_receipts", Limits.IdempotencyHours * 3600), (error.HttpStatus(), error.Code, error.RetryAfter));
            Assert.Contains("Idempotency-Key", error.Detail, StringComparison.Ordinal);
        }

        Assert.NotNull((await RunAsync(rig, own, token: 1, s_small)).Earlier);
        Assert.NotNull((await RunAsync(rig, own, token: Limits.ReceiptsPerAgentKey, s_small)).Earlier);
        Assert.Equal(full, rig.State.Revision);
        Assert.Null((await RunAsync(rig, other, token: 2_000_000, s_small)).Outcome.Error);
        Assert.Null((await rig.Engine.ExecuteAsync(new NoteAdmin { Actor = own, Operation = "check" }, Origin.Mesh)).Error);
        Assert.Equal(Projection.OfMemory(rig.State), Projection.OfMemory(Projection.Reloaded(rig.Store)));

        // A day later, and not before, there is room again.
        rig.Time.Advance(TimeSpan.FromHours(Limits.IdempotencyHours));
        await rig.Engine.ExecuteAsync(new TrimReceipts { Actor = Actors.Mesh }, Origin.Mesh);
        Assert.Equal("too_many_receipts", (await RunAsync(rig, own, token: 1_000_000, s_small)).Outcome.Error?.Code);
        rig.Time.Advance(TimeSpan.FromMilliseconds(1));
        await rig.Engine.ExecuteAsync(new TrimReceipts { Actor = Actors.Mesh }, Origin.Mesh);
        Assert.Null((await RunAsync(rig, own, token: 1_000_000, s_small)).Outcome.Error);
        Assert.Equal(1, rig.State.Receipts.Count);
    }

    [Fact]
    public async Task Receipts_WithLargeAnswers_AreBoundedInBytes()
    {
        using var rig = new EngineRig();
        var (own, _, other) = await KeysAsync(rig);
        var large = new byte[10 << 20];
        Array.Fill(large, (byte)' ');
        await FillAsync(rig, own, (int)(Limits.ReceiptBytesPerAgentKey / large.Length), large);
        Assert.Equal("too_many_receipts", (await RunAsync(rig, own, token: 1_000_000, s_small)).Outcome.Error?.Code);
        Assert.Null((await RunAsync(rig, other, token: 2_000_000, s_small)).Outcome.Error);
        Assert.Equal(Projection.OfMemory(rig.State), Projection.OfMemory(Projection.Reloaded(rig.Store)));
    }

    [Fact]
    public async Task Receipt_OfACallThatRevokesItsOwnKey_CountsForItsAccount()
    {
        using var rig = new EngineRig();
        var (own, child, _) = await KeysAsync(rig);
        var revoke = new RevokeKey { Actor = child, KeyId = child };
        await rig.Engine.ExecuteAsync(revoke, Origin.Mesh, new IdempotencyToken(7, 1), _ => new Answer(200, s_small));
        Assert.Equal(own, Assert.Single(rig.State.Receipts.All).Owner);
    }

    [Fact]
    public async Task Receipts_OfAdminKeys_CountForEachOfThem()
    {
        using var rig = new EngineRig();
        var root = await MintAsync(rig, Actors.Mesh);
        var second = await MintAsync(rig, root);
        await RunAsync(rig, root, token: 1, s_small);
        await RunAsync(rig, second, token: 2, s_small);
        Assert.Equal([root, second], rig.State.Receipts.All.Select(r => r.Owner));
    }

    /// <summary>An agent's key, one that it minted, and one of another agent.</summary>
    private static async Task<(string Own, string Child, string Other)> KeysAsync(EngineRig rig)
    {
        foreach (var id in new[] { "a", "b" })
        {
            await rig.Engine.ExecuteAsync(new RegisterAgent { Actor = Actors.Mesh, AgentId = id, Profile = new Profile() }, Origin.Mesh);
        }

        var root = await MintAsync(rig, Actors.Mesh);
        var own = await MintAsync(rig, root, "a", ScopeSet.RegistryWrite | ScopeSet.KeysMint | ScopeSet.Steer);
        return (own, await MintAsync(rig, own, scopes: ScopeSet.Steer | ScopeSet.KeysMint), await MintAsync(rig, root, "b"));
    }

    private static async Task<string> MintAsync(EngineRig rig, string actor, string? agent = null, ScopeSet? scopes = null)
    {
        var (id, token) = KeyToken.New();
        var mint = new MintKey { Actor = actor, KeyId = id, Hash = KeyToken.Hash(token), AgentId = agent, Scopes = scopes };
        var minted = await rig.Engine.ExecuteAsync(mint, Origin.Mesh);
        Assert.True(minted.Succeeded, minted.Error?.Detail);
        return id;
    }

    private static Task<Executed<bool>> RunAsync(EngineRig rig, string actor, int token, byte[] answer) =>
        rig.Engine.ExecuteAsync(
            new NeedsNoTurn { Actor = actor }, Origin.Mesh, new IdempotencyToken((UInt128)token, 1), _ => new Answer(200, answer));

    /// <summary>Tokens 1 to <paramref name="count"/>.</summary>
    private static async Task FillAsync(EngineRig rig, string actor, int count, byte[] answer)
    {
        foreach (var tokens in Enumerable.Range(1, count).Chunk(10_000))
        {
            var executed = await Task.WhenAll(tokens.Select(token => RunAsync(rig, actor, token, answer)));
            Assert.All(executed, e => Assert.Null(e.Outcome.Error));
        }
    }

    private sealed record NeedsNoTurn : Command<bool>
    {
        public override Outcome<bool> Decide(Core.State.MeshDraft draft) => true;
    }
}
