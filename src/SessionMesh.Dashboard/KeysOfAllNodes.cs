using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace SessionMesh.Dashboard;

/// <summary>
/// One data protection key, the same on all servers of a mesh, made of what they all know. It is valid for as long as anybody's server
/// runs, and never touches a disk. Thread-safe.
/// </summary>
internal sealed class KeysOfAllNodes(PageNodes nodes) : IXmlRepository
{
    private static readonly DateTimeOffset s_from = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset s_to = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Of the only key; it is in each protected text, and says nothing.</summary>
    private static readonly Guid s_id = new("6d657368-0000-4000-8000-000000000001");

    public IReadOnlyCollection<XElement> GetAllElements() =>
    [
        new XElement("key",
            new XAttribute("id", s_id),
            new XAttribute("version", 1),
            new XElement("creationDate", Text(s_from)),
            new XElement("activationDate", Text(s_from)),
            new XElement("expirationDate", Text(s_to)),
            new XElement("descriptor",
                new XAttribute("deserializerType", typeof(AuthenticatedEncryptorDescriptorDeserializer).AssemblyQualifiedName!),
                new XElement("descriptor",
                    new XElement("encryption", new XAttribute("algorithm", "AES_256_CBC")),
                    new XElement("validation", new XAttribute("algorithm", "HMACSHA256")),
                    new XElement("masterKey", new XElement("value", Convert.ToBase64String(nodes.Secret!)))))),
    ];

    public void StoreElement(XElement element, string friendlyName) => throw new NotSupportedException("the key is always the same");

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
