using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace SessionMesh.Dashboard.Tests.Support;

/// <summary>
/// A person at a page that changes under their hands: what is pressed is found in the picture that it is pressed in, once it is there.
/// </summary>
internal static class Presses
{
    /// <summary>Presses the one button of that name.</summary>
    /// <param name="within">A selector of what it is in, such as <c>dialog</c>; anywhere unless given.</param>
    public static Task PressAsync(this IRenderedComponent<IComponent> page, string name, string within = "")
    {
        page.WaitForAssertion(() => Assert.False(Find().HasAttribute("disabled")));
        return page.InvokeAsync(() => Find().ClickAsync());

        IElement Find() => page.FindAll(within + " button").Single(button => button.TextContent.Trim() == name);
    }

    /// <summary>Does something with the first element that a selector finds, such as to type into it.</summary>
    public static Task OnAsync(this IRenderedComponent<IComponent> page, string selector, Func<IElement, Task> act)
    {
        page.WaitForAssertion(() => page.Find(selector));
        return page.InvokeAsync(() => act(page.Find(selector)));
    }
}
