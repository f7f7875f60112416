using Amqp;

namespace Serverless.Local.EventHubs;

/// <summary><c>$cbs</c>: a client shows a token for what it is about to open.</summary>
internal sealed class TokenNode(EventHubsOptions options, ConnectionRights rights, TimeProvider time)
{
    public Response Answer(Message request)
    {
        var asked = request.ApplicationProperties;
        if (asked?["operation"] as string != "put-token")
            return new Response(400, $"The operation '{asked?["operation"]}' is not known; expected put-token.", "amqp:not-implemented");
        try
        {
            var token = request.Body switch
            {
                string text => text,
                byte[] bytes => System.Text.Encoding.UTF8.GetString(bytes),
                _ => throw new UnauthorizedAccessException("MalformedToken: the body of put-token is not a text."),
            };
            rights.Add(SasToken.Check(token, options.KeyName, options.Key, time.GetUtcNow()));
            return new Response(202, "Accepted");
        }
        catch (UnauthorizedAccessException e)
        {
            return new Response(401, e.Message, ErrorCode.UnauthorizedAccess);
        }
    }
}
