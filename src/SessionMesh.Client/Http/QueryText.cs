using System.Text;

namespace SessionMesh.Client.Http;

/// <summary>Builds <c>?a=b&amp;c=d</c>, leaving out what is null. Escapes values, not names.</summary>
internal sealed class QueryText
{
    private readonly StringBuilder _text = new();

    public QueryText Add(string name, string? value)
    {
        if (value is null)
        {
            return this;
        }

        _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return this;
    }

    public QueryText Add(string name, long? value) => Add(name, value?.ToString());

    public QueryText Add(string name, int? value) => Add(name, value?.ToString());

    public override string ToString() => _text.ToString();

    public static string operator +(string path, QueryText query) => path + query.ToString();
}
