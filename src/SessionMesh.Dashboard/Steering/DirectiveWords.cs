using SessionMesh.Contracts.Steering;

namespace SessionMesh.Dashboard.Steering;

/// <summary>How the page names the state of a directive.</summary>
public static class DirectiveWords
{
    /// <summary>The API's word; before there is proof, with <c>requested</c> before it.</summary>
    public static string Of(string state) =>
        state is DirectiveState.Queued or DirectiveState.Delivered or DirectiveState.Accepted ? "requested · " + state : state;
}
