using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Commands;

/// <summary>One attempt as <c>--verbose</c> shows it.</summary>
internal static class AttemptText
{
    public static string Of(MeshAttempt attempt)
    {
        var outcome = attempt.Status?.ToString() ?? attempt.Error ?? "no answer";
        var request = attempt.RequestId is { } id ? $" request={id}" : "";
        var wait = attempt is { Status: 401, Wait: not null } ? ", once more with another key" : attempt.Wait is { } next ? $", next attempt in {next.TotalSeconds:0.00} s" : "";
        return TerminalText.Escape(
            $"attempt {attempt.Number}: {attempt.Method} {attempt.Url.AbsoluteUri} -> {outcome} after {attempt.Elapsed.TotalMilliseconds:0} ms{request}{wait}");
    }
}
