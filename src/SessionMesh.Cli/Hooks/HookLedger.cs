using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Hooks;

/// <summary>
/// What this machine remembers of a program's hooks, for <c>hooks doctor</c>: when one was last heard, what came of it, and how many came
/// to nothing. Never what was in an event. Below the XDG state directory. A ledger that cannot be kept keeps no agent from going on.
/// </summary>
internal sealed class HookLedger(CliHost host, string program)
{
    private static readonly TimeSpan s_remembered = TimeSpan.FromDays(7);

    private string Folder => Path.Combine(StateDirectory.Of(host), "hooks");

    public string FilePath => Path.Combine(Folder, program + ".json");

    /// <param name="eventName">Null where it has none.</param>
    public void Note(HookOutcome outcome, string? eventName, string? detail = null)
    {
        try
        {
            PrivateFiles.MakeDirectory(Folder);
            using var file = PrivateFiles.Open(FilePath, FileMode.OpenOrCreate, FileAccess.ReadWrite);
            var before = Read(file);
            var counts = new Dictionary<string, long>
            {
                ["events"] = Count(before, "events") + (outcome is HookOutcome.Unreadable or HookOutcome.TooLarge ? 0 : 1),
                ["unheard"] = Count(before, "unheard")
                    + (outcome is HookOutcome.Unreachable or HookOutcome.Slow or HookOutcome.Refused ? 1 : 0),
                ["unreadable"] = Count(before, "unreadable") + (outcome == HookOutcome.Unreadable ? 1 : 0),
                ["too_large"] = Count(before, "too_large") + (outcome == HookOutcome.TooLarge ? 1 : 0),
            };
            var json = Json.Build(writer =>
            {
                writer.WriteString("heard_at"u8, host.Time.GetUtcNow());
                writer.WriteString("event"u8, eventName is { Length: > 64 } ? eventName[..64] : eventName);
                writer.WriteString("outcome"u8, Word(outcome));
                writer.WriteString("detail"u8, detail);
                foreach (var (name, count) in counts)
                {
                    writer.WriteNumber(name, count);
                }
            });
            file.SetLength(0);
            file.Write(System.Text.Encoding.UTF8.GetBytes(Json.Compact(json)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another hook writes it just now, or the directory is not ours to write.
        }
    }

    /// <summary>Whether nothing was said about that session yet: what is wrong is said once.</summary>
    public bool IsFirstOf(string sessionId)
    {
        try
        {
            var told = Path.Combine(Folder, "told");
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

    private static string Word(HookOutcome outcome) => outcome switch
    {
        HookOutcome.Ok => "ok",
        HookOutcome.Unreachable => "unreachable",
        HookOutcome.Slow => "slow",
        HookOutcome.Refused => "refused",
        HookOutcome.TooLarge => "too_large",
        _ => "unreadable",
    };

    private static JsonElement Read(FileStream file)
    {
        try
        {
            using var document = JsonDocument.Parse(file);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static long Count(JsonElement before, string name) =>
        before.ValueKind == JsonValueKind.Object && before.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out var count) ? count : 0;
}
