using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Serverless.Pipeline.Datasets;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Serving;

namespace Serverless.Pipeline.Batch;

/// <summary>
/// The model as a function of DuckDB: <c>serverless_score(error, feature, …)</c> gives an array of the probabilities and the index of the class
/// (of the value alone for regression), or NULL where there is an error. It reads DuckDB's vectors where they lie, up to 2,048 rows a call, so
/// that reading, scoring and writing are one statement. For a session of one thread: rows then come in order, and their numbers are counted.
/// </summary>
internal sealed unsafe partial class ScoreFunction : IDisposable
{
    public const string Name = "serverless_score";

    private const int FirstFeature = 1;

    private readonly OnnxModel model;
    private readonly bool regression;
    private readonly bool[] texts;
    private readonly long[] classes;
    private readonly int listed;
    private readonly List<RowFailure> failures = [];
    private double[] scratch = [];
    private long count;
    private double mean;
    private double squares;
    private double min = double.PositiveInfinity;
    private double max = double.NegativeInfinity;
    private long modelTicks;
    private GCHandle self;

    public ScoreFunction(OnnxModel model, int listed)
    {
        (this.model, this.listed) = (model, listed);
        regression = model.Signature.Task == PredictionTask.Regression;
        texts = [.. model.Signature.Inputs.Select(input => input.Type == ColumnType.Text)];
        classes = new long[regression ? 0 : model.Width];
        self = GCHandle.Alloc(this);
    }

    /// <summary>Rows that were asked for.</summary>
    public long Rows { get; private set; }

    public long Failed { get; private set; }

    /// <summary>The first of them, numbered from 0 as they came.</summary>
    public IReadOnlyList<RowFailure> Failures => failures;

    /// <summary>What was thrown inside; DuckDB tells its text alone.</summary>
    public Exception? Failure { get; private set; }

    public PartTally Tally =>
        new()
        {
            Classes = [.. classes],
            Count = count,
            Mean = mean,
            Squares = squares,
            Min = min,
            Max = max,
            ModelSeconds = Stopwatch.GetElapsedTime(0, modelTicks).TotalSeconds,
        };

    private int AnswerWidth => regression ? 1 : model.Width + 1;

