namespace SessionMesh.Client.Membership;

/// <summary>The log of a program that is an agent itself.</summary>
/// <param name="sink">Null for none.</param>
internal sealed class AgentLog(Action<string>? sink) : ISessionLog
{
    public string Keeper => "its session";

    public void Say(string text) => sink?.Invoke(text);

    public void Warn(string text) => sink?.Invoke(text);

    public string WhyOf(MeshException error) => error.Message;
}
