using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Serverless.GpuWorker.Trainers.LightGbm;

/// <summary>LightGBM's C API (c_api.h of 4.7), as much of it as training, prediction and export need. Every call answers 0, or -1 with an error.</summary>
internal static partial class NativeMethods
{
    private const string Library = "lib_lightgbm";

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial IntPtr LGBM_GetLastError();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_DatasetCreateFromMats(
        int matrices,
        double** data,
        int dataType,
        int* rows,
        int columns,
        int* rowMajor,
        string parameters,
        IntPtr reference,
        out DatasetHandle dataset
    );

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_DatasetSetField(DatasetHandle dataset, string field, void* data, int length, int type);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_SampleIndices(int rows, string parameters, int* indices, out int count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_DatasetCreateFromSampledColumn(
        double** values,
        int** indices,
        int columns,
        int* counts,
        int sampledRows,
        int localRows,
        long allRows,
        string parameters,
        out DatasetHandle dataset
    );

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_DatasetPushRows(
        DatasetHandle dataset,
        double* data,
        int dataType,
        int rows,
        int columns,
        int startRow
    );

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_NetworkInit(string machines, int port, int timeOut, int count);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_NetworkFree();

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_DatasetFree(IntPtr dataset);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_BoosterCreate(DatasetHandle train, string parameters, out BoosterHandle booster);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_BoosterLoadModelFromString(string model, out int rounds, out BoosterHandle booster);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_BoosterFree(IntPtr booster);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_BoosterAddValidData(BoosterHandle booster, DatasetHandle validation);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_BoosterMerge(BoosterHandle booster, BoosterHandle other);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int LGBM_BoosterUpdateOneIter(BoosterHandle booster, out int finished);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_BoosterGetEval(BoosterHandle booster, int dataIndex, out int count, double* values);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_BoosterSaveModelToString(
        BoosterHandle booster,
        int startRound,
        int rounds,
        int importanceType,
        long bufferLength,
        out long length,
        byte* buffer
    );

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static unsafe partial int LGBM_BoosterPredictForMat(
        BoosterHandle booster,
        double* data,
        int dataType,
        int rows,
        int columns,
        int rowMajor,
        int predictType,
        int startRound,
        int rounds,
        string parameters,
        out long length,
        double* result
    );
}

/// <summary>A binned data set of LightGBM's.</summary>
internal sealed class DatasetHandle() : SafeHandle(IntPtr.Zero, ownsHandle: true)
{
    public override bool IsInvalid => handle == IntPtr.Zero;

    protected override bool ReleaseHandle() => NativeMethods.LGBM_DatasetFree(handle) == 0;
}

/// <summary>A model of LightGBM's, in training or loaded.</summary>
internal sealed class BoosterHandle() : SafeHandle(IntPtr.Zero, ownsHandle: true)
{
    public override bool IsInvalid => handle == IntPtr.Zero;

    protected override bool ReleaseHandle() => NativeMethods.LGBM_BoosterFree(handle) == 0;
}
