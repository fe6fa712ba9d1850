using System.Text.Json.Serialization;

namespace SessionMesh.Cli.Output;

/// <summary>The few types that output needs beside the wire's own.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class OutputJson : JsonSerializerContext;
