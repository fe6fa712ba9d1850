using SessionMesh.Cli.Commands;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Events;

/// <summary>What commands that follow a stream share: options and the end as an error.</summary>
internal static class StreamEnds
{
    private const int FirstConnectAttempts = 3;

    /// <summary>A server that was never there is an error, as for any command; one that goes away is waited for.</summary>
    public static MeshStreamOptions Options(CommandContext context, long? after, int? incarnation = null)
    {
        var connections = 0;
        return new MeshStreamOptions
        {
            After = after,
            Incarnation = incarnation,
            FirstConnectAttempts = FirstConnectAttempts,
            Connected = () =>
            {
                if (connections++ > 0 && context.Output.IsTable)
                {
                    context.Note("connected again");
                }
            },
        };
    }

    /// <summary>That the place to begin at is not in the log: ahead of its end nothing is missing.</summary>
    /// <param name="missing">What is said then, to be followed by the server's reason.</param>
    public static string WordsOf(StreamNotice notice, string missing) => notice.Code == StreamNotice.Ahead
        ? $"nothing is there yet: {notice.Detail.Split(". ")[0]}; what happens from now on is shown"
        : $"{missing}: {notice.Detail}";

    /// <summary>
    /// The end of a stream as the error it is: by the status it came with, else the key's end as 401 and everything else as 409.
    /// </summary>
    public static Exception ToException(StreamEnd? end, CommandContext context)
    {
        if (end is null)
        {
            return new OperationCanceledException();
        }

        var status = end.Status
            ?? (end.Code is ErrorCodes.Unauthenticated || end.Code.StartsWith("key", StringComparison.Ordinal) ? 401 : 409);
        var problem = new Problem
        {
            Type = "urn:session-mesh:error:" + end.Code,
            Title = end.Code.Replace('_', ' '),
            Status = status,
            Detail = end.Detail,
            Code = end.Code,
            RequestId = end.RequestId,
        };
        return new MeshException(MeshFailure.Refused, context.Settings.Url, end.Detail, problem);
    }
}
