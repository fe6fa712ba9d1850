using System.CommandLine;
using System.CommandLine.Completions;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Completion;

/// <summary>Ids of agents for the shell to complete.</summary>
internal static class LiveAgentIds
{
    public static IEnumerable<CompletionItem> Of(CliHost host, ParseResult? parse) =>
        parse is null ? [] : new LiveWords(host, parse).Agents().Select(id => new CompletionItem(id));
}
