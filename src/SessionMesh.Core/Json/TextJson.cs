using System.Text.Json.Serialization;

namespace SessionMesh.Core.Json;

/// <summary>JSON of plain strings: arrays of them, and strings by name.</summary>
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class TextJson : JsonSerializerContext;
