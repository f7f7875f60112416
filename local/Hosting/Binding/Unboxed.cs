namespace Serverless.Local.Hosting.Binding;

/// <summary>Values and results between object and their own types, for compiled calls.</summary>
internal static class Unboxed
{
    public static T? Value<T>(object? value) => value is null ? default : (T)value;

    public static ValueTask<object?> OfTask(Task task)
    {
        if (task.IsCompletedSuccessfully)
            return default;
        return Wait(task);

        static async ValueTask<object?> Wait(Task task)
        {
            await task;
            return null;
        }
    }

    public static ValueTask<object?> OfTaskWith<T>(Task<T> task)
    {
        if (task.IsCompletedSuccessfully)
            return new(task.Result);
        return Wait(task);

        static async ValueTask<object?> Wait(Task<T> task) => await task;
    }

    public static ValueTask<object?> OfValueTask(ValueTask task) => OfTask(task.AsTask());

    public static ValueTask<object?> OfValueTaskWith<T>(ValueTask<T> task) =>
        task.IsCompletedSuccessfully ? new(task.Result) : OfTaskWith(task.AsTask());

    public static ValueTask<object?> OfValue<T>(T value) => new(value);
}
