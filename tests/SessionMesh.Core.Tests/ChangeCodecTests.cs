using System.Buffers;
using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests;

/// <summary>Whoever adds a kind of change and forgets a part of it is told here which part, and where it belongs.</summary>
public sealed class ChangeCodecTests
{
    public static TheoryData<string> Changes { get; } = [.. Types.Select(type => type.Name)];

    private static IEnumerable<Type> Types =>
        typeof(Change).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Change)) && !type.IsAbstract);

    [Fact]
    public void Payload_OfEveryKind_IsWrittenAsItAlwaysWas() =>
        Assert.All(ChangeSamples.All, sample => Assert.Equal(sample.Payload, Written(sample.Change)));

    [Fact]
    public void Payload_OfEveryKind_ReadsBackAsWhatWasWritten() =>
        Assert.All(ChangeSamples.All, sample =>
        {
            var read = Read(sample.Change, sample.Payload);
            Assert.IsType(sample.Change.GetType(), read);
            Assert.Equal(sample.Change.Kind, read.Kind);
            Assert.Equal(sample.Payload, Written(read));
        });

    [Fact]
    public void Samples_AppliedInOrder_LeaveTheRevisionOfTheLast()
    {
        var state = new MeshState();
        foreach (var (change, payload) in ChangeSamples.All)
        {
            var draft = new MeshDraft(state, new Moment(state.Revision + 1, 1));
            draft.Apply(Read(change, payload, draft.Revision + 1));
            draft.Commit();
        }

        Assert.Equal(ChangeSamples.All.Count, state.Revision);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void EveryChange_HasItsKindsInTheTable_AndASampleOfEach(string name)
    {
        var type = Types.Single(type => type.Name == name);
        var kinds = ChangeCodec.Kinds.Values.Where(kind => kind.Type == type).Select(kind => kind.Name).ToList();
        Assert.True(kinds.Count > 0, $"{name} is in no table of kinds: add it to Kinds in {PlaceOf(type)}");
        foreach (var change in Filled(type))
        {
            Assert.True(
                kinds.Contains(change.Kind), $"'{change.Kind}' is a kind of {name} that no table has: add it to Kinds in {PlaceOf(type)}");
        }

        var samples = ChangeSamples.All.Where(sample => sample.Change.GetType() == type).Select(sample => sample.Change.Kind).ToList();
        foreach (var kind in kinds)
        {
            Assert.True(samples.Contains(kind), $"'{kind}' has no sample: add one to {nameof(ChangeSamples)}.cs");
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void EveryMember_ComesBackFromTheLog(string name)
    {
        var type = Types.Single(type => type.Name == name);
        foreach (var change in Filled(type))
        {
            var payload = Written(change);
            var read = Read(change, payload);
            Assert.Equal(change.Kind, read.Kind);
            foreach (var member in Members(type).Where(member => !IsTold(member)))
            {
                Assert.True(
                    Shown(member.GetValue(change)) == Shown(member.GetValue(read)),
                    $"{name}.{member.Name} does not come back from the log; see {PlaceOf(type)}. Payload: {payload}");
            }

            // Two values may have one kind ("agent.alive"), but a kind has to stand for itself.
            Assert.Equal(read, Read(read, Written(read)), (a, b) => a!.Kind == b!.Kind && Written(a) == Written(b));
        }
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void EveryPayload_IsInSnakeCase_AndLeavesOutNulls(string name)
    {
        var type = Types.Single(type => type.Name == name);
        var options = ((Change)RuntimeHelpers.GetUninitializedObject(type)).PayloadType.Options;
        Assert.True(
            options.PropertyNamingPolicy == JsonNamingPolicy.SnakeCaseLower
                && options.DefaultIgnoreCondition == JsonIgnoreCondition.WhenWritingNull,
            $"the JSON of {name} needs the options that the other nouns have, in {PlaceOf(type)}");
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Reason_IsDeclaredAsOneThatTheAuditShows(string name)
    {
        var type = Types.Single(type => type.Name == name);
        Assert.True(
            type.GetProperty(nameof(IHasReason.Reason)) is null || type.IsAssignableTo(typeof(IHasReason)),
            $"{name} has a reason that the audit does not show: declare it as {nameof(IHasReason)} in {PlaceOf(type)}");
    }

    [Fact]
    public void Read_UnknownKind_SaysThatTheLogIsNewer()
    {
        var error = Assert.Throws<InvalidDataException>(() => ChangeCodec.Read(1, 0, "k", Origin.Mesh, "agent.cloned", "a", "{}"));
        Assert.Contains("agent.cloned", error.Message, StringComparison.Ordinal);
    }

    private static string Written(Change change)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output);
        ChangeCodec.WritePayload(output, writer, change);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static Change Read(Change change, string payload, long revision = 1) =>
        ChangeCodec.Read(revision, revision, Actors.Mesh, Origin.Mesh, change.Kind, change.Subject, payload);

    /// <summary>Changes of a type with every member set, one for each value of those that only the kind tells.</summary>
    private static IEnumerable<Change> Filled(Type type)
    {
        var told = Members(type).SingleOrDefault(IsTold);
        foreach (var value in told is null ? [null] : ValuesOf(told.PropertyType))
        {
            var change = (Change)RuntimeHelpers.GetUninitializedObject(type);
            typeof(Change).GetProperty(nameof(Change.Subject))!.SetValue(change, "subject");
            foreach (var member in Members(type))
            {
                member.SetValue(change, IsTold(member) ? value : SomeOf(member));
            }

            yield return change;
        }
    }

    /// <summary>What a change is made of beside its envelope.</summary>
    private static IEnumerable<PropertyInfo> Members(Type type) =>
        type.GetProperties().Where(member => member.DeclaringType == type && member.SetMethod is { IsPublic: true });

    /// <summary>Whether the kind tells it: the payload does not.</summary>
    private static bool IsTold(PropertyInfo member) =>
        member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always };

    private static IEnumerable<object?> ValuesOf(Type type) =>
        type.IsEnum ? Enum.GetValues(type).Cast<object?>()
        : type == typeof(bool) ? [false, true]
        : throw new NotSupportedException($"a kind that tells a {type.Name}: say here which values there are");

    private static object SomeOf(PropertyInfo member) => (Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType) switch
    {
        { } type when type == typeof(string) => "\"text\"", // JSON, too
        { } type when type == typeof(bool) => true,
        { } type when type == typeof(int) => 7,
        { } type when type == typeof(long) => 1_700_000_000_123,
        { } type when type == typeof(double) => 1.5,
        { IsEnum: true } type => Enum.GetValues(type).GetValue(1)!,
        { } type when type == typeof(IReadOnlyList<string>) => (string[])["one", "two"],
        { } type when type == typeof(IReadOnlyDictionary<string, string>) => new SortedDictionary<string, string> { ["Name"] = "value" },
        { } type when type == typeof(IReadOnlyList<Skill>) => (Skill[])[new() { Name = "one", Version = "2", Level = 3, Capacity = 4 }],
        { } type when type == typeof(Meta) => Meta.Of([new("name", "value")]),
        { } type => throw new NotSupportedException($"{member.DeclaringType!.Name}.{member.Name}: say here what a {type.Name} may be"),
    };

    private static string Shown(object? value) => value switch
    {
        null => "null",
        string text => text,
        IEnumerable<KeyValuePair<string, string>> entries => string.Join(", ", entries),
        IEnumerable entries => string.Join(", ", entries.Cast<object>()),
        _ => value.ToString()!,
    };

    private static string PlaceOf(Type type) =>
        $"src/{type.Namespace!.Replace("SessionMesh.Core.", "SessionMesh.Core/", StringComparison.Ordinal)}/*Changes.cs";
}
