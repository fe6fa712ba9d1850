namespace SessionMesh.Core.Agents;

/// <summary>Where an agent stands. Order and names are stored; append only.</summary>
public enum Liveness : byte
{
    /// <summary>Known, never had a session.</summary>
    Declared,
    Alive,

    /// <summary>The lease lapsed less than one TTL ago.</summary>
    Suspect,
    Lost,

    /// <summary>A stop directive is out, and its grace period runs.</summary>
    Stopping,
    Dead,
}

/// <summary><see cref="Liveness"/> as the words of the wire and the log. Allocates nothing.</summary>
public static class LivenessWords
{
    private static readonly string[] s_words = ["declared", "alive", "suspect", "lost", "stopping", "dead"];

    public static string Word(this Liveness value) => s_words[(int)value];

    public static bool TryParse(string? word, out Liveness value) => Words.TryFind(s_words, word, out value);
}
