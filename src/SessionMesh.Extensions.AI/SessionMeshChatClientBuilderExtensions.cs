using Microsoft.Extensions.AI;
using SessionMesh.Client;

namespace SessionMesh.Extensions.AI;

/// <summary>Puts the requests to a model under the mesh.</summary>
public static class SessionMeshChatClientBuilderExtensions
{
    /// <summary>
    /// Lets an operator of the mesh reach the model between two requests. Add it after <c>UseFunctionInvocation</c>, or Semantic Kernel's
    /// <c>UseKernelFunctionInvocation</c>, so that it sees the requests between tool calls, too. Agent Framework calls the functions around
    /// the client that it is given: there it is added alone.
    /// </summary>
    /// <remarks>
    /// <list type="bullet">
    /// <item><b>Steer.</b> Each request first takes what waits, as messages of the user that state who said what and when. A steer is
    /// acknowledged once the model has answered the request that carried it; of a stream, once that is complete. If the model fails, hangs
    /// or is cancelled it stays <c>delivered</c>, and the next request carries it again. Later requests of the same conversation carry it
    /// where it stood.</item>
    /// <item><b>Pause.</b> The next request is held until the resume; the pause is acknowledged when one is. A request that is under way
    /// goes on, and so do functions.</item>
    /// <item><b>Stop.</b> The request under way is cancelled, and every later one fails: the run ends with an
    /// <see cref="OperationCanceledException"/>. The exit is reported once no request is under way and every function that the model has
    /// called for has returned.</item>
    /// <item><b>Progress</b> counts the functions that have returned; the note names the last one that was called, never its arguments. The
    /// agent is <c>working</c> while it asks or a function runs, else <c>waiting</c>.</item>
    /// <item><b>Sub-agents.</b> What asks by the same agent from within a function that its model has called for is a sub-agent, and
    /// registers below it, as with <see cref="UseSessionMeshSubAgent"/>.</item>
    /// </list>
    /// </remarks>
    /// <param name="builder">Of the client that asks the model.</param>
    /// <param name="agent">Who asks. It stays the caller's to dispose of; several clients may ask for one agent.</param>
    /// <param name="reportsExit">
    /// False for an agent that does more than ask its model: then a stop cancels as described, and the caller reports the exit, by
    /// <see cref="MeshAgent.ExitAsync"/> or by disposing of it.
    /// </param>
    /// <exception cref="ArgumentException">The agent has a handler of steers, which would take them first.</exception>
    public static ChatClientBuilder UseSessionMesh(this ChatClientBuilder builder, MeshAgent agent, bool reportsExit = true)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(agent);
        if (agent.Options.OnSteer is not null)
        {
            throw new ArgumentException("its steers are for the model: connect it without OnSteer", nameof(agent));
        }

        var steering = ModelSteering.Of(agent, reportsExit);
        return builder.Use(inner => new MeshChatClient(inner, new SubAgents(new(), steering).CurrentAsync));
    }

    /// <summary>
    /// The same for a sub-agent with a client of its own that is offered to others as a function. Whenever an agent under the mesh calls
    /// the function, the sub-agent registers below it, as <c>PARENT.NAME</c> (a second one at a time as <c>PARENT.NAME-2</c>), and its exit
    /// is reported when its run is over: a model has answered without calling for a function, or has failed. Called otherwise it is in no
    /// mesh, and this does nothing.
    /// </summary>
    /// <remarks>
    /// Where it cannot be registered, because the key does not allow it or the mesh is away, it works without: that is said to
    /// <see cref="MeshAgentOptions.Log"/>, that of the parent unless it has its own. A stop of it alone ends the function with an
    /// <see cref="OperationCanceledException"/>, of which the parent's model hears as of any function that fails.
    /// </remarks>
    /// <param name="builder">Of the client that asks the sub-agent's model.</param>
    /// <param name="options">
    /// What to register, and how. <see cref="MeshAgentOptions.AgentId"/> is what stands after the parent's id, by default the function's
    /// name; <see cref="MeshAgentOptions.ParentId"/> and <see cref="MeshAgentOptions.Client"/> are the parent's, whatever is here.
    /// </param>
    /// <exception cref="ArgumentException">It has a handler of steers.</exception>
    public static ChatClientBuilder UseSessionMeshSubAgent(this ChatClientBuilder builder, MeshAgentOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (options?.OnSteer is not null)
        {
            throw new ArgumentException("its steers are for the model: leave OnSteer out", nameof(options));
        }

        return builder.Use(inner => new MeshChatClient(inner, new SubAgents(options ?? new()).CurrentAsync));
    }
}
