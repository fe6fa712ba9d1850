using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Settings;

/// <summary>A server under a name. The key itself is never stored here, only where it is.</summary>
internal sealed record MeshContext
{
    public required string Name { get; init; }
    public string? Url { get; init; }
    public string? KeyFile { get; init; }

    /// <summary>The cluster for commands that name none.</summary>
    public string? Cluster { get; init; }
}

/// <summary>All contexts, and which one is selected.</summary>
internal sealed record ContextFile
{
    public string? Selected { get; init; }
    public IReadOnlyList<MeshContext> Contexts { get; init; } = [];

    [JsonIgnore]
    public MeshContext? Current => Find(Selected);

    public MeshContext? Find(string? name) => Contexts.FirstOrDefault(c => c.Name == name);

    /// <summary>With this context in place of the one of its name, or at the end.</summary>
    public ContextFile With(MeshContext context) => this with
    {
        Contexts = Find(context.Name) is null
            ? [.. Contexts, context]
            : [.. Contexts.Select(c => c.Name == context.Name ? context : c)],
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(ContextFile))]
[JsonSerializable(typeof(MeshContext))]
internal sealed partial class ContextJson : JsonSerializerContext;

/// <summary><c>contexts.json</c>, mode 0600, in the tool's directory under the XDG configuration directory.</summary>
internal sealed class ContextStore(string path)
{
    public string Path => path;

    public static ContextStore Of(CliHost host) => new(System.IO.Path.Combine(
        host.Env("XDG_CONFIG_HOME") ?? System.IO.Path.Combine(host.Home, ".config"), "session-mesh", "contexts.json"));

    public ContextFile Load()
    {
        if (!File.Exists(path))
        {
            return new ContextFile();
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ContextJson.Default.ContextFile) ?? new ContextFile();
        }
        catch (JsonException e)
        {
            throw CommandException.Usage(
                $"{path} is damaged at line {e.LineNumber + 1}", $"repair it, or remove it and add the contexts again: rm '{path}'");
        }
    }

    /// <summary>Replaces the file as a whole: a reader sees the old contexts or the new, and a crash leaves one of the two.</summary>
    public void Save(ContextFile contexts)
    {
        PrivateFiles.Write(path, JsonSerializer.SerializeToUtf8Bytes(contexts, ContextJson.Default.ContextFile));
    }
}
