using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>What became of a steer: the state to acknowledge it with, and what to say beside.</summary>
internal sealed record SteerOutcome(string State, string? Note = null)
{
    public static SteerOutcome Acknowledged { get; } = new(DirectiveState.Acknowledged);

    public static SteerOutcome Accepted { get; } = new(DirectiveState.Accepted);

    public static SteerOutcome Rejected(string note) => new(DirectiveState.Rejected, note);
}

/// <summary>Brings a steer to the process. Called for one directive at a time, in order.</summary>
internal interface ISteerHandler
{
    /// <param name="stopping">The process is being stopped: give up, soon.</param>
    Task<SteerOutcome> HandleAsync(Directive directive, CancellationToken stopping);
}

/// <summary>Nobody was named to take steers.</summary>
internal sealed class NoSteerHandler : ISteerHandler
{
    public Task<SteerOutcome> HandleAsync(Directive directive, CancellationToken stopping) =>
        Task.FromResult(SteerOutcome.Rejected("no steer handler"));
}
