using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>
/// Trust in hooks, asked for and given through Codex's own app server: a line of JSON each way, on its standard streams. It alone knows how
/// the hash of a hook is made.
/// </summary>
internal static class CodexTrust
{
    private const string Trusted = "trusted";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Trusts the hooks of a file that run this tool.</summary>
    /// <returns>How many of them are trusted afterwards.</returns>
    public static async Task<int> TrustAsync(CliHost host, string? program, string settings, CancellationToken cancellation)
    {
        if (program is null)
        {
            throw new CommandException(
                ExitCodes.Failed, "the hooks are installed, and not trusted: codex is not in PATH", "start codex once and accept them");
        }

        try
        {
            return await AskAsync(program, host, async server =>
            {
                var hooks = (await OursAsync(server, host, settings)).ToList();
                var due = hooks.Where(hook => Json.Text(hook, "trustStatus") != Trusted).ToList();
                if (due.Count > 0)
                {
                    await server.CallAsync("config/batchWrite", Edit(due));
                    hooks = [.. await OursAsync(server, host, settings)];
                }

                var trusted = hooks.Count(hook => Json.Text(hook, "trustStatus") == Trusted);
                return trusted > 0 && trusted == hooks.Count
                    ? trusted
                    : throw new CodexException($"{hooks.Count - trusted} of {hooks.Count} hooks are not trusted");
            }, cancellation);
        }
        catch (CodexException e)
        {
            throw new CommandException(
                ExitCodes.Failed, $"the hooks are installed, and Codex did not take them as trusted: {e.Message}",
                "start codex once and accept them");
        }
    }

    /// <summary>Whether all hooks of a file that run this tool are trusted; null where Codex does not say.</summary>
    public static async Task<bool?> IsTrustedAsync(CliHost host, string program, string settings, CancellationToken cancellation)
    {
        try
        {
            var hooks = await AskAsync(program, host, server => OursAsync(server, host, settings), cancellation);
            return hooks.Count > 0 && hooks.TrueForAll(hook => Json.Text(hook, "trustStatus") == Trusted);
        }
        catch (CodexException)
        {
            return null;
        }
    }

    private static async Task<List<JsonElement>> OursAsync(AppServer server, CliHost host, string settings)
    {
        var answer = await server.CallAsync("hooks/list", Json.Build(json =>
        {
            json.WriteStartArray("cwds"u8);
            json.WriteStringValue(host.CurrentDirectory());
            json.WriteEndArray();
        }));
        return
        [
            .. answer.GetProperty("data").EnumerateArray().SelectMany(place => place.GetProperty("hooks").EnumerateArray())
                .Where(hook => IsIn(settings, Json.Text(hook, "sourcePath"))
                    && Json.Text(hook, "command") is { } command && Kinds.HookProgram.IsOurs(command, "codex")),
        ];
    }

    private static bool IsIn(string settings, string? path) =>
        path is not null && (path == settings || new FileInfo(settings).ResolveLinkTarget(returnFinalTarget: true)?.FullName == path
            || Path.GetFullPath(path) == Path.GetFullPath(settings));

    private static JsonElement Edit(List<JsonElement> hooks) => Json.Build(json =>
    {
        json.WriteStartArray("edits"u8);
        json.WriteStartObject();
        json.WriteString("keyPath"u8, "hooks.state"u8);
        json.WriteString("mergeStrategy"u8, "upsert"u8);
        json.WriteStartObject("value"u8);
        foreach (var hook in hooks)
        {
            json.WriteStartObject(Json.Text(hook, "key")!);
            json.WriteString("trusted_hash"u8, Json.Text(hook, "currentHash"));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteBoolean("reloadUserConfig"u8, true);
    });

    private static async Task<T> AskAsync<T>(string program, CliHost host, Func<AppServer, Task<T>> ask, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_patience);
        try
        {
            using var server = new AppServer(program, CodexHooks.HomeOf(host), host.CurrentDirectory(), limit.Token);
            await server.CallAsync("initialize", Json.Build(json =>
            {
                json.WriteStartObject("clientInfo"u8);
                json.WriteString("name"u8, "session-mesh"u8);
                json.WriteString("version"u8, Commands.ToolVersion.Current);
                json.WriteEndObject();
            }));
            await server.SayAsync("initialized");
            return await ask(server);
        }
        catch (Exception e) when (e is Win32Exception or IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CodexException("its app server does not answer as it used to");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CodexException($"its app server did not answer within {s_patience.TotalSeconds:0} s");
        }
    }

    /// <summary>Codex does not answer, or answers with an error.</summary>
    private sealed class CodexException(string why) : Exception(why);

    private sealed class AppServer : IDisposable
    {
        private readonly Process _process;
        private readonly CancellationToken _cancellation;
        private int _last;

        public AppServer(string program, string home, string directory, CancellationToken cancellation)
        {
            var start = new ProcessStartInfo(program, ["app-server"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = directory,
            };
            start.Environment["CODEX_HOME"] = home;
            _process = Process.Start(DatabaseSecret.Without(start))!;
            _process.ErrorDataReceived += (_, _) => { };
            _process.BeginErrorReadLine();
            _cancellation = cancellation;
        }

        public async Task<JsonElement> CallAsync(string method, JsonElement parameters)
        {
            var id = ++_last;
            await WriteAsync(Json.Build(json =>
            {
                json.WriteNumber("id"u8, id);
                json.WriteString("method"u8, method);
                json.WritePropertyName("params"u8);
                parameters.WriteTo(json);
            }));
            while (await _process.StandardOutput.ReadLineAsync(_cancellation) is { } line)
            {
                using var document = JsonDocument.Parse(line);
                var answer = document.RootElement;
                if (answer.TryGetProperty("id", out var of) && of.ValueKind == JsonValueKind.Number && of.GetInt32() == id
                    && !answer.TryGetProperty("method", out _))
                {
                    return answer.TryGetProperty("result", out var result)
                        ? result.Clone()
                        : throw new CodexException($"its app server refuses {method}");
                }
            }

            throw new CodexException("its app server ended");
        }

        public Task SayAsync(string method) => WriteAsync(Json.Build(json => json.WriteString("method"u8, method)));

        public void Dispose()
        {
            _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }

        private async Task WriteAsync(JsonElement message)
        {
            await _process.StandardInput.WriteAsync((Json.Compact(message) + "\n").AsMemory(), _cancellation);
            await _process.StandardInput.FlushAsync(_cancellation);
        }
    }
}
