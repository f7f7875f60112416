namespace Serverless.GpuWorker.Tests;

/// <summary>Processes that tests did not start themselves.</summary>
internal static class Processes
{
    public static bool IsAlive(string id)
    {
        try
        {
            // A zombie has ended; whoever is to bury it is not ours.
            return !File.ReadAllText($"/proc/{id}/stat").Contains(") Z", StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
