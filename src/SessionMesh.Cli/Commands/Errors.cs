using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Commands;

/// <summary>
/// Every failure as a person and a program want it: what failed, why, what to type next and the request id, or under a
/// machine format the problem document; on stderr, and never with a stack trace.
/// </summary>
internal static class Errors
{
    /// <summary>The <c>code</c> of a problem that no server sent: it could not be reached.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>Characters of one line of an error; the document under <c>-o json</c> is whole.</summary>
    private const int LongestLine = 2000;

    public static int Render(Exception error, CommandContext context)
    {
        var (exitCode, problem, next) = Explain(error, context);
        if (exitCode == ExitCodes.Interrupted)
        {
            return exitCode;
        }

        if (context.Output.IsJson)
        {
            WriteJson(context.Host.Error, problem);
        }
        else
        {
            WriteText(context, problem, next);
        }

        return exitCode;
    }

    public static int ExitCodeOf(MeshException error) => error.Failure switch
    {
        MeshFailure.Unreachable => ExitCodes.Unreachable,
        MeshFailure.Refused => ExitCodes.OfStatus(error.Status ?? 0),
        _ => ExitCodes.Failed,
    };

    /// <summary>The exit code, what went wrong as a problem, and what to type next.</summary>
    public static (int ExitCode, Problem Problem, string? Next) Explain(Exception error, CommandContext context) => error switch
    {
        OperationCanceledException => (ExitCodes.Interrupted, Local("interrupted", "interrupted"), null),
        CommandException e => (e.ExitCode, Local(e.ExitCode == ExitCodes.Usage ? "usage" : "failed", e.Message, e.Lines), e.Next),
        MeshException { Failure: MeshFailure.Unreachable } e => (
            ExitCodes.Unreachable,
            Local(
                Unreachable,
                $"cannot reach {e.Url.GetLeftPart(UriPartial.Authority)} after {e.Attempts} "
                + $"{(e.Attempts == 1 ? "attempt" : "attempts")}: {e.Message}"),
            NextSteps.ForUnreachable(e)),
        MeshException { Problem: { } problem } e => (ExitCodeOf(e), problem, NextSteps.For(problem, context)),
        MeshException e => (ExitCodes.Failed, Local("not_a_mesh", e.Message), "check --url: is this the address of a Session Mesh server?"),
        UnauthorizedAccessException or IOException => (ExitCodes.Failed, Local("io", FileWords.Of(error)), null),
        _ => (
            ExitCodes.Failed,
            Local("internal", $"{error.GetType().Name}: {error.Message}"),
            "this is a bug in session-mesh; please report it"),
    };

    /// <summary>Why it failed, by what this side knows besides. Not escaped or redacted yet.</summary>
    public static string WhyOf(Problem problem, CommandContext context)
    {
        var why = problem.Status == 0 ? problem.Detail : ProblemText.WhyOf(problem, context.Parse.CommandResult.Command);
        return why != ProblemText.NoValidKey ? why
            : context.Settings.Key is null ? "no key was found"
            : "the key is not valid: unknown, expired or revoked";
    }

    private static void WriteText(CommandContext context, Problem problem, string? next)
    {
        var output = context.Host.Error;
        Line(output, "error: cannot ", context.Doing);
        var command = context.Parse.CommandResult.Command;
        var why = WhyOf(problem, context);
        Line(output, "  why: ", problem.Status == 0 ? why : $"{why} ({problem.Status} {problem.Code})");
        foreach (var added in (problem.Errors ?? []).Select(member => ProblemText.AddedTo(why, member, command)).OfType<string>())
        {
            Line(output, "       ", added);
        }

        if (next is not null)
        {
            Line(output, "  try: ", next);
        }

        if (problem.RequestId is { } request)
        {
            Line(output, "  request: ", request);
        }
    }

    /// <summary>Whatever was quoted back, an error stays readable.</summary>
    private static void Line(TextWriter output, string label, string text)
    {
        var safe = Secrets.Redact(TerminalText.Escape(text));
        output.WriteLine(label + (safe.Length > LongestLine ? safe[..LongestLine] + "…" : safe));
    }

    private static void WriteJson(TextWriter output, Problem problem) =>
        output.WriteLine(
            Secrets.Redact(TerminalText.EscapeJson(Json.Indented(JsonSerializer.SerializeToElement(problem, ClientJson.Context.Problem)))));

    /// <summary>A problem found on this side of the wire; its status 0 says that no server had a part in it.</summary>
    private static Problem Local(string code, string detail, IReadOnlyList<string>? lines = null) => new()
    {
        Type = "urn:session-mesh:error:" + code,
        Title = code.Replace('_', ' '),
        Status = 0,
        Detail = detail,
        Code = code,
        Errors = lines is { Count: > 0 } ? [.. lines.Select(line => new MemberError { Pointer = "", Message = line })] : null,
    };
}
