using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Cli.Sessions.Defaults;

/// <summary>What <c>session create</c> takes where the command line says nothing; null leaves it to the server.</summary>
internal sealed record SessionDefaults
{
    /// <summary>Seconds; <see cref="SessionTtlConverter.None"/> for no end.</summary>
    [JsonConverter(typeof(SessionTtlConverter))]
    public int? DefaultTtl { get; init; }
    public string? DefaultUser { get; init; }

    /// <summary>The tool's own file; for the TTL, the file of the tool whose place this one takes comes after it.</summary>
    public static SessionDefaults Load(CommandContext context)
    {
        var own = LoadOwn(context.Host);
        return own.DefaultTtl is null ? own with { DefaultTtl = OldTtl(context) } : own;
    }

    public static SessionDefaults LoadOwn(CliHost host)
    {
        var path = PathOf(host);
        if (!File.Exists(path))
        {
            return new SessionDefaults();
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), SessionDefaultsJson.Default.SessionDefaults)
                ?? new SessionDefaults();
        }
        catch (JsonException e)
        {
            throw CommandException.Usage($"{path} is damaged at line {e.LineNumber + 1}", $"repair it, or remove it: rm '{path}'");
        }
    }

    public void Save(CliHost host) =>
        PrivateFiles.Write(PathOf(host), JsonSerializer.SerializeToUtf8Bytes(this, SessionDefaultsJson.Default.SessionDefaults));

    private static string PathOf(CliHost host) => Path.Combine(
        host.Env("XDG_CONFIG_HOME") ?? Path.Combine(host.Home, ".config"), "session-mesh", "session.json");

    /// <summary>Another tool's file must not keep this one from working: what cannot be read there is reported and ignored.</summary>
    private static int? OldTtl(CommandContext context)
    {
        var path = Path.Combine(context.Host.Home, ".session", "config.json");
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind == JsonValueKind.Object && !document.RootElement.TryGetProperty("default_ttl"u8, out _))
            {
                return null;
            }

            var value = document.RootElement.GetProperty("default_ttl"u8);
            var text = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
            if (int.TryParse(text, out var ttl) && ttl is >= 1 and <= Limits.MaxSessionTtl)
            {
                return ttl;
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            // Said below.
        }

        context.Note($"{path} holds no default_ttl that can be used; the server's default is taken");
        return null;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(SessionDefaults))]
internal sealed partial class SessionDefaultsJson : JsonSerializerContext;
