namespace SessionMesh.Server.Json;

/// <summary>JSON as text.</summary>
internal static class JsonText
{
    /// <summary>
    /// Valid JSON without the white space between its tokens, and otherwise as it was written: a line break in it would end the
    /// line of an event.
    /// </summary>
    public static string OnOneLine(string json)
    {
        var text = new System.Text.StringBuilder(json.Length);
        var quoted = false;
        for (var i = 0; i < json.Length; i++)
        {
            var c = json[i];
            if (quoted && c == '\\')
            {
                text.Append(c);
                c = json[++i]; // whatever is escaped ends nothing
            }
            else if (c == '"')
            {
                quoted = !quoted;
            }

            if (quoted || c is not (' ' or '\t' or '\r' or '\n'))
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }
}
