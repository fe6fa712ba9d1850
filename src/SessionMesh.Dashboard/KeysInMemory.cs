using System.Collections.Concurrent;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace SessionMesh.Dashboard;

/// <summary>Keeps data protection keys for as long as the process lives. Thread-safe.</summary>
internal sealed class KeysInMemory : IXmlRepository
{
    private readonly ConcurrentQueue<XElement> _elements = new();

    public IReadOnlyCollection<XElement> GetAllElements() => _elements;

    public void StoreElement(XElement element, string friendlyName) => _elements.Enqueue(element);
}
