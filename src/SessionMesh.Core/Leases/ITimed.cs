namespace SessionMesh.Core.Leases;

/// <summary>Something that a wheel looks at.</summary>
public interface ITimed
{
    /// <summary>Tick of the next look, <see cref="int.MaxValue"/> for none; the wheel's alone.</summary>
    int DueTick { get; set; }
}
