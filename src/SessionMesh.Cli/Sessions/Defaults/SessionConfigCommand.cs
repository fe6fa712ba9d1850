using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Cli.Sessions.Defaults;

/// <summary><c>session config</c>: the defaults of <c>create</c>. Needs no server.</summary>
internal sealed class SessionConfigCommand : SessionToolCommand
{
    private const string Ttl = "default_ttl";
    private const string User = "default_user";

    private static readonly View s_all = View.Single(Ttl, [Ttl, User]) with { RowMember = "config" };
    private static readonly View s_updated = s_all with { RowMember = "updated" };

    private readonly Argument<string?> _key = new("key") { Description = $"{Ttl} or {User}", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _value = new("value") { Description = "Its new value", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _unset = new("--unset") { Description = "Back to the default" };

    public SessionConfigCommand(CliHost host) : base(host, "config", "Show or update tool configuration.")
    {
        Add(_key);
        Add(_value);
        Add(_unset);
        Examples =
        [
            "session-mesh session config",
            "session-mesh session config default_ttl 2h",
            "session-mesh session config default_user alice",
            "session-mesh session config default_user --unset",
        ];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "configure";
        var (key, value) = (context.Get(_key), context.Get(_value));
        if (key is not (null or Ttl or User))
        {
            throw CommandException.Usage($"'{key}' is not a known key; allowed: {Ttl}, {User}");
        }

        if (context.Get(_unset) && (key is null || value is not null))
        {
            throw CommandException.Usage("--unset takes a key and no value");
        }

        if (key is not null && (value is not null || context.Get(_unset)))
        {
            Update(context, key, value);
        }
        else
        {
            Show(context, key);
        }

        return Task.FromResult(ExitCodes.Done);
    }

    private static void Show(CommandContext context, string? key)
    {
        var now = SessionDefaults.Load(context);
        if (key is null)
        {
            context.Output.Write(
                SessionShapes.Ok(json =>
                {
                    json.WriteStartObject("config"u8);
                    WriteMember(json, now, Ttl);
                    if (now.DefaultUser is not null)
                    {
                        WriteMember(json, now, User);
                    }

                    json.WriteEndObject();
                }),
                s_all);
            return;
        }

        context.Output.Write(SessionShapes.Ok(json => WriteMember(json, now, key)), View.Single(key, [key]));
    }

    private static void Update(CommandContext context, string key, string? value)
    {
        var old = SessionDefaults.LoadOwn(context.Host);
        var changed = key is Ttl ? old with { DefaultTtl = CheckedTtl(value) } : old with { DefaultUser = CheckedUser(value) };
        changed.Save(context.Host);
        context.Output.Write(
            SessionShapes.Ok(json =>
            {
                json.WriteStartObject("updated"u8);
                WriteMember(json, changed.DefaultTtl is null && key is Ttl ? SessionDefaults.Load(context) : changed, key);
                json.WriteEndObject();
            }),
            s_updated);
    }

    private static int? CheckedTtl(string? value)
    {
        if (value is null)
        {
            return null;
        }

        return SessionOpt.TryParseTtl(value, out var ttl, out var wrong) ? ttl : throw CommandException.Usage($"{Ttl} {wrong}");
    }

    private static string? CheckedUser(string? value) => value?.Length is not (0 or > Limits.NameLength)
        ? value
        : throw CommandException.Usage($"{User} has 1 to {Limits.NameLength} characters");

    private static void WriteMember(Utf8JsonWriter json, SessionDefaults defaults, string key)
    {
        switch (key, defaults.DefaultTtl)
        {
            case (User, _): json.WriteString(User, defaults.DefaultUser); break;
            case (_, SessionTtlConverter.None): json.WriteString(Ttl, SessionTtlConverter.NoneWord); break;
            case (_, var ttl): json.WriteNumber(Ttl, ttl ?? Limits.DefaultSessionTtl); break;
        }
    }
}
