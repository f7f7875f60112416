namespace Microsoft.Azure.Functions.Worker.Http;

/// <summary>Which requests from other sites a browser sends a cookie with.</summary>
public enum SameSite
{
    /// <summary>The attribute is left out: the browser decides.</summary>
    None,

    /// <summary>With top-level navigation only.</summary>
    Lax,

    /// <summary>Never.</summary>
    Strict,

    /// <summary><c>SameSite=None</c>: always. Browsers want it together with <see cref="IHttpCookie.Secure"/>.</summary>
    ExplicitNone,
}

/// <summary>A cookie of a request (name and value only) or of a response.</summary>
public interface IHttpCookie
{
    string? Domain { get; }

    DateTimeOffset? Expires { get; }

    bool? HttpOnly { get; }

    /// <summary>Seconds; 0 or less deletes the cookie.</summary>
    double? MaxAge { get; }

    string Name { get; }

    string? Path { get; }

    SameSite SameSite { get; }

    bool? Secure { get; }

    string Value { get; }
}

/// <summary>A cookie whose every attribute can be set.</summary>
public sealed class HttpCookie(string name, string value) : IHttpCookie
{
    public string? Domain { get; set; }

    public DateTimeOffset? Expires { get; set; }

    public bool? HttpOnly { get; set; }

    /// <inheritdoc />
    public double? MaxAge { get; set; }

    public string Name { get; set; } = name;

    public string? Path { get; set; }

    public SameSite SameSite { get; set; }

    public bool? Secure { get; set; }

    public string Value { get; set; } = value;
}

/// <summary>The cookies that a response sets.</summary>
public abstract class HttpCookies
{
    public abstract void Append(string name, string value);

    public abstract void Append(IHttpCookie cookie);

    /// <summary>A cookie without name and value, to be filled and appended.</summary>
    public abstract IHttpCookie CreateNew();
}
