using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>
/// While the tests run, looks at the arguments of every server, and of whatever the tool starts, for anything that has the form of a key;
/// and at the end of each server at what it printed and stored. (What a test types itself, as the seed's own lines for curl do, is the
/// test's.) Thread-safe.
/// </summary>
internal static partial class SecretWatch
{
    private static readonly ConcurrentDictionary<string, byte> s_seen = new();
    private static Timer? s_timer;

    public static void Start() =>
        LazyInitializer.EnsureInitialized(
            ref s_timer, () => new Timer(_ => LookAtArguments(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(100)));

    public static void Check(ServerProcess server, string printed)
    {
        Assert.True(s_seen.IsEmpty, $"a key stood in the arguments of {string.Join(", ", s_seen.Keys)}");
        Assert.DoesNotMatch(Token(), printed);
        foreach (var file in Directory.GetFiles(server.Data).Where(f => Path.GetFileName(f) is not ("root.key" or "lock")))
        {
            Assert.False(
                Token().IsMatch(Encoding.Latin1.GetString(File.ReadAllBytes(file))), $"a secret stands in {Path.GetFileName(file)}");
        }
    }

    private static void LookAtArguments()
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (char.IsAsciiDigit(Path.GetFileName(directory)[0])
                    && Token().IsMatch(File.ReadAllText(Path.Combine(directory, "cmdline")))
                    && ProcessInfo.Find(int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture)) is { } process
                    && (process.Command.Contains(Path.GetFileName(Built.Server), StringComparison.Ordinal)
                        || IsTool(ProcessInfo.Find(process.Parent))))
                {
                    s_seen.TryAdd(process.Command.Split(' ')[0], 0);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Gone, or somebody else's.
            }
        }
    }

    private static bool IsTool(ProcessInfo? process) =>
        process is not null && Path.GetFileName(process.Command.Split(' ')[0]) == "session-mesh";

    [GeneratedRegex("sm[kr]_[a-z0-9]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", RegexOptions.NonBacktracking)]
    private static partial Regex Token();
}
