namespace SessionMesh.Cli.Simulate;

/// <summary>
/// Repeatable chance in eight bytes (SplitMix64, public domain): <see cref="Random"/> with a seed takes hundreds, a
/// hundred thousand times over. Not thread-safe.
/// </summary>
internal struct Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>0 up to, not including, 1.</summary>
    public double Next()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>From <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Next(int least, int most) => least + (int)(Next() * (most - least + 1));

    public bool Happens(double probability) => Next() < probability;
}
