using System.Text.Json;
using Serverless.Cli.Doctor;
using Serverless.Cli.Stack;
using Serverless.Testing;

namespace Serverless.Cli.Tests.Doctor;

public sealed class RoleCheckTests
{
    private const string Group = "/subscriptions/1/resourceGroups/rg-sml-dev/providers/";
    private const string Host = Group + "Microsoft.Storage/storageAccounts/stsmldevhost";
    private const string Data = Group + "Microsoft.Storage/storageAccounts/stsmldevdata";
    private const string App = "11";
    private const string Worker = "22";
    private const string Topic = "33";

    [Fact]
    public void Run_WhatTheTemplateGives_IsInOrder()
    {
        var findings = new RoleCheck(Whole()).Run(streaming: false);

        var finding = Assert.Single(findings);
        Assert.Equal((Verdict.Ok, "roles in rg-sml-dev"), (finding.Verdict, finding.Check));
    }

    [Fact]
    public void Run_RightsTakenAway_NamesWhoLacksWhat()
    {
        var roles = Whole();
        roles.RemoveAll(one => one.Principal == Worker && one.Part is "queue jobs-cpu" or "container jobs");
        roles.RemoveAll(one => one.Principal == Topic);

        var findings = new RoleCheck(roles).Run(streaming: false);

        Assert.Equal(
            [
                "missing for the workers: Storage Blob Data Contributor on container jobs; Storage Queue Data Contributor on queue jobs-cpu",
                "missing for the Event Grid topic, who has no right at all: Storage Queue Data Message Sender on queue drop-events; Storage Blob Data Contributor on container undelivered-events",
            ],
            findings.Select(finding => finding.Found)
        );
        Assert.All(findings, finding => Assert.Equal(Verdict.Error, finding.Verdict));
        Assert.Contains("User Access Administrator", findings[0].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_StreamingWithoutItsRights_IsAnErrorAndWithThemNone()
    {
        var roles = Whole();
        var hubs = Group + "Microsoft.EventHub/namespaces/evhns-sml-dev";

        Assert.Contains(
            "missing for the app: Azure Event Hubs Data Receiver",
            Assert.Single(new RoleCheck(roles).Run(streaming: true)).Found,
            StringComparison.Ordinal
        );
        roles.Add(new(App, "Azure Event Hubs Data Receiver", hubs + "/eventhubs/telemetry"));
        // One is there: the other belongs to it.
        Assert.Equal(
            "missing for the app: Azure Event Hubs Data Sender on Event Hubs",
            Assert.Single(new RoleCheck(roles).Run(streaming: false)).Found
        );
        roles.Add(new(App, "Azure Event Hubs Data Sender", hubs));
        Assert.Equal(Verdict.Ok, Assert.Single(new RoleCheck(roles).Run(streaming: true)).Verdict);
    }

    [Fact]
    public void Run_MoreThanTheTemplateGives_IsAWarningWhereverItIs()
    {
        var roles = Whole();
        roles.Add(new(Worker, "Storage Blob Data Contributor", Data + "/blobServices/default/containers/models"));
        roles.Add(new(Worker, "Contributor", "/subscriptions/1"));
        // People and pipelines are none of the three.
        roles.Add(new("99", "Owner", "/subscriptions/1"));

        var finding = Assert.Single(new RoleCheck(roles).Run(streaming: false));

        Assert.Equal(Verdict.Warning, finding.Verdict);
        Assert.Equal(
            "more than the template gives, for the workers: Storage Blob Data Contributor on container models; Contributor on /subscriptions/1",
            finding.Found
        );
        Assert.Contains($"--assignee {Worker}", finding.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_TwoDeployments_AreJudgedEachByItself()
    {
        var prod = Whole()
            .Select(one => new RoleAssignment("9" + one.Principal, one.Role, one.Scope.Replace("dev", "prod", StringComparison.Ordinal)))
            .Where(one => one.Part != "container packages");

        var findings = new RoleCheck([.. Whole(), .. prod]).Run(streaming: false);

        Assert.Equal([Verdict.Ok, Verdict.Error], findings.Select(finding => finding.Verdict));
        Assert.Equal("roles in rg-sml-prod", findings[1].Check);
        Assert.Contains("container packages", findings[1].Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FilesOfOtherKinds_SayWhatIsExpected()
    {
        using var folder = new TestFolder();
        var other = folder.Write("other.json", """{"principalId":"1"}""");
        var strange = folder.Write("strange.json", Json([new("1", "Owner", "/subscriptions/1")]));

        var failure = Assert.Throws<StackException>(() => RoleCheck.Run(other, streaming: false));
        Assert.Contains("az role assignment list --all -o json", failure.Message, StringComparison.Ordinal);
        Assert.Throws<StackException>(() => RoleCheck.Run(folder.File("none.json"), streaming: false));
        var finding = Assert.Single(RoleCheck.Run(strange, streaming: false));
        Assert.Equal((Verdict.Error, "1 assignments, none of a deployment of this system"), (finding.Verdict, finding.Found));
    }

    [Fact]
    public void Read_AsAzWritesIt_KnowsTheCustomRole()
    {
        using var folder = new TestFolder();
        var file = folder.Write("roles.json", Json(Whole()));

        Assert.Equal(Verdict.Ok, Assert.Single(RoleCheck.Run(file, streaming: false)).Verdict);
    }

    private static string Json(IEnumerable<RoleAssignment> roles) =>
        JsonSerializer.Serialize(
            roles.Select(one => new
            {
                principalId = one.Principal,
                principalType = "ServicePrincipal",
                roleDefinitionName = one.Role == ExpectedRoles.Scaler ? "Serverless worker scaler a1b2c3" : one.Role,
                scope = one.Scope,
            })
        );

    /// <summary>What the template gives, as resource ids of a deployment.</summary>
    private static List<RoleAssignment> Whole() =>
        [.. Of(App, ExpectedRoles.App), .. Of(Worker, ExpectedRoles.Worker), .. Of(Topic, ExpectedRoles.Topic)];

    private static IEnumerable<RoleAssignment> Of(string principal, string holder) =>
        ExpectedRoles
            .Always[holder]
            .Select(role => role.Split(" on ", 2))
            .Select(role => new RoleAssignment(principal, role[0], Scope(role[1])));

    private static string Scope(string what) =>
        what switch
        {
            "the host's storage" => Host,
            "the data's storage" => Data,
            "Application Insights" => Group + "Microsoft.Insights/components/appi-sml-dev",
            "scale sets" => Group + "Microsoft.Compute/virtualMachineScaleSets/vmss-sml-dev-cpu-spot",
            "the workers' subnet" => Group + "Microsoft.Network/virtualNetworks/vnet-sml-dev/subnets/workers",
            "the workers' security group" => Group + "Microsoft.Network/networkSecurityGroups/nsg-sml-dev-workers",
            "the workers' identity" => Group + "Microsoft.ManagedIdentity/userAssignedIdentities/id-sml-dev-worker",
            "container packages" or "container undelivered-events" => $"{Host}/blobServices/default/containers/{what[10..]}",
            _ when what.StartsWith("container ", StringComparison.Ordinal) => $"{Data}/blobServices/default/containers/{what[10..]}",
            _ when what.StartsWith("queue ", StringComparison.Ordinal) => $"{Data}/queueServices/default/queues/{what[6..]}",
            _ => throw new ArgumentException($"'{what}' has no resource here.", nameof(what)),
        };
}
