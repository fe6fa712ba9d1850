using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Hooks;

/// <summary>
/// What this machine remembers of a program's hooks, for <c>hooks doctor</c>: when one was last heard, what came of it, and how many came
/// to nothing. Never what was in an event. Below the XDG state directory. A ledger that cannot be kept keeps no agent from going on.
/// </summary>
internal sealed class HookLedger(CliHost host, string program)
{
    /// <summary>Why the process of a session has no watcher; null, or not there, where none is missing.</summary>
    public const string Unwatched = "unwatched";

    private const int MostBytes = 64 * 1024;
    private const int LongestName = 64;

    private static readonly TimeSpan s_remembered = TimeSpan.FromDays(7);

    /// <summary>For how long another hook may be writing.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(10);

    /// <summary>The members that say what was last heard.</summary>
    public static IReadOnlyList<string> Last { get; } = ["heard_at", "event", "outcome", "detail"];

    public static string PathOf(CliHost host, string program) => Path.Combine(HookState.DirectoryOf(host), program + ".json");

    /// <summary>What is remembered; null where nothing is.</summary>
    public static JsonElement? Read(CliHost host, string program)
    {
        try
        {
            var path = PathOf(host, program);
            if (OddFile.Is(path, follow: false))
            {
                return null;
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Parse(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="eventName">Null where it has none.</param>
    /// <param name="unwatched">As in <see cref="Unwatched"/>, empty where none is missing any more; null where nobody has looked.</param>
    public async Task NoteAsync(
        HookOutcome outcome, string? eventName, string? detail = null, string? unwatched = null, CancellationToken cancellation = default)
    {
        var began = host.Time.GetTimestamp();
        while (true)
        {
            try
            {
                Note(outcome, eventName, detail, unwatched);
                return;
            }
            catch (IOException e) when (FileWords.IsInUse(e) && host.Time.GetElapsedTime(began) < s_longestWait)
            {
                await Task.Delay(s_between, host.Time, cancellation);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
            {
                return; // what is there is not ours to write, or no file
            }
        }
    }

    /// <summary>Whether nothing was said about that session yet: what is wrong is said once.</summary>
    public bool IsFirstOf(string sessionId)
    {
        try
        {
            var told = Path.Combine(HookState.DirectoryOf(host), "told");
            PrivateFiles.MakeDirectory(told);
            var before = host.Time.GetUtcNow().UtcDateTime - s_remembered;
            foreach (var old in new DirectoryInfo(told).EnumerateFiles().Where(file => file.LastWriteTimeUtc < before))
            {
                old.Delete();
            }

            var name = Contracts.MeshId.IsValid(sessionId) ? $"{program}.{sessionId}" : program;
            using var mark = PrivateFiles.Open(Path.Combine(told, name), FileMode.CreateNew, FileAccess.Write);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Note(HookOutcome outcome, string? eventName, string? detail, string? unwatched)
    {
        var path = PathOf(host, program);
        PrivateFiles.MakeDirectory(HookState.DirectoryOf(host));
        if (OddFile.Is(path, follow: false))
        {
            File.Delete(path); // a link is not followed, and a pipe not waited for
        }

        using var file = PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        var before = Parse(file);
        var json = Json.Build(writer =>
        {
            writer.WriteString("heard_at"u8, host.Time.GetUtcNow());
            writer.WriteString("event"u8, Cut(eventName));
            writer.WriteString("outcome"u8, Word(outcome));
            writer.WriteString("detail"u8, detail);
            if ((unwatched ?? (before is { } old ? Json.Text(old, Unwatched) : null)) is { Length: > 0 } why)
            {
                writer.WriteString(Unwatched, why);
            }

            writer.WriteNumber("events"u8, Count(before, "events", outcome is not (HookOutcome.Unreadable or HookOutcome.TooLarge)));
            writer.WriteNumber(
                "unheard"u8, Count(before, "unheard", outcome is HookOutcome.Unreachable or HookOutcome.Slow or HookOutcome.Refused));
            writer.WriteNumber("unreadable"u8, Count(before, "unreadable", outcome == HookOutcome.Unreadable));
            writer.WriteNumber("too_large"u8, Count(before, "too_large", outcome == HookOutcome.TooLarge));
        });
        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(Json.Compact(json)));
    }

    private static string? Cut(string? name) =>
        name is not { Length: > LongestName } ? name
        : name[..(char.IsHighSurrogate(name[LongestName - 1]) ? LongestName - 1 : LongestName)];

    private static string Word(HookOutcome outcome) => outcome switch
    {
        HookOutcome.Ok => "ok",
        HookOutcome.Unreachable => "unreachable",
        HookOutcome.Slow => "slow",
        HookOutcome.Refused => "refused",
        HookOutcome.TooLarge => "too_large",
        _ => "unreadable",
    };

    /// <summary>Null where there is no object in it.</summary>
    private static JsonElement? Parse(FileStream file)
    {
        var text = new byte[Math.Min(file.Length, MostBytes)];
        file.ReadExactly(text);
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Count(JsonElement? before, string name, bool oneMore)
    {
        var count = before is { } old && old.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var known) ? Math.Max(known, 0) : 0;
        return oneMore && count < long.MaxValue ? count + 1 : count;
    }
}
