namespace SessionMesh.Dashboard.SignIn;

/// <summary>How many tabs are open, signed in or not, and the bounds of that. Thread-safe.</summary>
public sealed class Viewers
{
    /// <summary>
    /// Tabs open at once. A circuit of nobody costs about 100 KB, one that looks at 10,000 agents some megabytes.
    /// </summary>
    public const int Most = 500;

    private readonly Lock _gate = new();
    private readonly HashSet<Viewer> _signedIn = [];
    private int _open;

    public int Open => Volatile.Read(ref _open);

    /// <summary>Takes a place for a tab; false where all are taken.</summary>
    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= Most)
        {
            return true;
        }

        Interlocked.Decrement(ref _open);
        return false;
    }

    internal void Leave() => Interlocked.Decrement(ref _open);

    internal void SignedIn(Viewer viewer)
    {
        lock (_gate)
        {
            _signedIn.Add(viewer);
        }
    }

    internal void SignedOut(Viewer viewer)
    {
        lock (_gate)
        {
            _signedIn.Remove(viewer);
        }
    }
}
