namespace Microsoft.Azure.Functions.Worker;

/// <summary>Who may call an HTTP function.</summary>
public enum AuthorizationLevel
{
    /// <summary>Everyone.</summary>
    Anonymous,

    /// <summary>Reserved by the platform; the same as <see cref="Anonymous"/> would not be safe, so it asks for the master key.</summary>
    User,

    /// <summary>A caller with a key of the function or of the app, or the master key.</summary>
    Function,

    /// <summary>A caller with a system key or the master key.</summary>
    System,

    /// <summary>A caller with the master key.</summary>
    Admin,
}
