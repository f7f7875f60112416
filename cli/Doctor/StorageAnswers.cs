using System.Net.Sockets;
using Azure;
using Serverless.Pipeline;

namespace Serverless.Cli.Doctor;

/// <summary>Says what a refusal of storage means and what to do about it.</summary>
internal static class StorageAnswers
{
    /// <param name="check">What was looked at.</param>
    /// <param name="service">Blob, Queue or Table.</param>
    /// <param name="uri">The service's address.</param>
    /// <param name="problem">What came of asking it.</param>
    public static Finding Explain(string check, string service, Uri uri, Exception problem) =>
        problem switch
        {
            OperationCanceledException => Finding.Error(
                check,
                $"{uri} did not answer in time",
                "A firewall swallows the request? Under private networking ask from inside the network."
            ),
            RequestFailedException { Status: 403, ErrorCode: "AuthorizationPermissionMismatch" } => Finding.Error(
                check,
                "403: your login lacks the role",
                $"Assign it: az role assignment create --role \"Storage {service} Data Reader\" --assignee YOU --scope ACCOUNT_ID. It takes minutes to count."
            ),
            RequestFailedException { Status: 403, ErrorCode: "AuthorizationFailure" } closed when !IsSignature(closed) => Finding.Error(
                check,
                "403: the account's network rules do not let this machine in",
                "Ask from inside the network, or allow this address in the account's firewall."
            ),
            RequestFailedException { Status: 403, ErrorCode: "KeyBasedAuthenticationNotPermitted" } => Finding.Error(
                check,
                "403: the account takes no keys",
                "Use your own login: --account NAME in the place of --storage, or the settings Storage__blobServiceUri, __queueServiceUri, __tableServiceUri."
            ),
            RequestFailedException { Status: 401 or 403 } refused => Finding.Error(
                check,
                $"{refused.Status} {refused.ErrorCode}: the key or token is not accepted",
                "Is the account key the current one? Is this machine's clock right (see 'clock')? With a login: 'az login' again, in the right tenant."
            ),
            RequestFailedException { Status: > 0 } answered => Finding.Error(
                check,
                $"{uri} answered {answered.Status} {answered.ErrorCode}",
                "Does another program listen there? Expected a storage service. If it is Azure's: see the service's health page."
            ),
            Azure.Identity.AuthenticationFailedException login => Finding.Error(
                check,
                $"no login: {login.Message.FirstLine()}",
                "Run 'az login', then again."
            ),
            _ when Socket(problem) is { } socket => Finding.Error(check, $"{uri} cannot be reached: {socket.Message}", Unreachable(socket)),
            _ => Finding.Error(check, $"{uri} cannot be used: {problem.Message.FirstLine()}", "Check the address and the network."),
        };

    // The emulator answers a wrong signature with the code that Azure has for a closed firewall.
    private static bool IsSignature(RequestFailedException refused) =>
        refused.Message.Contains("Make sure the value of the Authorization header is formed correctly", StringComparison.Ordinal);

    private static string Unreachable(SocketException socket) =>
        socket.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData
            ? "No such name: is the account's name right? Under private networking it is known inside the network alone."
            : "Nothing listens there: is the port right, and is it running? Locally 'serverless up' starts it.";

    private static SocketException? Socket(Exception problem) =>
        problem switch
        {
            SocketException socket => socket,
            AggregateException all => all.Flatten().InnerExceptions.Select(Socket).FirstOrDefault(found => found is not null),
            { InnerException: { } inner } => Socket(inner),
            _ => null,
        };
}
