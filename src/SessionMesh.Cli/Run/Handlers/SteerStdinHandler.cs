using SessionMesh.Cli.Run.Process;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Run.Handlers;

/// <summary>
/// <c>--steer-stdin</c>: a JSON line a directive on the process's stdin, which is then a pipe from us. It may not have
/// read the line yet, hence <c>accepted</c>; a full pipe or one without a reader is <c>rejected</c>.
/// </summary>
internal sealed class SteerStdinHandler(ChildPipe pipe, TimeSpan atMost) : ISteerHandler
{
    public async Task<HandlerResult> HandleAsync(Directive directive, CancellationToken stopping) =>
        await pipe.WriteAsync(DirectiveText.JsonLine(directive), atMost, stopping) switch
        {
            PipeWrite.Done => HandlerResult.Accepted("in the pipe of its stdin"),
            PipeWrite.Full => HandlerResult.Rejected("the process does not read its stdin, and the pipe is full"),
            _ => HandlerResult.Rejected("the process closed its stdin"),
        };
}
