using System.Diagnostics;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// Whether this node is in touch with its database and level with the log. One that is not for long answers nothing: it would not know of a
/// key that was revoked at another. On the clock of this machine, and one that runs on while the process is stopped. Thread-safe.
/// </summary>
internal sealed class Contact
{
    /// <summary>For how long it may be out of touch.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private long _heardAt = Stopwatch.GetTimestamp();
    private long _levelAt = Stopwatch.GetTimestamp();
    private long _aim;
    private bool _isOver;

    /// <summary>Whether it still counts as in touch.</summary>
    public bool IsKept
    {
        get
        {
            lock (_gate)
            {
                return !_isOver && Stopwatch.GetElapsedTime(_heardAt) < Longest && Stopwatch.GetElapsedTime(_levelAt) < Longest;
            }
        }
    }

    /// <summary>Whether it is out of touch for good.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate)
            {
                return _isOver;
            }
        }
    }

    /// <summary>Memory was just loaded.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _heardAt = _levelAt = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>
    /// For how long it was out of touch, if that is over as soon as it notes that the database has answered, with memory at a revision.
    /// </summary>
    public TimeSpan? EndingAbsence(long memory)
    {
        lock (_gate)
        {
            var away = Stopwatch.GetElapsedTime(Math.Min(_heardAt, _levelAt));
            return !_isOver && memory >= _aim && away >= Longest ? away : null;
        }
    }

    /// <summary>The database answered a call that began at a timestamp.</summary>
    public void Heard(long began)
    {
        lock (_gate)
        {
            _heardAt = began;
        }
    }

    /// <summary>The log stands at one revision, and memory at another.</summary>
    public void Stands(long head, long memory)
    {
        lock (_gate)
        {
            if (memory >= _aim)
            {
                (_aim, _levelAt) = (head, Stopwatch.GetTimestamp());
            }
        }
    }

    /// <summary>
    /// Never again: another process has the name of this node, the log has lost what memory has, or has what this version does not know.
    /// </summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
        }
    }
}
