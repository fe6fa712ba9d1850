using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.State;

/// <summary>
/// The digest of two nodes is worth as much as what it sees: every member of every record, a new one included, or this fails.
/// </summary>
public sealed class CanonicalRecordTests
{
    private static readonly Stall s_stall = new(Progress: 1, ProgressInterval: 30);
    private static readonly StopRequest s_stop = new(Deadline: 1, Reason: "r", Cascade: false, At: 1);
    private static readonly Exit s_exit = new(Confirmed: false, ExitCode: null, Signal: null, Reason: null, At: 1, TombstoneUntil: 1);

    private static readonly Agent s_agent = new()
    {
        Number = 1, Id = "a", Cluster = "c", Stall = s_stall, Stop = s_stop, LastExit = s_exit,
    };

    private static readonly DirectiveRecord s_directive = new()
    {
        Revision = 1, Agent = 1, AgentId = "a", Seq = 1, Previous = 1, Verb = Verb.Steer, IssuedBy = "k", IssuedAt = 1, ExpiresAt = 1,
    };

    private static readonly Key s_key = new()
    {
        Revision = 1, Id = "k", Name = "n", Lineage = "k", Scopes = ScopeSet.Kill, Hash = "h", CreatedAt = 1,
    };

    private static readonly Session s_session = new()
    {
        Revision = 1, Id = "s", User = "u", CreatedAt = 1, LastAccess = 1, Version = 1,
    };

    private static readonly Claim s_claim = new()
    {
        Revision = 1, Agent = 1, AgentId = "a", Specialization = "s", KeyId = "k", Ttl = 1, At = 1, ExpiresAt = 1,
    };

    private static readonly Link s_link = new()
    {
        Revision = 1, From = 1, FromId = "a", To = 2, ToId = "b", Kind = "k", Weight = 1, At = 1,
    };

    private static readonly Receipt s_receipt = new(Revision: 1, Scope: 1, Request: 1, At: 1, Status: 200, null, null, Size: 1);

    [Fact]
    public void Agent_EveryMemberIsSeen()
    {
        AssertSeen(s_agent, (hash, agent) => hash.Add(agent));
        AssertSeen(s_stall, (hash, stall) => hash.Add(s_agent with { Stall = stall }));
        AssertSeen(s_stop, (hash, stop) => hash.Add(s_agent with { Stop = stop }));
        AssertSeen(s_exit, (hash, exit) => hash.Add(s_agent with { LastExit = exit }));
        AssertSeen(new Skill { Name = "s" }, (hash, skill) => hash.Add(s_agent with { Skills = SkillSet.Of([skill.Name], [skill]) }));
    }

    [Fact]
    public void Inbox_EveryMemberIsSeen()
    {
        AssertSeen(s_directive, (hash, directive) => hash.Add(directive));
        (long Seq, long Revision, ImmutableArray<DirectiveRecord> Pending)[] inboxes =
        [
            (1, 1, []), (2, 1, []), (1, 2, []), (1, 1, [s_directive]), (1, 1, [s_directive, s_directive]),
        ];
        Assert.Distinct(inboxes.Select(inbox => Hash(h => h.Add(Inbox.Load(inbox.Seq, inbox.Revision, inbox.Pending)))));
        Assert.Equal(
            [nameof(Inbox.LastSeq), nameof(Inbox.LastRevision), nameof(Inbox.Pending), nameof(Inbox.EarliestExpiry)], // of the pending
            typeof(Inbox).GetProperties().Where(member => !member.GetMethod!.IsStatic).Select(member => member.Name));
    }

    [Fact]
    public void Key_EveryMemberIsSeen() => AssertSeen(s_key, (hash, key) => hash.Add(key));

    [Fact]
    public void Session_EveryMemberIsSeen() => AssertSeen(s_session, (hash, session) => hash.Add(session));

    [Fact]
    public void Claim_EveryMemberIsSeen() => AssertSeen(s_claim, (hash, claim) => hash.Add(claim));

