namespace Serverless.Pipeline.Definitions;

/// <summary>The answer to a stored program.</summary>
/// <param name="Code">Its name, for <see cref="CommandSettings.Code"/>.</param>
/// <param name="Bytes">Of the archive.</param>
public sealed record CodeReceipt(string Code, long Bytes);
