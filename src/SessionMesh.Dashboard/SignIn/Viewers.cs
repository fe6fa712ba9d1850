namespace SessionMesh.Dashboard.SignIn;

/// <summary>How many tabs are open, signed in or not, and the bounds of that. Thread-safe.</summary>
public sealed class Viewers
{
    /// <summary>
    /// Tabs open at once. It takes no key to open one, so that there is a bound; more people than that do not look at one mesh.
    /// </summary>
    public const int Most = 500;

    private int _open, _looking;

    /// <summary>How many read the mesh: signed in, and seen by somebody.</summary>
    public int Looking => Volatile.Read(ref _looking);

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

    internal void BeginToLook() => Interlocked.Increment(ref _looking);

    internal void EndToLook() => Interlocked.Decrement(ref _looking);
}
