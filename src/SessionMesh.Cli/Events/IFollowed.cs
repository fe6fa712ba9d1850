using SessionMesh.Client;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Events;

/// <summary>Something that the log decides step by step: directives on their way, agents that are to end.</summary>
internal interface IFollowed
{
    /// <summary>Nothing more can come that matters.</summary>
    bool IsSettled { get; }

    /// <summary>How it stands, for the progress line. Called from another thread.</summary>
    string Progress { get; }

    void Take(MeshEvent entry);

    /// <summary>Looks at the current state of all that is not settled: entries of the log may have been missed.</summary>
    Task LookAsync(MeshClient client, CancellationToken cancellation);
}
