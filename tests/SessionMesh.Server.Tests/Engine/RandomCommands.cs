using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.Registry;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>Commands of every kind over a small population, so that they meet each other often.</summary>
internal sealed class RandomCommands(Random random, MeshEngine engine)
{
    private const int Population = 12;
    private readonly List<string> _keys = [];
    private readonly Dictionary<string, Key> _seen = [];

    /// <summary>Queues one random command; the task tells its error code, or null.</summary>
    public Task<string?> Next() => random.Next(40) switch
    {
        0 or 1 => Run(new RegisterAgent
        {
            Actor = Actor(),
            AgentId = Id(),
            Profile = Profile(),
            Incarnation = Incarnation(),
            Takeover = Chance(4),
        }),
        2 => Run(new RegisterSpecialization { Actor = Actor(), AgentId = Id(), Profile = Profile() with { Skills = [Skill(), Skill()] } }),
        3 => Run(new DeclareAgent { Actor = Actor(), AgentId = Id(), Profile = Profile() with { Ttl = null }, Update = Chance(2) }),
        4 => Run(new WithdrawSpecialization { Actor = Actor(), AgentId = Id(), Specialization = Name() }),
        5 or 6 => Run(Steer()),
        7 or 8 => Run(new AckDirective
        {
            Actor = Actor(),
            AgentId = Id(),
            Seq = random.Next(0, 12),
            State = (DeliveryState)random.Next(2, 5),
            Note = Text(),
            Incarnation = Incarnation(),
        }),
        9 when engine.State.Slots.Count > 0 => Run(new MarkDelivered
        {
            Actor = Actors.Mesh,
            Number = random.Next(engine.State.Slots.Count),
            After = 0,
            UpTo = random.Next(12),
            Verbs = (VerbSet)random.Next((int)VerbSet.All + 1),
            Revision = random.NextInt64(engine.State.Revision + 1),
        }),
        10 when Chance(3) => Run(new NoteProgress { Actor = Actor(), AgentId = Id() }),
        10 => Run(new ReviveBySignOfLife
        {
            Actor = Actor(),
            AgentId = Id(),
            Incarnation = Incarnation(),
            Beat = Chance(2) ? Beat.Empty : new Beat(Activity.Working, double.NaN, random.Next(3), random.Next(3), null),
        }),
        11 => Run(new SweepDue { Actor = Actors.Mesh, Numbers = [.. Enumerable.Range(0, engine.State.Slots.Count)] }),
        12 => Kill(),
        13 => Run(new ReportExit
        {
            Actor = Actor(),
            AgentId = Id(),
            Incarnation = random.Next(1, 4),
            ExitCode = random.Next(3),
            Signal = Chance(2) ? "TERM" : null,
            Reason = Text(),
        }),
        14 => Run(new LiftTombstone { Actor = Actor(), AgentId = Id() }),
        16 when engine.State.Slots.Count > 0 => Run(new CancelDirective
        {
            Actor = Actor(), Number = random.Next(engine.State.Slots.Count), Seq = random.Next(12), Revision = random.NextInt64(
                engine.State.Revision + 1),
        }),
        17 => SteerMany(),
        18 when Chance(6) => NewRoot(),
        18 => Mint(),
        24 => Run(new SteerEach { Actor = Actor(), Steers = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (Id(), Message()))] }),
        15 => _keys.Count == 0 ? Mint() : Run(new RevokeKey { Actor = Actor(), KeyId = _keys[random.Next(_keys.Count)] }),
        20 or 21 => Session(),
        22 => AgentSession(),
        23 => Run(new NoteAdmin { Actor = Actor(), Operation = "backup" }),
        25 or 26 => Run(new ForgetAgent { Actor = Actor(), AgentId = Id() }),
        27 => Run(new ForgetGone { Actor = Actors.Mesh, AgentIds = [Id(), Id(), Id()], Before = engine.Now.Wall - random.Next(20_000) }),
        19 when _keys.Count > 0 => Refresh(),
        28 when _keys.Count > 0 => Run(new NoteKeyUses
        {
            Actor = Actors.Mesh,
            Uses = [.. _keys.Select(key => (key, engine.Now.Wall + random.Next(7_200_000)))],
        }),
        29 => MintService(),
        30 when _keys.Count > 0 => Renew(),
        31 or 32 => Run(new ClaimSpecialist
        {
            Actor = Actor(),
            Ttl = random.Next(5, 60),
            Matching = new Matching { Specialization = Chance(3) ? "data" : Name(), Strategy = (Strategy)random.Next(3) },
        }),
        33 => Run(new RenewClaim { Actor = Actor(), ClaimId = ClaimId(), Ttl = Chance(2) ? random.Next(5, 60) : null }),
        34 => Run(new ReleaseClaim { Actor = Actor(), ClaimId = ClaimId() }),
        35 => Run(new LapseClaims { Actor = Actors.Mesh, Revisions = engine.State.Claims.TakeDue(engine.Now) }),
        36 or 37 or 38 => Link(Id(), Id()),
        39 => Run(new RemoveLink { Actor = Actor(), From = Id(), To = Id(), LinkKind = Chance(2) ? "link" : Name() }),
        _ => Chance(2) ? Run(new ExpireKeys { Actor = Actors.Mesh }) : Run(new TrimReceipts { Actor = Actors.Mesh }),
    };

    /// <summary>A command that needs several new pages: on a full disk it fails, and so does its batch.</summary>
    public Task<string?> NextLarge() => Run(new DeclareAgent
    {
        Actor = Actors.Mesh,
        AgentId = $"large-{random.Next()}",
        Profile = new Profile { User = new string('u', 40_000) },
    });

    private Task<string?> Link(string from, string to) => from == to ? Next() : Run(new PutLink
    {
        Actor = Actor(),
        From = from,
        To = to,
        LinkKind = Chance(2) ? "link" : Name(),
        LinkWeight = random.Next(3),
    });

    private Task<string?> Mint()
    {
        var (id, token) = KeyToken.New();
        var parent = _keys.Count == 0 || Chance(3) ? null : _keys[random.Next(_keys.Count)];
        _keys.Add(id);
        return Run(new MintKey
        {
            Actor = parent ?? Actors.Mesh,
            KeyId = id,
            Hash = KeyToken.Hash(token),
            Name = Chance(2) ? Name() : null,
            Ttl = Chance(2) ? random.Next(1, 200) : null,
            AgentId = Chance(3) ? Id() : null,
            RefreshHash = Chance(3) ? KeyToken.Hash(token) : null,
            Scopes = Chance(2) ? ScopeSet.RegistryWrite | ScopeSet.KeysMint | ScopeSet.Steer : null,
            Within = Chance(4) ? [Chance(2) ? Reach.OfSubtree(Id()) : "cluster:" + Name()] : null,
        });
    }

    /// <summary>One that is held, or one that has ended as it was when it was last seen.</summary>
    private Task<string?> Renew()
    {
        var (id, token) = KeyToken.New();
        foreach (var held in engine.State.Keys.All)
        {
            _seen[held.Id] = held;
        }

        if (_seen.Count == 0)
        {
            return Mint();
        }

        var key = _seen.Values.ElementAt(random.Next(_seen.Count));
        _keys.Add(id);
        return Run(new RenewKey
        {
            Actor = Chance(2) ? Actor() : _keys[random.Next(_keys.Count)],
            Key = engine.State.Keys.Find(key.Id) ?? key with { EndedAt = key.HeldUntil },
            HasSuccessor = false,
            NewKeyId = id,
            Hash = KeyToken.Hash(token),
            RefreshHash = KeyToken.Hash(token),
        });
    }

    /// <summary>Under an admin key that ends soon, most of the time; others refuse.</summary>
    private Task<string?> MintService()
    {
        var (id, token) = KeyToken.New();
        var parent = _keys.Count == 0 || Chance(3) ? null : _keys[random.Next(_keys.Count)];
        _keys.Add(id);
        return Run(new MintKey
        {
            Actor = parent ?? Actors.Mesh,
            KeyId = id,
            Hash = KeyToken.Hash(token),
            Name = Chance(2) ? Name() : null,
            Ttl = Chance(2) ? random.Next(1, 400) : null,
            Scopes = ScopeSet.MeshRead | ScopeSet.Steer,
            IsService = true,
        });
    }

    /// <summary>Below what no key minted hang keys as below any other: some go with it, some stay.</summary>
    private Task<string?> NewRoot()
    {
        var (id, token) = KeyToken.New();
        _keys.Add(id);
        return Run(new ReplaceRoot { Actor = Actor(), KeyId = id, Hash = KeyToken.Hash(token), KeepChildren = Chance(2) });
    }

    private Task<string?> Session()
    {
        var id = $"session-{random.Next(Population)}";
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal) { [Name()] = Text(), ["a"] = Chance(2) ? null : "b" };
        return random.Next(8) switch
        {
            0 or 1 => Run(new CreateSession
            {
                Actor = Actor(),
                Id = id,
                User = Text(),
                Ttl = Chance(2) ? random.Next(0, 100) : null,
                Meta = Meta.Of([new(Name(), "x"), new("a", Name())]),
            }),
            2 => Run(new UpdateSession { Actor = Actor(), Id = id, Meta = changes, IfMatch = Chance(4) ? random.Next(100) : null }),
            3 => Run(new RefreshSession { Actor = Actor(), Id = id, Ttl = Chance(2) ? random.Next(0, 100) : null }),
            4 => Run(new ExpireSession { Actor = Actor(), Id = id }),
            5 => Run(new DeleteSession { Actor = Actor(), Id = id }),
            6 => Chance(3) ? Run(new CleanupSessions
            {
                Actor = Actor(),
                Limit = random.Next(1, 4),
                DryRun = Chance(3),
            }) : Run(new ExpireSessions
            {
                Actor = Actors.Mesh,
                Ids = [.. Enumerable.Range(0, Population).Select(n => $"session-{n}")],
            }),
            _ => Run(new ImportSessions
            {
                Actor = Actor(),
                Records = [
                    new(
                        id,
                        "u",
                        Chance(2),
                        random.Next(0, 9),
                        Meta.Of([new("k", Name())]),
                        1_000_001,
                        2_000_000,
                        Chance(2) ? 0 : 3_141_592,
                        0),
                ],
            }),
        };
    }

    private Task<string?> AgentSession()
    {
        var id = Id();
        var session = Chance(4) ? 1 : engine.State.Find(id)?.Agent.Session ?? 1;
        return random.Next(3) switch
        {
            0 => Run(new UpdateAgentSession
            {
                Actor = Actor(),
                AgentId = id,
                Session = session,
                Meta = new Dictionary<string, string?>(StringComparer.Ordinal) { ["a"] = Text(), [Name()] = "b" },
            }),
            1 => Run(new ExpireAgentSession { Actor = Actor(), AgentId = id, Session = session }),
            _ => Run(new RefreshAgentSession
            {
                Actor = Actor(),
                AgentId = id,
                Session = session,
                Ttl = Chance(2) ? random.Next(5, 60) : null,
            }),
        };
    }

    private Task<string?> Refresh()
    {
        var (id, token) = KeyToken.New();
        var old = _keys[random.Next(_keys.Count)];
        _keys.Add(id);
        return Run(new RefreshKey
        {
            Actor = old,
            KeyId = old,
            NewKeyId = id,
            Hash = KeyToken.Hash(token),
            RefreshHash = KeyToken.Hash(token),
        });
    }

    private async Task<string?> Run<T>(Command<T> command)
    {
        if (!Chance(4))
        {
            return (await engine.ExecuteAsync(command, Origin())).Error?.Code;
        }

        var token = new IdempotencyToken((UInt128)random.Next(20), (UInt128)random.Next(3));
        return (await engine.ExecuteAsync(
            command,
            Origin(),
            token,
            _ => new Answer(200, "{\"answer\":\"ö\"}"u8.ToArray(), Chance(8) ? "key" : null))).Outcome.Error?.Code;
    }

    private SteerAgent Steer() => new() { Actor = Actor(), AgentId = Id(), Message = Message(), Incarnation = Life() };

    private Message Message() => new()
    {
        Verb = (Verb)random.Next(3),
        Direction = Text(),
        Text = Chance(6) ? new string('m', 600) + Name() : Text(),
        Data = Chance(3) ? """{"a":[1,2,{"b":null}]}""" : null,
        Ttl = random.Next(1, 100),
        Hold = Chance(4),
    };

    private Task<string?> Kill()
    {
        var order = new StopOrder { Grace = random.Next(20), AtOnce = Chance(3), Cascade = Chance(2), Reason = Text() };
        return Chance(4)
            ? KillMany(order)
            : Run(new KillAgent { Actor = Actor(), AgentId = Id(), Order = order, Incarnation = Life() });
    }

    private Task<string?> KillMany(StopOrder order)
    {
        var (actor, selection) = (Actor(), Selection());
        var found = Chance(2) ? selection.Find(engine.State, engine.State.Keys.Find(actor), Core.Agents.KillMany.Eligible) : null;
        return Run(new KillMany { Actor = actor, Selection = selection, Order = order, Expect = random.Next(1, 4), Found = found });
    }

    private Task<string?> SteerMany()
    {
        var (actor, selection, message) = (Actor(), Selection(), Message());
        var found = Chance(2) ? selection.Find(
            engine.State, engine.State.Keys.Find(actor), Core.Steering.SteerMany.Eligible(message.Hold)) : null;
        return Run(new SteerMany
        {
            Actor = actor,
            Selection = selection,
            Message = message,
            Expect = random.Next(1, 5),
            DryRun = Chance(4),
            Found = found,
        });
    }

    private Selection Selection() => new()
    {
        Specialization = Chance(2) ? Name() : null,
        Cluster = Chance(3) ? Name() : null,
        Subtree = Chance(3) ? Id() : null,
        AgentIds = Chance(2) ? [Id(), Id(), Id()] : null,
        Labels = Chance(4) ? new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = Name() } : null,
    };

    private Profile Profile() => new()
    {
        ParentId = Chance(3) ? Id() : null,
        Cluster = Chance(4) ? Name() : null,
        User = Chance(3) ? Text() : null,
        Skills = Chance(2) ? [.. Enumerable.Range(0, random.Next(3)).Select(_ => Skill())] : null,
        Labels = Chance(3) ? new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = Name(), ["a"] = Name() } : null,
        Ttl = Chance(3) ? random.Next(5, 60) : null,
    };

    private string Actor() => _keys.Count == 0 || Chance(3) ? Actors.Mesh : _keys[random.Next(_keys.Count)];
    private Origin Origin() => Core.Audit.Origin.Of(Text() is null ? null : "::1", Chance(3) ? null : $"request-{random.Next()}");
    private SkillProfile Skill() => new(
        Name(), Chance(4) ? Name() : null, Chance(3) ? random.Next(101) : null, Chance(2) ? random.Next(1, 4) : null);

    private string ClaimId()
    {
        var claims = engine.State.Claims.After(0).ToList();
        return claims.Count == 0 ? "c-1" : claims[random.Next(claims.Count)].Id;
    }

    private string Id() => $"agent-{random.Next(Population)}";
    private string Name() => ((string[])["vision", "data/analysis", "ünïcode", "\"quoted\""])[random.Next(4)];
    private string? Text() => Chance(2) ? null : Name() + "\n";
    /// <summary>Of a command that seldom says which life it means.</summary>
    private int? Life() => Chance(4) ? Incarnation() : null;

    private int? Incarnation() => Chance(2) ? null : random.Next(1, 4);
    private bool Chance(int oneIn) => random.Next(oneIn) == 0;
}
