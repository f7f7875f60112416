using System.Text;
using Microsoft.Extensions.Logging;
using Serverless.Pipeline.Jobs;
using Serverless.Pipeline.Serving;
using Serverless.Pipeline.Telemetry;
using Serverless.Pipeline.Tests.Serving;
using Serverless.Testing.Serving;
using Serverless.Testing.Telemetry;

namespace Serverless.Pipeline.Tests.Telemetry;

public sealed class LogScopesTests
{
    [Fact]
    public async Task Request_ThatFailsInside_IsLoggedWithModelVersionAndRun()
    {
        var log = new ScopedLog();
        using var serving = new ServingFixture(log: log.Of<PredictionService>());
        serving.Models.Deploy("breaks", 4, TinyModel.Brittle());
        await serving.Host.SettleAsync(TestContext.Current.CancellationToken);

        var (status, _) = await serving.PredictAsync("breaks", Encoding.UTF8.GetBytes("""{"number":5000}"""));
        var (inferred, _) = await serving.InferAsync(
            "breaks",
            Encoding.UTF8.GetBytes("""{"inputs":[{"name":"number","shape":[1,1],"datatype":"FP64","data":[5000]}]}""")
        );

        Assert.Equal((500, 500), (status, inferred));
        Assert.Equal(2, log.Lines.Count);
        Assert.All(
            log.Lines,
            line =>
            {
                Assert.Equal(
                    (LogLevel.Error, "breaks-run4", "breaks", 4),
                    (line.Level, line.Scope["run"], line.Scope["model"], line.Scope["version"])
                );
                Assert.Equal("A request for model breaks version 4 failed inside the server", line.Text);
            }
        );
    }

    [Fact]
    public async Task Request_ThatIsRefused_IsNotLogged()
    {
        var log = new ScopedLog();
        using var serving = new ServingFixture(log: log.Of<PredictionService>());

        var (status, _) = await serving.PredictAsync("failures", Encoding.UTF8.GetBytes("no json"));

        Assert.Equal(400, status);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public void About_WhatIsNotKnown_IsLeftOut()
    {
        var log = new ScopedLog();
        var job = new JobSpec
        {
            JobId = "j",
            Kind = JobKind.Train,
            Queue = "jobs-cpu",
            Pipeline = "p",
            RunId = "r",
            NotifyInstance = "r",
            CreatedAt = DateTimeOffset.UnixEpoch,
        };

        using (log.Of<JobSpec>().About(job))
        {
            log.Of<LogScopesTests>().LogInformation("inside");
        }

        log.Of<LogScopesTests>().LogInformation("outside");

        var expected = new Dictionary<string, object?>
        {
            ["job"] = "j",
            ["run"] = "r",
            ["pipeline"] = "p",
            ["model"] = "p",
        };
        Assert.Equivalent(expected, log.Lines.First().Scope, strict: true);
        Assert.Empty(log.Lines.Last().Scope);
    }
}
