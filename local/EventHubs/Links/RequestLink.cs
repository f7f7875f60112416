using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Serverless.Local.EventHubs;

/// <summary>Takes requests to <c>$cbs</c> or <c>$management</c> and sends each answer back.</summary>
internal sealed class RequestLink(string node, ResponseRoutes routes, Func<Message, Response> answer) : LinkEndpoint
{
    public const int Credit = 100;

    public override void OnMessage(MessageContext messageContext)
    {
        Message request;
        try
        {
            request = ((RawMessage)messageContext.Message).Decoded();
        }
        catch (Exception e) when (e is AmqpException or InvalidOperationException or InvalidCastException)
        {
            messageContext.Complete(BrokerErrors.Of(ErrorCode.DecodeError, e.Message));
            return;
        }
        messageContext.Complete();
        if (routes.Find(node, request.Properties?.ReplyTo, messageContext.Link.Session) is not { } back)
            return;
        var response = answer(request);
        var message = new Message(response.Body)
        {
            Properties = new Properties(),
            ApplicationProperties = new ApplicationProperties
            {
                ["status-code"] = response.Status,
                ["status-description"] = response.Description,
                ["statusCode"] = response.Status,
                ["statusDescription"] = response.Description,
            },
        };
        if (request.Properties?.GetMessageId() is { } id)
            message.Properties.SetCorrelationId(id);
        if (response.Condition is { } condition)
        {
            message.ApplicationProperties["error-condition"] = new Amqp.Types.Symbol(condition);
            message.ApplicationProperties["errorCondition"] = new Amqp.Types.Symbol(condition);
        }
        back.Respond(message);
    }

    public override void OnFlow(FlowContext flowContext) { }

    public override void OnDisposition(DispositionContext dispositionContext) { }
}

/// <summary>The answer to a request: an HTTP status, its text, the error condition if it is one, and what was asked for.</summary>
internal sealed record Response(int Status, string Description, string? Condition = null, object? Body = null);
