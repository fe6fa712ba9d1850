namespace SessionMesh.Core.Leases;

/// <summary>Something that a wheel looks at. All of it is the wheel's alone.</summary>
public interface ITimed
{
    /// <summary>Tick of the next look, <see cref="int.MaxValue"/> for none.</summary>
    int DueTick { get; set; }

    /// <summary>The bucket it waits in; below 0 for none.</summary>
    short Bucket { get; set; }

    /// <summary>Its neighbours in that bucket.</summary>
    ITimed? Next { get; set; }

    /// <inheritdoc cref="Next"/>
    ITimed? Previous { get; set; }
}
