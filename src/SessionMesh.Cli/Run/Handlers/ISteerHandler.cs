using System.Text.Json;
using SessionMesh.Client;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>What became of a steer: the state to acknowledge it with, and what to say beside.</summary>
internal sealed record HandlerResult(string State, string? Note = null)
{
    public static HandlerResult Acknowledged { get; } = new(DirectiveState.Acknowledged);

    /// <summary>As far as this handler can bring it: what the process makes of it, only the process can say.</summary>
    /// <param name="where">Where it lies now.</param>
    public static HandlerResult Accepted(string where) =>
        new(DirectiveState.Accepted, $"{where}; whether the process has taken it, only the process can say");

    public static HandlerResult Rejected(string note) => new(DirectiveState.Rejected, note);
}

/// <summary>Brings a steer to the process. Called for one directive at a time, in order.</summary>
internal interface ISteerHandler
{
    /// <param name="stopping">The process is being stopped: give up, soon.</param>
    Task<HandlerResult> HandleAsync(Directive directive, CancellationToken stopping);
}

/// <summary>Nobody was named to take steers.</summary>
internal sealed class NoSteerHandler : ISteerHandler
{
    public Task<HandlerResult> HandleAsync(Directive directive, CancellationToken stopping) =>
        Task.FromResult(HandlerResult.Rejected("no steer handler"));
}

/// <summary>A directive as every handler gives it to the process: the wire's JSON on one line, absent members left out.</summary>
internal static class DirectiveText
{
    /// <summary>Ends with a newline, and has no other.</summary>
    public static byte[] JsonLine(Directive directive) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(directive, ClientJson.Context.Directive), (byte)'\n'];
}
