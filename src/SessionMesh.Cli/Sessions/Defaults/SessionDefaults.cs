using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Cli.Sessions.Defaults;

/// <summary>What <c>session create</c> takes where the command line says nothing; null leaves it to the server.</summary>
/// <param name="DefaultTtl">Seconds; <see cref="SessionTtlConverter.None"/> for no end.</param>
internal sealed record SessionDefaults(int? DefaultTtl, string? DefaultUser)
{
    public const string Ttl = "default_ttl";
    public const string User = "default_user";

    /// <summary>The tool's own file; for the TTL, the file of the tool whose place this one takes comes after it.</summary>
    public static SessionDefaults Load(CommandContext context)
    {
        var own = ConfigFile.ReadOwn(context.Host);
        return new SessionDefaults(TtlOf(context, own), OwnUser(own));
    }

    /// <summary>The TTL alone.</summary>
    public static int? TtlOf(CommandContext context, ConfigFile own) => OwnTtl(own) ?? OldTtl(context);

    private static int? OwnTtl(ConfigFile own)
    {
        if (own.Find(Ttl) is not { ValueKind: not JsonValueKind.Null } value)
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return SessionOpt.TryParseTtl(text, out var ttl, out var wrong)
            ? ttl
            : throw CommandException.Usage($"{Ttl} of the configuration {wrong}", $"session-mesh session config {Ttl} --unset");
    }

    private static string? OwnUser(ConfigFile own) => own.Find(User) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw CommandException.Usage(
            $"{User} in the configuration is not text", $"session-mesh session config {User} --unset"),
    };

    private static int? OldTtl(CommandContext context)
    {
        if (ConfigFile.ReadOld(context).Find(Ttl) is not { } value)
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        if (int.TryParse(text, out var ttl) && ttl is >= 1 and <= Limits.MaxSessionTtl)
        {
            return ttl;
        }

        context.Note($"{ConfigFile.OldPath(context.Host)} holds no {Ttl} that can be used; the server's default is taken");
        return null;
    }
}
