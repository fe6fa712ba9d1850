namespace SessionMesh.Cli.Config;

/// <summary>A place in a config file.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">In characters, from 1.</param>
internal readonly record struct Place(string File, int Line, int Column)
{
    public override string ToString() => $"{File}, line {Line}, column {Column}";
}
