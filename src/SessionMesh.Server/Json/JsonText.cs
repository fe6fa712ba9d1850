namespace SessionMesh.Server.Json;

/// <summary>JSON text.</summary>
internal static class JsonText
{
    /// <summary>
    /// Removes the white space between the tokens of valid JSON, and changes nothing else: a line break would end the line of an event.
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
                c = json[++i]; // an escaped quote does not end the string
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