    /// <summary>Makes the function known to a connection; this object must outlive every statement that uses it.</summary>
    public void Register(DuckDBConnection connection)
    {
        using var varchar = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Varchar);
        using var number = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Double);
        var answer = CreateArrayType(number.DangerousGetHandle(), (ulong)AnswerWidth);
        var function = NativeMethods.ScalarFunction.DuckDBCreateScalarFunction();
        try
        {
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetName(function, Name);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionAddParameter(function, varchar);
            foreach (var text in texts)
            {
                NativeMethods.ScalarFunction.DuckDBScalarFunctionAddParameter(function, text ? varchar : number);
            }

            SetReturnType(function, answer);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetExtraInfo(function, GCHandle.ToIntPtr(self), &Nothing);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetFunction(function, &Invoke);
            if (NativeMethods.ScalarFunction.DuckDBRegisterScalarFunction(connection.NativeConnection, function) != DuckDBState.Success)
            {
                throw new InvalidOperationException($"DuckDB refused function {Name} with {texts.Length + 1} parameters.");
            }
        }
        finally
        {
            DestroyLogicalType(ref answer);
            NativeMethods.ScalarFunction.DuckDBDestroyScalarFunction(ref function);
        }
    }

    public void Dispose() => self.Free();

    // The handle is this object's own and freed with it, not with DuckDB's copy of the function.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Nothing(IntPtr info) { }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Invoke(IntPtr info, IntPtr chunk, IntPtr output)
    {
        var function = (ScoreFunction)GCHandle.FromIntPtr(NativeMethods.ScalarFunction.DuckDBScalarFunctionGetExtraInfo(info)).Target!;
        try
        {
            function.Score(chunk, output);
        }
        catch (Exception failed)
        {
            // An exception must not pass through native frames.
            function.Failure = failed;
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetError(info, failed.Message);
        }
    }

    private void Score(IntPtr chunk, IntPtr output)
    {
        var rows = (int)GetSize(chunk);
        var width = model.Width;
        if (scratch.Length < rows * width)
        {
            scratch = new double[rows * width];
        }

        var started = Stopwatch.GetTimestamp();
        Run(chunk, rows);
        modelTicks += Stopwatch.GetTimestamp() - started;
        var answers = (double*)NativeMethods.Vectors.DuckDBVectorGetData(NativeMethods.Vectors.DuckDBArrayVectorGetChild(output));
        var errors = (byte*)NativeMethods.Vectors.DuckDBVectorGetData(GetVector(chunk, 0));
        ulong* validity = null;
        for (var row = 0; row < rows; row++)
        {
            var answer = new Span<double>(answers + ((long)row * AnswerWidth), AnswerWidth);
            var length = *(int*)(errors + (16L * row));
            if (length > 0)
            {
                validity = Invalid(output, validity, row);
                answer.Clear();
                Fail(row, Text(errors + (16L * row), length));
                continue;
            }

            var values = scratch.AsSpan(row * width, width);
            values.CopyTo(answer);
            if (regression)
            {
                Count(values[0]);
            }
            else
            {
                var label = TensorPrimitives.IndexOfMax<double>(values);
                classes[label]++;
                answer[width] = label;
            }
        }

        Rows += rows;
    }

    private void Run(IntPtr chunk, int rows)
    {
        var inputs = new OrtValue[texts.Length];
        try
        {
            for (var i = 0; i < inputs.Length; i++)
            {
                var data = (IntPtr)NativeMethods.Vectors.DuckDBVectorGetData(GetVector(chunk, (ulong)(i + FirstFeature)));
                if (texts[i])
                {
                    inputs[i] = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [rows, 1]);
                    StringTensor.Set(inputs[i], (byte*)data, rows);
                }
                else
                {
                    inputs[i] = OrtValue.CreateTensorValueWithData(
                        OrtMemoryInfo.DefaultInstance,
                        TensorElementType.Double,
                        [rows, 1],
                        data,
                        (long)rows * sizeof(double)
                    );
                }
            }

            model.Run(inputs, rows, scratch.AsMemory(0, rows * model.Width));
        }
        finally
        {
            foreach (var input in inputs)
            {
                input?.Dispose();
            }
        }
    }

    private void Fail(int row, string reason)
    {
        Failed++;
        if (failures.Count < listed)
        {
            failures.Add(new RowFailure(Rows + row, reason));
        }
    }

    /// <summary>Mean and deviation as they come, after Welford (1962).</summary>
    private void Count(double value)
    {
        count++;
        var delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
        min = Math.Min(min, value);
        max = Math.Max(max, value);
    }

    private static ulong* Invalid(IntPtr output, ulong* validity, int row)
    {
        if (validity == null)
        {
            NativeMethods.Vectors.DuckDBVectorEnsureValidityWritable(output);
            validity = NativeMethods.Vectors.DuckDBVectorGetValidity(output);
        }

        NativeMethods.ValidityMask.DuckDBValiditySetRowValidity(validity, (ulong)row, valid: false);
        return validity;
    }

    private static string Text(byte* entry, int length) => Encoding.UTF8.GetString(length <= 12 ? entry + 4 : *(byte**)(entry + 8), length);

    // What DuckDB.NET does not offer, or only over handles that would free what is DuckDB's.
    [LibraryImport("duckdb", EntryPoint = "duckdb_create_array_type")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial IntPtr CreateArrayType(IntPtr type, ulong size);

    [LibraryImport("duckdb", EntryPoint = "duckdb_destroy_logical_type")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial void DestroyLogicalType(ref IntPtr type);

    [LibraryImport("duckdb", EntryPoint = "duckdb_scalar_function_set_return_type")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial void SetReturnType(IntPtr function, IntPtr type);

    [LibraryImport("duckdb", EntryPoint = "duckdb_data_chunk_get_size")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial ulong GetSize(IntPtr chunk);

    [LibraryImport("duckdb", EntryPoint = "duckdb_data_chunk_get_vector")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static partial IntPtr GetVector(IntPtr chunk, ulong column);
}