    [Fact]
    public void Link_EveryMemberIsSeen() => AssertSeen(s_link, (hash, link) => hash.Add(link));

    /// <summary>Memory does not hold the answer and its ETag: a replay reads them in the table.</summary>
    [Fact]
    public void Receipt_EveryMemberIsSeen_ButWhatIsInTheTableAlone() =>
        AssertSeen(s_receipt, (hash, receipt) => hash.Add(receipt), nameof(Receipt.Answer), nameof(Receipt.Version));

    [Fact]
    public void Text_IsNeverTakenForTwo_NorForNone()
    {
        var texts = new[] { null, "", "a", "ab", "\u00e9", new string('x', 40_000), new string('\u4e00', 40_000) };
        Assert.Distinct(texts.Select(text => Hash(hash => hash.Text(text))));
        Assert.NotEqual(All("a", "bc"), All("ab", "c"));
        Assert.NotEqual(All("", null), All(null, ""));

        static string All(params string?[] texts) => Hash(hash => Array.ForEach(texts, hash.Text));
    }

    /// <summary>Whatever the size of the pieces: a buffer lies between.</summary>
    [Fact]
    public void Hash_IsOfTheValues_NotOfHowTheyCame()
    {
        var expected = SHA256.HashData([.. Enumerable.Range(0, 100_000).SelectMany(i => BitConverter.GetBytes((long)i))]);
        Assert.Equal(Convert.ToHexStringLower(expected), Hash(hash =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                hash.Number(i);
            }
        }));
    }

    private static void AssertSeen<T>(T record, Action<CanonicalHash, T> add, params string[] unseen)
        where T : class
    {
        var clone = typeof(T).GetMethod("<Clone>$")!;
        var members = typeof(T).GetProperties().Where(member => member.CanWrite).ToList();
        Assert.NotEmpty(members);
        foreach (var member in members)
        {
            var other = (T)clone.Invoke(record, null)!;
            member.SetValue(other, Other(member, member.GetValue(record)));
            var isSeen = Hash(hash => add(hash, record)) != Hash(hash => add(hash, other));
            Assert.True(isSeen != unseen.Contains(member.Name), $"{typeof(T).Name}.{member.Name} is {(isSeen ? "" : "not ")}seen");
        }
    }

    /// <summary>A value of the member's type that is another one.</summary>
    private static object Other(PropertyInfo member, object? value) => (
        Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType) switch
    {
        var type when type == typeof(string) => value + "x",
        var type when type == typeof(int) => (int)(value ?? 0) + (value is null ? 0 : 1), // 0 is not null
        var type when type == typeof(long) => (long)(value ?? 0L) + (value is null ? 0 : 1),
        var type when type == typeof(double) => (double)(value ?? 0.0) + (value is null ? 0 : 1),
        var type when type == typeof(bool) => !(bool)value!,
        var type when type == typeof(UInt128) => (UInt128)value! + (UInt128.One << 70),
        var type when type == typeof(byte[]) => new byte[1],
        { IsEnum: true } type => Enum.GetValues(type).Cast<object>().First(other => !other.Equals(value)),
        var type when type == typeof(SkillSet) => SkillSet.Of(["other"]),
        var type when type == typeof(Holds) => Holds.None.With("s", 1),
        var type when type == typeof(LabelSet) => LabelSet.Of([new("other", "x")]),
        var type when type == typeof(Meta) => Meta.Of([new("other", "x")]),
        var type when type == typeof(Reach) => Reach.Of(["agent:a"])!,
        var type when type == typeof(Stall) => s_stall with { ProgressInterval = 31 },
        var type when type == typeof(StopRequest) => s_stop with { At = 2 },
        var type when type == typeof(Exit) => s_exit with { At = 2 },
        var type => throw new NotSupportedException($"{member.Name} is of the type {type.Name}: say here what another one is"),
    };

    private static string Hash(Action<CanonicalHash> add)
    {
        using var hash = new CanonicalHash();
        add(hash);
        return hash.Finish();
    }
}
