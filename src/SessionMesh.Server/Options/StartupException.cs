namespace SessionMesh.Server.Options;

/// <summary>The server cannot start; the message says why and what to do, and is all that is printed.</summary>
public sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
