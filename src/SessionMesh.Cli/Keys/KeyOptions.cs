using System.CommandLine;
using System.CommandLine.Completions;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Keys;

/// <summary>The options by which a key is limited, for <c>keys create</c> and <c>run</c>.</summary>
internal static class KeyOptions
{
    private static readonly string[] s_kinds = ["agent", "cluster", "subtree"];

    /// <summary>What a key for people and programs may have; <c>agent:self</c> comes with <c>--agent-id</c>.</summary>
    public static string Choices { get; } = string.Join(", ", Scopes.All.Where(scope => scope != Scopes.AgentSelf));

    /// <summary>May be repeated. Which scopes there are is the server's to say.</summary>
    public static Option<string[]> Scope(string description)
    {
        var option = new Option<string[]>("--scope") { Description = description, HelpName = "SCOPE" };
        option.CompletionSources.Add(_ => Scopes.All.Select(scope => new CompletionItem(scope)));
        return option;
    }

    /// <summary>Clauses <c>agent:ID</c>, <c>cluster:NAME</c> or <c>subtree:ID</c>; may be repeated.</summary>
    public static Option<string[]> Within(string description)
    {
        var option = new Option<string[]>("--within") { Description = description, HelpName = "agent:ID|cluster:NAME|subtree:ID" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !IsClause(token.Value)))
            {
                result.AddError($"--within takes agent:ID, cluster:NAME or subtree:ID, not '{token.Value}'");
            }

            if (result.Tokens.Count > Limits.ReachClauses)
            {
                result.AddError($"--within can be given {Limits.ReachClauses} times at most, not '{result.Tokens.Count}'");
            }
        });
        option.CompletionSources.Add(_ => s_kinds.Select(kind => new CompletionItem(kind + ":")));
        return option;
    }

    private static bool IsClause(string text) =>
        text.Split(':', 2) is [var kind, { Length: > 0 } value] && s_kinds.Contains(kind) && (kind == "cluster" || MeshId.IsValid(value));
}
