namespace SessionMesh.Server.Options;

/// <summary>The server cannot start. The message says why and what to do; nothing else is printed.</summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
