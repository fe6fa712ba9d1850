namespace SessionMesh.Cli.Output;

/// <summary>Sizes as a person reads them: <c>512 B</c>, <c>3.5 KiB</c>, <c>1.20 GiB</c>.</summary>
internal static class ByteSize
{
    private const double Kibi = 1024;
    private const double Mebi = 1024 * Kibi;
    private const double Gibi = 1024 * Mebi;

    public static string Of(double bytes) => bytes switch
    {
        < Kibi => $"{bytes:0} B",
        < Mebi => $"{bytes / Kibi:0.0} KiB",
        < Gibi => $"{bytes / Mebi:0.0} MiB",
        _ => $"{bytes / Gibi:0.00} GiB",
    };
}
