namespace Serverless.Pipeline;

/// <summary>Messages of storage and of DuckDB go on for many lines; what they found stands in the first.</summary>
public static class FirstLines
{
    public static string FirstLine(this string message) => message.Split('\n', 2)[0].Trim();
}
