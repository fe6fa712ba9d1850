using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Steering;

/// <summary>
/// The state machines of steering and killing as a person would draw them: plain lists and ifs, one agent, no indexes, no batches.
/// Each method tells the code that the real thing must answer with (null for success) and moves the model on.
/// </summary>
internal sealed class ReferenceModel
{
    public const long Tombstone = 15 * 60_000;

    public sealed class Word
    {
        public required Verb Verb { get; init; }
        public required long ExpiresAt { get; init; }
        public DeliveryState State { get; set; }
        public bool Pending => State is DeliveryState.Queued or DeliveryState.Delivered or DeliveryState.Accepted;
    }

    public long Now { get; set; }
    public Liveness? Liveness { get; private set; }
    public int Incarnation { get; private set; }
    public bool Confirmed { get; private set; }
    public long TombstoneUntil { get; private set; }
    public long Deadline { get; private set; }
    public bool Paused { get; private set; }

    /// <summary>Index = sequence number − 1.</summary>
    public List<Word> Words { get; } = [];

    public string? Register(int? incarnation, bool takeover)
    {
        if (Liveness is null)
        {
            return incarnation is null ? Begin() : ErrorCodes.AgentNotFound;
        }

        if (incarnation is not null)
        {
            return Fence(incarnation) ?? Touch();
        }

        return Liveness switch
        {
            Core.Agents.Liveness.Alive when !takeover => ErrorCodes.AlreadyAlive,
            Core.Agents.Liveness.Stopping => ErrorCodes.Stopping,
            Core.Agents.Liveness.Dead when Now < TombstoneUntil => ErrorCodes.Tombstoned,
            _ => Begin(),
        };
    }

    public string? Beat(int? incarnation) => Liveness is null ? ErrorCodes.AgentNotFound : Fence(incarnation) ?? Touch();

    public string? Steer(Verb verb, int ttl, bool hold)
    {
        if (Liveness is null)
        {
            return ErrorCodes.AgentNotFound;
        }

        if (!hold && Liveness is not (Core.Agents.Liveness.Alive or Core.Agents.Liveness.Suspect))
        {
            return ErrorCodes.NotAlive;
        }

        Words.Add(new Word { Verb = verb, ExpiresAt = Now + (ttl * 1000L) });
        return null;
    }

    public void Deliver(long upTo, VerbSet verbs)
    {
        for (var i = 0; i < Math.Min(upTo, Words.Count); i++)
        {
            if (verbs.Has(Words[i].Verb) && Words[i].State == DeliveryState.Queued && !IsOver(Words[i]))
            {
                Words[i].State = DeliveryState.Delivered;
            }
        }
    }

    public string? Cancel(long seq) =>
        seq < 1 || seq > Words.Count || IsOver(Words[(int)seq - 1]) ? ErrorCodes.DirectiveOver
        : Words[(int)seq - 1] is { State: DeliveryState.Queued, Verb: not Verb.Stop } word ? Set(word, DeliveryState.Cancelled)
        : ErrorCodes.AlreadyDelivered;

    /// <summary>Null also for an ack of what is over: that is answered from the table, and changes nothing.</summary>
    public string? Ack(long seq, DeliveryState state, int? incarnation)
    {
        if (Liveness is null)
        {
            return ErrorCodes.AgentNotFound;
        }

        if (seq < 1 || seq > Words.Count)
        {
            return ErrorCodes.DirectiveNotFound;
        }

        var word = Words[(int)seq - 1];
        if (IsOver(word))
        {
            return null;
        }

        if (!(word.Verb == Verb.Stop && (incarnation ?? Incarnation) == Incarnation) && Fence(incarnation) is { } fenced)
        {
            return fenced;
        }

        if (state == DeliveryState.Acknowledged && word.State != state && word.Verb is Verb.Pause or Verb.Resume)
        {
            Paused = word.Verb == Verb.Pause && state == DeliveryState.Acknowledged || (Paused && state != DeliveryState.Acknowledged);
        }

        return Set(word, state);
    }

    public string? Kill(int grace, bool force)
    {
        switch (Liveness)
        {
            case null:
                return ErrorCodes.AgentNotFound;
            case Core.Agents.Liveness.Dead:
                return null;
        }

        if (force)
        {
            Force();
        }
        else if (Liveness != Core.Agents.Liveness.Stopping || Now + (grace * 1000L) < Deadline)
        {
            Stop(grace);
            (Liveness, Deadline) = (Core.Agents.Liveness.Stopping, Now + (grace * 1000L));
        }

        return null;
    }

    public string? Exit(int incarnation)
    {
        if (Liveness is null)
        {
            return ErrorCodes.AgentNotFound;
        }

        if (!(Liveness == Core.Agents.Liveness.Dead && incarnation == Incarnation) && Fence(incarnation) is { } fenced)
        {
            return fenced;
        }

        if (Liveness != Core.Agents.Liveness.Dead || !Confirmed)
        {
            Die(confirmed: true);
        }

        return null;
    }

    public string? Revive()
    {
        if (Liveness is null)
        {
            return ErrorCodes.AgentNotFound;
        }

        if (Liveness != Core.Agents.Liveness.Dead || TombstoneUntil <= Now)
        {
            return ErrorCodes.NotTombstoned;
        }

        TombstoneUntil = 0;
        return null;
    }

    /// <summary>What time alone does. Leases do not lapse here: their own tests say when.</summary>
    public void Sweep()
    {
        Expire();
        if (Liveness == Core.Agents.Liveness.Stopping && Now >= Deadline)
        {
            Force();
        }
    }

    private static string? Set(Word word, DeliveryState state)
    {
        word.State = state;
        return null;
    }

    private bool IsOver(Word word) => !word.Pending || word.ExpiresAt <= Now;

    private void Expire()
    {
        foreach (var word in Words.Where(w => w.Pending && IsOver(w)))
        {
            word.State = DeliveryState.Expired;
        }
    }

    private string? Fence(int? incarnation) =>
        incarnation < Incarnation ? ErrorCodes.Superseded
        : incarnation > Incarnation ? ErrorCodes.UnknownIncarnation
        : Liveness == Core.Agents.Liveness.Dead ? ErrorCodes.Tombstoned
        : null;

    private string? Begin()
    {
        (Liveness, Confirmed, TombstoneUntil, Paused) = (Core.Agents.Liveness.Alive, false, 0, false);
        Incarnation++;
        foreach (var stop in Words.Where(w => w.Verb == Verb.Stop && !IsOver(w)))
        {
            stop.State = DeliveryState.Undeliverable; // it was for the life before
        }

        return null;
    }

    private string? Touch()
    {
        Liveness = Liveness is Core.Agents.Liveness.Suspect or Core.Agents.Liveness.Lost ? Core.Agents.Liveness.Alive : Liveness;
        return null;
    }

    private void Stop(int grace) => Words.Add(new Word { Verb = Verb.Stop, ExpiresAt = Now + (grace * 1000L) + Tombstone });

    private void Force()
    {
        Stop(0);
        Die(confirmed: false);
    }

    private void Die(bool confirmed)
    {
        Expire();
        foreach (var word in Words.Where(w => w.Pending && (confirmed || w.Verb != Verb.Stop)))
        {
            word.State = word.Verb == Verb.Stop ? DeliveryState.Acknowledged : DeliveryState.Undeliverable;
        }

        (Liveness, Confirmed, Paused) = (Core.Agents.Liveness.Dead, confirmed, false);
        TombstoneUntil = confirmed ? 0 : Now + Tombstone;
    }
}
