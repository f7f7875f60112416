using Serverless.Local.Hosting;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Looks at what goes into a function and comes out of it.</summary>
public static class FunctionContextBindingFeatureExtensions
{
    /// <summary>The value that the function returned, as <typeparamref name="T"/>.</summary>
    /// <exception cref="InvalidOperationException">The value is of another type.</exception>
    public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context) => Invocation.Of(context).ResultAs<T>();

    public static InvocationResult GetInvocationResult(this FunctionContext context) => Invocation.Of(context).ResultAccess;
}
