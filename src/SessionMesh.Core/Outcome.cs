using System.Diagnostics.CodeAnalysis;

namespace SessionMesh.Core;

/// <summary>The result of a command: a value, or the reason it was refused. Expected failures are values, not exceptions.</summary>
public readonly struct Outcome<T>
{
    private Outcome(T? value, MeshError? error) => (Value, Error) = (value, error);

    public T? Value { get; }
    public MeshError? Error { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Error))]
    public bool Succeeded => Error is null;

    public static implicit operator Outcome<T>(T value) => new(value, null);
    public static implicit operator Outcome<T>(MeshError error) => new(default, error);
}
