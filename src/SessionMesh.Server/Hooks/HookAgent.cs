namespace SessionMesh.Server.Hooks;

/// <summary>
/// An agent that is reached by hooks: which incarnation its events speak for, and which words it was given that are not proven to have
/// reached the model. Guarded by the gate of its session.
/// </summary>
internal sealed class HookAgent(string id, int incarnation)
{
    private readonly List<GivenWords> _given = [];
    private bool _runsTools;

    public string Id { get; } = id;
    public int Incarnation { get; } = incarnation;

    /// <summary>It was told to end, in an answer of its own, while its main agent goes on.</summary>
    public bool IsHalted { get; set; }

    /// <summary>Number of the event of its session by which it was heard last.</summary>
    public long LastHeard { get; set; }

    /// <summary>
    /// Stops in a row at which it was told to go on, without a tool between. See <see cref="HookDialect.MostStopsInARow"/>.
    /// </summary>
    public int StopsInARow { get; set; }

    public void FollowStops(HookMoment moment)
    {
        if (moment is HookMoment.Prompt or HookMoment.ToolStart or HookMoment.SessionStart)
        {
            StopsInARow = 0;
        }
    }

    /// <summary>Whether that directive is on its way: given, and not proven.</summary>
    public bool HasGiven(long seq) => _given.Exists(given => given.Seq == seq);

    /// <param name="receipt">Of the answer that carries them.</param>
    /// <param name="isInMidAnswer">Whether the model may be answering a request that does not have them.</param>
    public void Give(IEnumerable<long> seqs, long receipt, bool isInMidAnswer = false)
    {
        foreach (var seq in seqs)
        {
            _given.Add(new GivenWords(seq, receipt) { IsNext = !_runsTools && !isInMidAnswer });
        }
    }

    /// <summary>The answer with that receipt was written to the agent. Returns the directives it carried.</summary>
    public List<long> Written(long receipt)
    {
        var written = _given.FindAll(given => given.Receipt == receipt);
        written.ForEach(given => given.IsWritten = true);
        return written.ConvertAll(given => given.Seq);
    }

    /// <summary>
    /// What this moment proves: those words were in a request that the model has answered, or is just asked with. Call it before new words
    /// are given. A tool that starts is no proof while the tools of an earlier answer may still be running: it may be one of them.
    /// </summary>
    /// <param name="byCallsAlone">See <see cref="HookDialect.TellsEachCall"/>.</param>
    public List<long> Prove(HookMoment moment, bool byCallsAlone)
    {
        var proven = moment switch
        {
            _ when byCallsAlone && moment != HookMoment.ModelCall => [],
            HookMoment.Stop or HookMoment.SubAgentStop or HookMoment.ModelCall => _given.FindAll(given => given.IsWritten),
            HookMoment.ToolStart => _given.FindAll(given => given is { IsWritten: true, IsNext: true }),
            _ => [],
        };
        _given.RemoveAll(proven.Contains);

        // What was never written is given again, with the next answer that can carry it. What was, and waits for a call, is in the
        // conversation.
        if (moment is HookMoment.Stop or HookMoment.SubAgentStop or HookMoment.SessionStart)
        {
            _given.RemoveAll(given => !byCallsAlone || !given.IsWritten);
        }

        switch (moment)
        {
            case HookMoment.ToolStart:
                _runsTools = true;
                break;
            case HookMoment.ToolsEnd or HookMoment.ModelCall or HookMoment.Stop or HookMoment.SubAgentStop or HookMoment.SessionStart:
                _runsTools = false;
                _given.ForEach(given => given.IsNext = true);
                break;
        }

        return proven.ConvertAll(given => given.Seq);
    }

    private sealed record GivenWords(long Seq, long Receipt)
    {
        public bool IsWritten { get; set; }

        /// <summary>Whether the next answer of the model is to a request that has them.</summary>
        public bool IsNext { get; set; }
    }
}
