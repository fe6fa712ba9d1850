using System.Text.Json;
using SessionMesh.Client;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>A directive as every handler gives it to the process: the wire's JSON on one line, absent members left out.</summary>
internal static class DirectiveText
{
    /// <summary>Ends with a newline, and has no other.</summary>
    public static byte[] JsonLine(Directive directive) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(directive, ClientJson.Context.Directive), (byte)'\n'];
}
