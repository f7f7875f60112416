using System.Reflection;
using Serverless.Local.Hosting;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Where a Functions app begins.</summary>
public class FunctionsApplication
{
    /// <summary>A builder with configuration from <c>local.settings.json</c>, the environment and the arguments.</summary>
    /// <param name="args">The arguments of the process; <c>--port N</c> sets the HTTP port, 0 for a free one.</param>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) =>
        new(
            new AppOptions
            {
                Arguments = args,
                Functions =
                    Assembly.GetEntryAssembly()
                    ?? throw new InvalidOperationException("The process has no entry assembly to look for functions in."),
                OwnsProcess = true,
            }
        );
}
