using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Http;

/// <summary>
/// Collects the errors in the members of a request, so that one answer names them all. A mutable struct: pass it by reference.
/// </summary>
internal struct Check
{
    private List<MemberError>? _errors;

    /// <summary>Null if there is no error.</summary>
    public readonly MeshError? Error => _errors is null
        ? null
        : new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest, string.Join(" ", _errors.Select(e =>
            $"{e.Pointer.TrimStart('/', '?')}: {e.Message}."))) { Members = _errors };

    /// <summary>How many errors there are so far.</summary>
    public readonly int Count => _errors?.Count ?? 0;

    public void Fail(string pointer, string message, IReadOnlyList<string>? allowed = null) =>
        (_errors ??= []).Add(new MemberError { Pointer = pointer, Message = message, Allowed = allowed });

    /// <summary>An id in the form of <see cref="MeshId"/>.</summary>
    public string Id(string pointer, string? id, bool required = true)
    {
        if (id is null ? required : !MeshId.IsValid(id))
        {
            Fail(pointer, id is null ? $"is missing; {MeshId.Rule}" : MeshId.Rule);
        }

        return id ?? "";
    }

    /// <summary>A short name without control characters.</summary>
    public string? Name(string pointer, string? name, bool required = false, int length = Limits.NameLength)
    {
        if (name is null)
        {
            if (required)
            {
                Fail(pointer, "is missing");
            }
        }
        else if (name.Length == 0 || name.Length > length || HasControl(name))
        {
            Fail(pointer, $"has 1 to {length} characters, none of them a control character");
        }

        return name;
    }

    /// <summary>A text, which may contain line breaks and tabs.</summary>
    public string? Text(string pointer, string? text, int length)
    {
        if (text is not null && text.Length > length)
        {
            Fail(pointer, $"has at most {length} characters");
        }

        return text;
    }

    public int? Range(string pointer, int? value, int low, int high)
    {
        if (value is { } given && (given < low || given > high))
        {
            Fail(pointer, string.Create(CultureInfo.InvariantCulture, $"is a whole number from {low} to {high}"));
        }

        return value;
    }

    /// <summary>One of a fixed set of words.</summary>
    public string? OneOf(string pointer, string? word, IReadOnlyList<string> allowed)
    {
        if (word is not null && !allowed.Contains(word))
        {
            Fail(pointer, $"is one of: {string.Join(", ", allowed)}", allowed);
        }

        return word;
    }

    public IReadOnlyList<string>? Names(string pointer, IReadOnlyList<string>? names, int most)
    {
        if (names is { Count: var count } && count > most)
        {
            Fail(pointer, $"has at most {most} entries");
        }

        for (var i = 0; i < (names?.Count ?? 0); i++)
        {
            Name(string.Create(CultureInfo.InvariantCulture, $"{pointer}/{i}"), names![i], required: true);
        }

        return names;
    }

    /// <summary>The name of a specialization, in its form.</summary>
    public string? Specialization(string pointer, string? name, bool required = false)
    {
        var errors = Count;
        Name(pointer, name, required);
        if (name is null || Count > errors)
        {
            return name;
        }

        var normal = SpecializationName.Normalize(name);
        if (normal.Length is 0 or > Limits.NameLength || SpecializationName.Parts(normal) > Limits.SpecializationParts)
        {
            Fail(pointer, $"has 1 to {Limits.NameLength} characters in 1 to {Limits.SpecializationParts} parts, which / separates");
        }

        return normal;
    }

    /// <summary>Specializations with what is said of them, their names in their form, each once.</summary>
    public IReadOnlyList<SkillProfile>? Skills(string pointer, IReadOnlyList<SpecializationRequest>? skills)
    {
        if (skills is { Count: > Limits.Specializations })
        {
            Fail(pointer, $"has at most {Limits.Specializations} entries");
        }

        var bound = new List<SkillProfile>(skills?.Count ?? 0);
        for (var i = 0; i < Math.Min(skills?.Count ?? 0, Limits.Specializations); i++)
        {
            var at = string.Create(CultureInfo.InvariantCulture, $"{pointer}/{i}");
            var isObject = skills![i] is { Version: not null } or { Level: not null } or { Capacity: not null } or { Name: null };
            var skill = Skill(at, isObject ? "/name" : "", skills[i]);
            if (skill is { Name.Length: > 0 } && bound.Exists(other => other.Name == skill.Name && other != skill))
            {
                Fail(at, $"says something else of '{skill.Name}' than an entry before it");
            }

            bound.Add(skill);
        }

        return skills is null ? null : bound;
    }

    /// <param name="name">The pointer of its name, below <paramref name="pointer"/>.</param>
    public SkillProfile Skill(string pointer, string name, SpecializationRequest? skill) => new(
        Specialization(pointer + name, skill?.Name, required: true) ?? "",
        Name(pointer + "/version", skill?.Version),
        Range(pointer + "/level", skill?.Level, 0, Limits.MaxSkillLevel),
        Range(pointer + "/capacity", skill?.Capacity, 1, Limits.MaxCapacity));

    public IReadOnlyDictionary<string, string>? Labels(string pointer, IReadOnlyDictionary<string, string>? labels)
    {
        if (labels is { Count: > Limits.Labels })
        {
            Fail(pointer, $"has at most {Limits.Labels} entries");
        }

        foreach (var (name, value) in labels ?? new Dictionary<string, string>())
        {
            if (!MeshId.IsValid(name))
            {
                Fail(pointer, $"a label's name follows the rule of ids: {MeshId.Rule}");
            }
            else if (value is null || value.Length > Limits.LabelValueLength || HasControl(value))
            {
                Fail($"{pointer}/{name}", $"has at most {Limits.LabelValueLength} characters, none of them a control character");
            }
        }

        return labels;
    }

    public static bool HasControl(string text) =>
        text.AsSpan().ContainsAnyInRange('\0', '\u001f') || text.AsSpan().ContainsAnyInRange('\u007f', '\u009f');
}
