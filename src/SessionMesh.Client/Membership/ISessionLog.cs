namespace SessionMesh.Client.Membership;

/// <summary>Where a session says what happens to it: a runner's lines on stderr, or a program's own log. Thread-safe.</summary>
internal interface ISessionLog
{
    /// <summary>Who keeps the session, as the lines name it: <c>the runner</c>.</summary>
    string Keeper { get; }

    /// <summary>Worth a line, and nothing to be done about it.</summary>
    void Say(string text);

    /// <summary>Something is wrong that somebody has to see to.</summary>
    void Warn(string text);

    /// <summary>Why a call failed, in the words of whoever reads the lines.</summary>
    string WhyOf(MeshException error);
}
