using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// Failures under <c>session</c>. What is not found and what is typed wrong has exit code 1 and the shape that scripts know;
/// everything else, which the old tool's file could not cause, has the usual exit code, and a <c>code</c> added to the same
/// shape.
/// </summary>
internal static class SessionErrors
{
    /// <param name="streams">Standard output holds records already: nothing but records goes there.</param>
    public static int Render(Exception error, CommandContext context, bool streams = false)
    {
        switch (error)
        {
            case NoSuchSessionException when context.Output.IsJson:
                WriteJson(context, streams, Json.Build(json =>
                {
                    json.WriteBoolean("ok"u8, false);
                    json.WriteString("error"u8, Secrets.Redact(error.Message));
                }));
                return ExitCodes.Failed;
            case NoSuchSessionException:
                context.Host.Error.WriteLine("error: " + Secrets.Redact(TerminalText.Escape(error.Message)));
                return ExitCodes.Failed;
            case CommandException { ExitCode: ExitCodes.Usage } e:
                return Usage(context.Host, e.Next is null ? e.Message : $"{e.Message}; {e.Next}");
            case MeshException { Problem: { Status: 400 or 413 } problem }:
                return Usage(context.Host, Sentence(problem, context));
        }

        if (!context.Output.IsJson)
        {
            return Errors.Render(error, context);
        }

        var (exitCode, what, next) = Errors.Explain(error, context);
        if (exitCode == ExitCodes.Interrupted)
        {
            return exitCode;
        }

        WriteJson(context, streams, Json.Build(json =>
        {
            json.WriteBoolean("ok"u8, false);
            json.WriteString("error"u8, Secrets.Redact(Sentence(what, context)));
            json.WriteString("code"u8, what.Code);
            if (next is not null)
            {
                json.WriteString("try"u8, Secrets.Redact(next));
            }

            if (what.RequestId is { } request)
            {
                json.WriteString("request_id"u8, request);
            }
        }));
        return exitCode;
    }

    /// <summary>A command line that cannot be understood.</summary>
    public static int RenderParse(ParseResult parse, CliHost host)
    {
        var what = string.Join("; ", ParseErrors.Messages(parse));
        var next = ParseErrors.Suggestion(parse) is { } word ? $"did you mean '{word}'?" : $"try {ParseErrors.PathOf(parse)} --help";
        return Usage(host, $"{what.TrimEnd('.')}; {next}");
    }

    /// <summary>An option that the command does not have.</summary>
    public static int RenderUnknown(CommandLineWords line, CliHost host) =>
        Usage(host, $"{ParseErrors.UnknownText(line)}; {ParseErrors.NextAfterUnknown(line)}");

    /// <summary>Help was asked for on a command that there is not.</summary>
    public static int NoCommand(string name, Command session, CliHost host)
    {
        var next = ParseErrors.Nearest(name, session.Subcommands.Select(command => command.Name)) is { } near
            ? $"did you mean '{near}'?"
            : "try session-mesh session --help";
        return Usage(host, $"'session-mesh session' has no command '{name}'; {next}");
    }

    private static int Usage(CliHost host, string what)
    {
        host.Error.WriteLine(TerminalText.EscapeJson(Json.Compact(Json.Build(json => json.WriteString("error"u8, Secrets.Redact(what))))));
        return ExitCodes.Failed;
    }

    private static void WriteJson(CommandContext context, bool streams, JsonElement document)
    {
        var toOut = !streams && context.Output.Format is OutputFormat.Json;
        if (toOut)
        {
            context.Host.Out.WriteLine(TerminalText.EscapeJson(Json.Indented(document)));
        }
        else
        {
            context.Host.Error.WriteLine(TerminalText.EscapeJson(Json.Compact(document)));
        }
    }

    /// <summary>What is wrong, and of each member that is what that does not say.</summary>
    private static string Sentence(Problem problem, CommandContext context)
    {
        var command = context.Parse.CommandResult.Command;
        var why = problem.Status == 0 ? problem.Detail : ProblemText.WhyOf(problem, command);
        var added = (problem.Errors ?? []).Select(member => ProblemText.AddedTo(why, member, command)).OfType<string>().ToList();
        return added.Count == 0 ? why : $"{why} ({string.Join("; ", added)})";
    }
}
