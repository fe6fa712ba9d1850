using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Core.Tests;
using SessionMesh.Server.Events;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Events;

/// <summary>What an event shows of its change.</summary>
public sealed class EventViewTests
{
    [Fact]
    public async Task Events_EveryKind_CarriesItsOwnMembersBesideTheEnvelope()
    {
        await using var mesh = await MeshHost.StartAsync();
        var root = mesh.RootKey[4..16];
        await mesh.RegisterAsync("p");
        await mesh.RegisterAsync("a", more: ""","parent_id":"p","specializations":["s"],"labels":{"k":"<v>"},"user":"ann" """);
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","message":"m","data":{"x":1}}""");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","note":"n"}""");
        await mesh.PostAsync("agents", """{"agent_id":"d","declare":true}""");
        var key = (await mesh.PostAsync("keys", """{"session_key":"k \"hash\":\"x","agent_id":"a"}""")).Json["key_id"]!.GetValue<string>();
        await mesh.DeleteAsync("agents/a?grace=5&reason=r");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");

        await using var events = await mesh.ListenAsync("events?after=0");
        await ExpectAsync(events, 1, "mesh", "key.minted", root, """
            "key_name":"root","scopes":["admin"],"expires_at":null,"incarnation":0,"generation":1,"refresh_expires_at":null
            """);
        await ExpectAsync(events, 2, root, "agent.registered", "p", """
            "incarnation":1,"ttl":60,"cluster":"default","specializations":[],"superseded":false
            """);
        await ExpectAsync(events, 3, root, "agent.registered", "a", """
            "incarnation":1,"ttl":60,"cluster":"default","parent_id":"p","user":"ann","specializations":["s"],"labels":{"k":"<v>"},
            "superseded":false
            """);
        await ExpectAsync(events, 4, root, "directive.issued", "a", $$"""
            "seq":1,"verb":"steer","direction":"north","message":"m","data":{"x":1},"expires_at":"{{At(3600)}}"
            """);
        await ExpectAsync(events, 5, root, "directive.acknowledged", "a", """ "seq":1,"note":"n" """);
        await ExpectAsync(events, 6, root, "agent.declared", "d", """ "cluster":"default","specializations":[] """);
        await ExpectAsync(events, 7, root, "key.minted", key, $$"""
            "key_name":"k \"hash\":\"x","parent":"{{root}}","scopes":["agent:self"],"within":["agent:a"],"expires_at":null,"agent_id":"a",
            "incarnation":1,"generation":1,"refresh_expires_at":null
            """);
        await ExpectAsync(events, 8, root, "directive.issued", "a", $$"""
            "seq":2,"verb":"stop","message":"r","data":{"grace":5,"force":false},"expires_at":"{{At(905)}}"
            """);
        await ExpectAsync(events, 9, root, "agent.stopping", "a", $$""" "deadline":"{{At(5)}}","reason":"r","cascade":true """);
        await ExpectAsync(events, 10, root, "directive.acknowledged", "a", """ "seq":2,"note":"the process ended" """);
        await ExpectAsync(events, 11, root, "agent.dead", "a", """
            "incarnation":1,"confirmed":true,"exit_code":0,"reason":"r","tombstone_until":null
            """);
        await ExpectAsync(events, 12, root, "key.revoked", key, """ "reason":"the agent's incarnation ended" """);
    }

    /// <summary>
    /// All that the feed shows of the log, apart from the envelope. A new kind, or a new member, is seen by every reader of the feed unless
    /// it is taken out: the line here says that this is meant.
    /// </summary>
    [Fact]
    public async Task Events_ShowOfEachKind_TheseMembersAndNoOthers()
    {
        await using var mesh = await MeshHost.StartAsync();
        var view = new EventView(mesh.State.Keys.All.Single(), mesh.State);
        var shown = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        using var text = new Utf8Buffer();
        foreach (var (change, _) in ChangeSamples.All)
        {
            text.Clear();
            view.Write(text, change);
            if (text.Length > 0)
            {
                var data = Encoding.UTF8.GetString(text.Written.Span).Split("\ndata: ")[1];
                shown.TryAdd(change.Kind, new(StringComparer.Ordinal));
                shown[change.Kind].UnionWith(JsonNode.Parse(data)!.AsObject().Select(member => member.Key));
                shown[change.Kind].ExceptWith(["revision", "at", "actor", "kind", "subject"]);
            }
        }

        Assert.Equal(
            """
            admin.requested:
            agent.alive:
            agent.dead: confirmed exit_code incarnation reason signal tombstone_until
            agent.declared: cluster labels parent_id specializations user
            agent.forgotten: incarnation reason
            agent.lost: by_hand
            agent.moved: from_parent_id parent_id
            agent.progressing:
            agent.registered: cluster incarnation labels parent_id specializations superseded ttl user
            agent.stalled: progress progress_interval
            agent.stopping: cascade deadline reason
            agent.suspect:
            agent.tombstone_lifted:
            agent.updated: cluster labels parent_id skills specializations ttl user
            claim.lapsed: claim_id specialization
            claim.made: specialization ttl
            claim.released: claim_id specialization
            claim.renewed: claim_id ttl
            directive.accepted: note seq
            directive.acknowledged: seq
            directive.cancelled: seq
            directive.delivered: seq
            directive.expired: seq
            directive.issued: data direction expires_at message message_at seq verb
            directive.queued: seq
            directive.rejected: note seq
            directive.undeliverable: seq
            key.expired:
            key.limited: expires_at
            key.minted: agent_id expires_at generation incarnation key_name lineage parent refresh_expires_at scopes service within
            key.refreshed:
            key.revoked: reason
            link.changed: link_kind link_weight to
            link.made: link_kind link_weight to
            link.removed: link_kind to
            session.created: expires_at meta ttl user
            session.deleted: reason
            session.expired: by_hand
            session.imported: created_at expired expired_at expires_at last_access meta ttl ttl_is_zero user
            session.refreshed: expires_at ttl
            session.updated: agent_id meta
            """,
            string.Join('\n', shown.Select(kind => $"{kind.Key}: {string.Join(' ', kind.Value)}".TrimEnd())));
    }

    [Fact]
    public async Task Events_OwnBookkeeping_StaysOut()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a"}""", idempotencyKey: "k");
        await mesh.RegisterAsync("b");
        Assert.Equal(["key.minted", "agent.registered", "agent.registered"], await mesh.KindsAsync(after: 0));
        Assert.Equal(4, mesh.Revision);
    }

    private static async Task ExpectAsync(SseReader events, long revision, string actor, string kind, string subject, string members)
    {
        var next = await events.NextAsync(kind);
        Assert.Equal(revision, next.Id);
        JsonAssert.Same(
            Merge(
                $$"""{"revision":{{revision}},"at":"{{At(0)}}","actor":"{{actor}}","kind":"{{kind}}","subject":"{{subject}}"}""", members),
            next.Data);
    }
}
