using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Cli.Sessions.Defaults;

/// <summary>
/// <c>session config</c>: the defaults of <c>create</c>, and whatever else somebody keeps beside them. Needs no server.
/// </summary>
internal sealed class SessionConfigCommand : SessionToolCommand
{
    private const string Ttl = SessionDefaults.Ttl;
    private const string User = SessionDefaults.User;

    private static readonly JsonElement s_null = JsonElement.Parse("null"u8);

    private readonly Argument<string?> _key = new("key")
    {
        Description = $"{Ttl}, {User}, or a name of your own, which is kept and shown",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Argument<string?> _value = new("value") { Description = "Its new value", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _unset = new("--unset") { Description = "Back to the default" };

    public SessionConfigCommand(CliHost host) : base(host, "config", "Show or update tool configuration.")
    {
        Add(_key);
        Add(_value);
        Add(_unset);
        _key.CompletionSources.Add(Ttl, User);
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
        if (key is "" or { Length: > Limits.SessionMetaKeyLength })
        {
            throw CommandException.Usage($"a key has 1 to {Limits.SessionMetaKeyLength} characters");
        }

        if (context.Get(_unset) && (key is null || value is not null))
        {
            throw CommandException.Usage("--unset takes a key and no value");
        }

        if (key is not null && (value is not null || context.Get(_unset)))
        {
            Update(context, key, value);
        }
        else if (key is null)
        {
            ShowAll(context);
        }
        else
        {
            var held = InEffect(context, key)
                ?? throw CommandException.Usage($"there is no key '{key}'", "session-mesh session config shows those there are");
            context.Output.Write(SessionShapes.Ok(json => WriteMember(json, key, held)), View.Single(key, [key]));
        }

        return Task.FromResult(ExitCodes.Done);
    }

    /// <summary>The defaults, then what is nobody's here: of the tool's own file, and of the one whose place it takes.</summary>
    private static void ShowAll(CommandContext context)
    {
        var (own, old) = (ConfigFile.ReadOwn(context.Host), ConfigFile.ReadOld(context));
        List<string> keys = [Ttl, .. own.Find(User) is null ? [] : new[] { User }];
        keys.AddRange(own.Members.Concat(old.Members).Select(member => member.Key).Where(key => key is not (Ttl or User)).Distinct());
        var shape = SessionShapes.Ok(json =>
        {
            json.WriteStartObject("config"u8);
            foreach (var key in keys)
            {
                WriteMember(json, key, InEffect(context, key)!.Value);
            }

            json.WriteEndObject();
        });
        context.Output.Write(shape, View.Single(Ttl, keys) with { RowMember = "config" });
    }

    private static void Update(CommandContext context, string key, string? value)
    {
        var own = ConfigFile.ReadOwn(context.Host);
        if (value is null)
        {
            own.Remove(key);
        }
        else
        {
            own.Set(key, Checked(key, value));
        }

        own.Save(context.Host);
        var shape = SessionShapes.Ok(json =>
        {
            json.WriteStartObject("updated"u8);
            WriteMember(json, key, InEffect(context, key) ?? s_null);
            json.WriteEndObject();
        });
        context.Output.Write(shape, View.Single(key, [key]) with { RowMember = "updated" });
    }

    /// <summary>What a key holds, wherever it stands; null for one that stands nowhere.</summary>
    private static JsonElement? InEffect(CommandContext context, string key) => key switch
    {
        Ttl => TtlElement(SessionDefaults.TtlOf(context, ConfigFile.ReadOwn(context.Host)) ?? Limits.DefaultSessionTtl),
        User => ConfigFile.ReadOwn(context.Host).Find(User) ?? s_null,
        _ => ConfigFile.ReadOwn(context.Host).Find(key) ?? ConfigFile.ReadOld(context).Find(key),
    };

    private static JsonElement Checked(string key, string value)
    {
        switch (key)
        {
            case Ttl:
                return SessionOpt.TryParseTtl(value, out var ttl, out var wrong)
                    ? TtlElement(ttl)
                    : throw CommandException.Usage($"{Ttl} {wrong}");
            case User when value.Length is 0 or > Limits.NameLength:
                throw CommandException.Usage($"{User} has 1 to {Limits.NameLength} characters");
            default:
                return Json.Value(value);
        }
    }

    private static JsonElement TtlElement(int ttl) =>
        ttl == SessionTtlConverter.None
            ? Json.Value(SessionTtlConverter.NoneWord)
            : JsonElement.Parse(ttl.ToString(CultureInfo.InvariantCulture));

    private static void WriteMember(Utf8JsonWriter json, string key, JsonElement value)
    {
        json.WritePropertyName(key);
        value.WriteTo(json);
    }
}
