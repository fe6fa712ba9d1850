using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests;

/// <summary>
/// A log with every kind of change, each with its payload as released versions write it. Logs are not rewritten: a payload that
/// differs from the one here breaks an upgrade, a downgrade, and a cluster of mixed versions.
/// </summary>
internal static class ChangeSamples
{
    private const long At = 1_700_000_000_123;
    private const long Micros = 1_700_000_000_123_456;

    private static readonly Dictionary<string, string> s_labels = new(StringComparer.Ordinal) { ["zone"] = "eu", ["Arch"] = "x64" };

    private static readonly Meta s_meta = Meta.Of([new("k", "v")]);

    /// <summary>In the order of the log: each can be applied after those before it.</summary>
    public static IReadOnlyList<(Change Change, string Payload)> All { get; } =
    [
        (new MessageKept { Subject = "messages", Text = "to all", Data = """{"a":[1,2.50]}""" },
            """{"text":"to all","data":{"a":[1,2.50]}}"""),
        (new MessageKept { Subject = "messages" }, """{}"""),
        (new MessageKept { Subject = "messages", Text = "to all" }, """{"text":"to all"}"""),
        (new KeyMinted { Subject = "k1", KeyName = "root", Scopes = ["admin"], Hash = "h1" },
            """{"key_name":"root","scopes":["admin"],"hash":"h1","expires_at":null,"incarnation":0,"generation":1"""
            + ""","refresh_expires_at":null}"""),
        (new KeyMinted
        {
            Subject = "k2", KeyName = "ci", Parent = "k1", Lineage = "l2", Scopes = ["registry:write", "steer"],
            Within = ["agent:a"], Hash = "h2", ExpiresAt = At, AgentId = "a", Incarnation = 3, Generation = 2,
            RefreshHash = "r2", RefreshExpiresAt = At,
        },
            """{"key_name":"ci","parent":"k1","lineage":"l2","scopes":["registry:write","steer"],"within":["agent:a"]"""
            + ""","hash":"h2","expires_at":"2023-11-14T22:13:20.123Z","agent_id":"a","incarnation":3,"generation":2"""
            + ""","refresh_hash":"r2","refresh_expires_at":"2023-11-14T22:13:20.123Z"}"""),
        (new KeyRefreshed { Subject = "k2" }, """{}"""),
        (new KeyLimited { Subject = "k2", ExpiresAt = At }, """{"expires_at":"2023-11-14T22:13:20.123Z"}"""),
        (new KeyEnded { Subject = "k2", Reason = "leaked" }, """{"reason":"leaked"}"""),
        (new KeyMinted { Subject = "k3", KeyName = "short", Parent = "k1", Scopes = ["kill"], Hash = "h3" },
            """{"key_name":"short","parent":"k1","scopes":["kill"],"hash":"h3","expires_at":null,"incarnation":0"""
            + ""","generation":1,"refresh_expires_at":null}"""),
        (new KeyEnded { Subject = "k3", Lapsed = true }, """{}"""),
        (new KeyMinted
        {
            Subject = "k4", KeyName = "scraper", Parent = "k1", Scopes = ["mesh:read"], Hash = "h4", ExpiresAt = At, Service = true,
        },
            """{"key_name":"scraper","parent":"k1","scopes":["mesh:read"],"hash":"h4","expires_at":"2023-11-14T22:13:20.123Z","inc"""
            + """arnation":0,"generation":1,"refresh_expires_at":null,"service":true}"""),
        (new KeyUsed { Subject = "k4", UsedAt = At }, """{"used_at":"2023-11-14T22:13:20.123Z"}"""),
        (new AgentDeclared { Subject = "a", Cluster = "lab" }, """{"cluster":"lab","specializations":[]}"""),
        (new AgentRegistered { Subject = "a", Incarnation = 1, Ttl = 30, Cluster = "lab" },
            """{"incarnation":1,"ttl":30,"cluster":"lab","specializations":[],"superseded":false}"""),
        (new AgentRegistered
        {
            Subject = "b", Incarnation = 2, Ttl = 30, Cluster = "lab", ParentId = "a", User = "ada",
            Specializations = ["coder", "Über"], Labels = s_labels, Superseded = true,
        },
            """{"incarnation":2,"ttl":30,"cluster":"lab","parent_id":"a","user":"ada","specializations":["coder","\u00DCber"]"""
            + ""","labels":{"zone":"eu","Arch":"x64"},"superseded":true}"""),
        (new AgentDeclared
        {
            Subject = "c", Cluster = "lab", ParentId = "b", User = "ada", Specializations = ["coder"], Labels = s_labels,
        },
            """{"cluster":"lab","parent_id":"b","user":"ada","specializations":["coder"],"labels":{"zone":"eu","Arch":"x64"}}"""),
        (new AgentUpdated
        {
            Subject = "b", Ttl = 60, Cluster = "den", Specializations = ["coder", "ocr"],
            Skills = [new() { Name = "ocr", Version = "2", Level = 80, Capacity = 3 }],
        },
            """{"ttl":60,"cluster":"den","specializations":["coder","ocr"]"""
            + ""","skills":[{"name":"ocr","version":"2","level":80,"capacity":3}]}"""),
        (new ClaimMade { Subject = "b", Specialization = "ocr", Ttl = 60 }, """{"specialization":"ocr","ttl":60}"""),
        (new ClaimRenewed { Subject = "b", ClaimId = "c-9", Ttl = 90 }, """{"claim_id":"c-9","ttl":90}"""),
        (new ClaimEnded { Subject = "b", ClaimId = "c-9", Specialization = "ocr" }, """{"claim_id":"c-9","specialization":"ocr"}"""),
        (new ClaimEnded { Subject = "b", ClaimId = "c-9", Specialization = "ocr", HasLapsed = true },
            """{"claim_id":"c-9","specialization":"ocr"}"""),
        (new LinkPut { Subject = "b", To = "a", LinkKind = "reports", LinkWeight = 2.5 },
            """{"to":"a","link_kind":"reports","link_weight":2.5}"""),
        (new LinkPut { Subject = "b", To = "a", LinkKind = "reports", LinkWeight = 3, IsKnown = true },
            """{"to":"a","link_kind":"reports","link_weight":3}"""),
        (new LinkRemoved { Subject = "b", To = "a", LinkKind = "reports" }, """{"to":"a","link_kind":"reports"}"""),
        (new AgentMoved { Subject = "b", ParentId = "a" }, """{"parent_id":"a"}"""),
        (new AgentMoved { Subject = "b", FromParentId = "a" }, """{"from_parent_id":"a"}"""),
        (new AgentUpdated { Subject = "a", Ttl = 60, Cluster = "den" }, """{"ttl":60,"cluster":"den","specializations":[]}"""),
        (new AgentUpdated
        {
            Subject = "b", Ttl = 60, Cluster = "den", ParentId = "a", User = "ada", Specializations = ["coder"],
            Labels = s_labels,
        },
            """{"ttl":60,"cluster":"den","parent_id":"a","user":"ada","specializations":["coder"]"""
            + ""","labels":{"zone":"eu","Arch":"x64"}}"""),
        (new SessionUpdated
        {
            Subject = "b.2", AgentId = "b", Meta = new SortedDictionary<string,
            string?>(StringComparer.Ordinal) { ["k"] = "v\n", ["gone"] = null },
        },
            """{"meta":{"gone":null,"k":"v\n"},"agent_id":"b"}"""),
        (new AgentLivenessChanged { Subject = "b", Liveness = Liveness.Suspect }, """{}"""),
        (new AgentLivenessChanged { Subject = "b", Liveness = Liveness.Alive }, """{}"""),
        (new AgentLivenessChanged { Subject = "b", Liveness = Liveness.Lost }, """{}"""),
        (new AgentLivenessChanged { Subject = "b", Liveness = Liveness.Lost, ByHand = true }, """{"by_hand":true}"""),
        (new AgentStalled { Subject = "a", ProgressInterval = 30 }, """{"progress_interval":30}"""),
        (new AgentStalled { Subject = "a", Progress = 0.5, ProgressInterval = 30 }, """{"progress":0.5,"progress_interval":30}"""),
        (new AgentProgressing { Subject = "a" }, """{}"""),
        (new DirectiveIssued
        {
            Subject = "a", Seq = 1, Verb = Verb.Steer, Direction = "left", Message = "<go> 'on'", Data = "[1, 2]",
            ExpiresAt = At,
        },
            """{"seq":1,"verb":"steer","direction":"left","message":"\u003Cgo\u003E \u0027on\u0027","data":[1, 2]"""
            + ""","expires_at":"2023-11-14T22:13:20.123Z"}"""),
        (new DirectiveIssued { Subject = "a", Seq = 2, Verb = Verb.Pause, MessageAt = 3, ExpiresAt = At },
            """{"seq":2,"verb":"pause","message_at":3,"expires_at":"2023-11-14T22:13:20.123Z"}"""),
        (new DirectiveIssued { Subject = "a", Seq = 3, Verb = Verb.Resume, ExpiresAt = At },
            """{"seq":3,"verb":"resume","expires_at":"2023-11-14T22:13:20.123Z"}"""),
        (new DirectiveIssued { Subject = "a", Seq = 4, Verb = Verb.Stop, ExpiresAt = 0 }, """{"seq":4,"verb":"stop","expires_at":null}"""),
        (new DirectiveIssued { Subject = "a", Seq = 5, Verb = Verb.Steer, ExpiresAt = At },
            """{"seq":5,"verb":"steer","expires_at":"2023-11-14T22:13:20.123Z"}"""),
        (new DirectiveIssued { Subject = "a", Seq = 6, Verb = Verb.Pause, ExpiresAt = At, Reason = "too \"loud\"" },
            """{"seq":6,"verb":"pause","expires_at":"2023-11-14T22:13:20.123Z","reason":"too \u0022loud\u0022"}"""),
        (new DirectiveMoved { Subject = "a", Seq = 1, State = DeliveryState.Delivered }, """{"seq":1}"""),
        (new DirectiveMoved { Subject = "a", Seq = 1, State = DeliveryState.Queued }, """{"seq":1}"""),
        (new DirectiveMoved { Subject = "a", Seq = 1, State = DeliveryState.Accepted, Note = "by the runner" },
            """{"seq":1,"note":"by the runner"}"""),
        (new DirectiveMoved { Subject = "a", Seq = 1, State = DeliveryState.Acknowledged }, """{"seq":1}"""),
        (new DirectiveMoved { Subject = "a", Seq = 2, State = DeliveryState.Rejected, Note = "no" }, """{"seq":2,"note":"no"}"""),
        (new DirectiveMoved { Subject = "a", Seq = 3, State = DeliveryState.Expired }, """{"seq":3}"""),
        (new DirectiveMoved { Subject = "a", Seq = 4, State = DeliveryState.Cancelled }, """{"seq":4}"""),
        (new DirectiveMoved { Subject = "a", Seq = 5, State = DeliveryState.Undeliverable }, """{"seq":5}"""),
        (new AgentStopping { Subject = "a", Deadline = At }, """{"deadline":"2023-11-14T22:13:20.123Z","cascade":false}"""),
        (new AgentStopping { Subject = "a", Deadline = At, Reason = "idle", Cascade = true },
            """{"deadline":"2023-11-14T22:13:20.123Z","reason":"idle","cascade":true}"""),
        (new AgentDied { Subject = "b", Incarnation = 2, Confirmed = false },
            """{"incarnation":2,"confirmed":false,"tombstone_until":null}"""),
        (new AgentDied
        {
            Subject = "a", Incarnation = 1, Confirmed = true, ExitCode = 137, Signal = "KILL", Reason = "memory",
            TombstoneUntil = At,
        },
            """{"incarnation":1,"confirmed":true,"exit_code":137"""
            + ""","signal":"KILL","reason":"memory","tombstone_until":"2023-11-14T22:13:20.123Z"}"""),
        (new AgentTombstoneLifted { Subject = "a" }, """{}"""),
        (new AgentForgotten { Subject = "a", Incarnation = 1, Reason = "retention" }, """{"incarnation":1,"reason":"retention"}"""),
        (new AgentForgotten { Subject = "b", Incarnation = 2 }, """{"incarnation":2}"""),
        (new SessionCreated { Subject = "s1", User = "ada", Ttl = 60, ExpiresAt = Micros },
            """{"user":"ada","ttl":60,"expires_at":"2023-11-14T22:13:20.123456Z"}"""),
        (new SessionCreated { Subject = "s2", User = "ada", Ttl = 0, Meta = s_meta, ExpiresAt = 0 },
            """{"user":"ada","ttl":0,"meta":{"k":"v"},"expires_at":null}"""),
        (new SessionImported
        {
            Subject = "s3", User = "ada", Ttl = 60, CreatedAt = Micros, LastAccess = Micros, ExpiresAt = Micros,
            ExpiredAt = 0,
        },
            """{"user":"ada","expired":false,"ttl":60"""
            + ""","created_at":"2023-11-14T22:13:20.123456Z","last_access":"2023-11-14T22:13:20.123456Z","expires_at":"""
            + "\"2023-11-14T22:13:20.123456Z\",\"expired_at\":null}"),
        (new SessionImported
        {
            Subject = "s4", User = "ada", Expired = true, Ttl = 60, Meta = s_meta, CreatedAt = Micros, LastAccess = Micros,
            ExpiresAt = Micros, ExpiredAt = Micros,
        },
            """{"user":"ada","expired":true,"ttl":60,"meta":{"k":"v"}"""
            + ""","created_at":"2023-11-14T22:13:20.123456Z","last_access":"2023-11-14T22:13:20.123456Z","expires_at":"""
            + "\"2023-11-14T22:13:20.123456Z\",\"expired_at\":\"2023-11-14T22:13:20.123456Z\"}"),
        (new SessionImported
        {
            Subject = "s5", User = "ada", Ttl = 0, TtlIsZero = true, CreatedAt = Micros, LastAccess = Micros, ExpiresAt = -Micros,
            ExpiredAt = 0,
        },
            """{"user":"ada","expired":false,"ttl":0,"ttl_is_zero":true"""
            + ""","created_at":"2023-11-14T22:13:20.123456Z","last_access":"2023-11-14T22:13:20.123456Z","expires_at":"""
            + "\"1916-02-18T01:46:39.876544Z\",\"expired_at\":null}"),
        (new SessionUpdated { Subject = "s1", Meta = new SortedDictionary<string, string?>(StringComparer.Ordinal) { ["k"] = "v" } },
            """{"meta":{"k":"v"}}"""),
        (new SessionRefreshed { Subject = "s1", Ttl = 30, ExpiresAt = Micros },
            """{"ttl":30,"expires_at":"2023-11-14T22:13:20.123456Z"}"""),
        (new SessionExpired { Subject = "s1" }, """{"by_hand":false}"""),
        (new SessionExpired { Subject = "s1", ByHand = true }, """{"by_hand":true}"""),
        (new SessionDeleted { Subject = "s1" }, """{}"""),
        (new SessionDeleted { Subject = "s2", Reason = "retention" }, """{"reason":"retention"}"""),
        (new ReceiptKept { Subject = "0123456789abcdef0123456789abcdef", Request = "fedcba9876543210fedcba9876543210", Status = 200 },
            """{"request":"fedcba9876543210fedcba9876543210","status":200,"size":0}"""),
        (new ReceiptKept
        {
            Subject = "0123456789abcdef0123456789abcdee", Request = "fedcba9876543210fedcba9876543210", Status = 201,
            KeyId = "k1", Owner = "l1", Size = 9,
        },
            """{"request":"fedcba9876543210fedcba9876543210","status":201,"key_id":"k1","owner":"l1","size":9}"""),
        (new ReceiptsTrimmed { Subject = "receipts", Below = 7 }, """{"below":7}"""),
        (new AdminRequested { Subject = "backup" }, """{}"""),
    ];
}
