namespace Serverless.Infra.Tests.Delivery;

/// <summary>The trial of a release: the login that ages meanwhile, the version that must answer, the machine that is lent.</summary>
public sealed class TrialTests : ScriptTest
{
    [Fact]
    public async Task Trial_OutlivesTheWorkflowsLogin_IsTakenBackWithANewOne()
    {
        Workflow();
        await ReleaseAsync("1.0.0");
        Folder.Write("long", "");
        Folder.Write("broken", "");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.True(code == 1, output);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
        Assert.Equal("app 1.0.0;app 1.0.1;app 1.0.0;", Text("published"));
        Assert.Contains(
            "login --service-principal --username the-client --tenant the-tenant --federated-token an-assertion -o none",
            Lines("calls")
        );
        Assert.Contains("account set --subscription the-subscription", Lines("calls"));
    }

    [Fact]
    public async Task Trial_OutlivesTheWorkflowsLoginAndWorks_IsRemembered()
    {
        Workflow();
        Folder.Write("long", "");

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.True(code == 0, output);
        Assert.Equal("1.0.0 sum-1.0.0 - -\n", Text("storage/current"));
    }

    [Fact]
    public async Task Login_ByHand_IsLeftAsItIs()
    {
        await ReleaseAsync("1.0.0");

        Assert.DoesNotContain(Lines("calls"), call => call.StartsWith("login", StringComparison.Ordinal));
        Assert.DoesNotContain(Lines("calls"), call => call.StartsWith("logout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Login_WorkflowThatDoesNotSayAsWhom_TouchesNothing()
    {
        Workflow();
        Variables["AZURE_CLIENT_ID"] = null;

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.NotEqual(0, code);
        Assert.Contains("AZURE_CLIENT_ID", output, StringComparison.Ordinal);
        Assert.False(File.Exists(Folder.File("calls")));
    }

    [Fact]
    public async Task Trial_ProgramBeforeAnswersFirst_IsWaitedFor()
    {
        Folder.Write("answers-before", "4");

        var (code, output) = await ReleaseAsync("1.0.0");

        Assert.True(code == 0, output);
        var calls = Lines("calls").ToList();
        var asked = calls.Where(call => call.EndsWith("http://app.test/v2", StringComparison.Ordinal)).ToList();
        // The key, since it is no health route; three answers, since instances change one by one.
        Assert.Equal(7, asked.Count);
        Assert.All(asked, call => Assert.Contains("x-functions-key: the-key", call, StringComparison.Ordinal));
        Assert.True(
            calls.FindLastIndex(call => call.EndsWith("/v2", StringComparison.Ordinal))
                < calls.FindIndex(call => call.StartsWith("serverless run", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task Trial_NewProgramNeverAnswers_IsTakenBack()
    {
        await ReleaseAsync("1.0.0");
        Folder.Write("answers-before", "1000");

        var (code, output) = await ReleaseAsync("1.0.1");

        Assert.Equal(1, code);
        Assert.Contains("still says '0.9.0', expected version 1.0.1", output, StringComparison.Ordinal);
        Assert.Contains("dev is back at 1.0.0", output, StringComparison.Ordinal);
    }

    private void Workflow()
    {
        Variables["ACTIONS_ID_TOKEN_REQUEST_URL"] = "https://token.test/?v=1";
        Variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "a-token";
        Variables["AZURE_CLIENT_ID"] = "the-client";
        Variables["AZURE_TENANT_ID"] = "the-tenant";
        Variables["AZURE_SUBSCRIPTION_ID"] = "the-subscription";
    }
}
