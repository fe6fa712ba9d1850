using System.Collections.Immutable;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Steering;

/// <summary>Writes directives as JSON, and marks them as delivered once they are on a socket. Thread-safe.</summary>
public sealed class DirectiveWriter(MeshEngine engine)
{
    public void Write(Utf8Buffer json, DirectiveRecord d)
    {
        json.Raw("{\"directive_id\":\"d-"u8);
        json.Number(d.Revision);
        json.Raw("\",\"agent_id\":\""u8);
        json.Raw(d.AgentId);
        json.Raw("\",\"seq\":"u8);
        json.Number(d.Seq);
        json.Raw(",\"verb\":\""u8);
        json.Raw(d.Verb.Word());
        json.Raw("\",\"direction\":"u8);
        json.String(d.Direction);
        json.Raw(",\"message\":"u8);
        json.String(d.Message);
        json.Raw(",\"data\":"u8);
        json.Raw(d.Data ?? "null"); // valid JSON: it was parsed when it came
        json.Raw(",\"state\":\""u8);
        json.Raw(d.State.Word());
        json.Raw("\",\"issued_by\":\""u8);
        json.Raw(d.IssuedBy);
        json.Raw("\",\"issued_at\":"u8);
        json.Time(d.IssuedAt);
        json.Raw(",\"expires_at\":"u8);
        json.Time(d.ExpiresAt);
        json.Raw(",\"delivered_at\":"u8);
        json.Time(d.DeliveredAt);
        json.Raw(",\"accepted_at\":"u8);
        json.Time(d.AcceptedAt);
        json.Raw(",\"acknowledged_at\":"u8);
        json.Time(d.State == DeliveryState.Acknowledged ? d.EndedAt : 0);
        json.Raw(",\"ended_at\":"u8);
        json.Time(d.EndedAt);
        json.Raw(",\"note\":"u8);
        json.String(d.Note);
        json.Raw("}"u8);
    }

    public void WriteArray(Utf8Buffer json, ImmutableArray<DirectiveRecord> pending)
    {
        json.Raw("["u8);
        foreach (var directive in pending)
        {
            Write(json, directive);
            json.Raw(","u8);
        }

        if (!pending.IsEmpty)
        {
            json.Unwrite();
        }

        json.Raw("]"u8);
    }

    /// <summary>
    /// Call between handing out and writing. Where several nodes share a log, what is handed out is marked as delivered first: a cancel at
    /// another node, which does not see this one's hands, is then refused, or has come first, and what it ended is not written.
    /// </summary>
    /// <returns>What to write, in order; null if that could not be decided now, so that nothing may be written.</returns>
    public ValueTask<ImmutableArray<DirectiveRecord>?> ClaimAsync(AgentSlot slot, ImmutableArray<DirectiveRecord> handed) =>
        engine.IsShared && handed.Any(directive => directive.State == DeliveryState.Queued) ? MarkFirstAsync(slot, handed) : new(handed);

    /// <summary>Call after writing: marks as delivered what <see cref="ClaimAsync"/> did not.</summary>
    public void Written(int number, ImmutableArray<DirectiveRecord> written)
    {
        if (!engine.IsShared)
        {
            MarkDelivered(number, written);
        }
    }

    private async ValueTask<ImmutableArray<DirectiveRecord>?> MarkFirstAsync(AgentSlot slot, ImmutableArray<DirectiveRecord> handed)
    {
        if (Mark(slot.Agent.Number, handed) is { } mark && !(await engine.ExecuteAsync(mark, Origin.Mesh)).Succeeded)
        {
            return null;
        }

        var inbox = slot.Inbox;
        return [.. handed.Where(directive => inbox.Find(directive.Seq)?.Revision == directive.Revision)];
    }

    /// <summary>
    /// Marks directives as delivered after they were written to a socket. Nobody waits for it: if a crash loses the mark they are delivered
    /// again, which "at least once" allows.
    /// </summary>
    public void MarkDelivered(int number, ImmutableArray<DirectiveRecord> written)
    {
        if (Mark(number, written) is { } mark)
        {
            engine.Post(mark);
        }
    }

    /// <summary>Null if none of them is still queued.</summary>
    private static MarkDelivered? Mark(int number, ImmutableArray<DirectiveRecord> written)
    {
        var first = 0L;
        var last = 0L;
        var verbs = VerbSet.None;
        foreach (var directive in written)
        {
            if (directive.State == DeliveryState.Queued)
            {
                first = first == 0 ? directive.Seq : first;
                last = directive.Seq;
                verbs |= directive.Verb.Alone();
            }
        }

        return last == 0 ? null : new MarkDelivered
        {
            Actor = Actors.Mesh,
            Number = number,
            After = first - 1,
            UpTo = last,
            Verbs = verbs,
            Revision = written[^1].Revision,
        };
    }
}
