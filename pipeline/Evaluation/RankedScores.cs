namespace Serverless.Pipeline.Evaluation;

/// <summary>
/// Scores of one class with the truth beside them, and the two metrics that need all of them in order.
/// </summary>
/// <remarks>
/// Memory is bounded: at <paramref name="capacity"/> rows every second one is dropped and from then on only every second row is kept (then
/// every fourth, and so on), so that the rest stays an even sample. Up to the capacity both metrics are exact.
/// </remarks>
internal sealed class RankedScores(int capacity = RankedScores.DefaultCapacity)
{
    /// <summary>4 million rows, 36 MB.</summary>
    public const int DefaultCapacity = 1 << 22;

    private double[] _scores = [];
    private bool[] _positives = [];
    private int _count;
    private long _seen;
    private long _stride = 1;
    private bool _sorted;

    /// <summary>True while every row is kept.</summary>
    public bool Exact => _stride == 1;

    public void Add(double score, bool positive)
    {
        if (_seen++ % _stride != 0)
        {
            return;
        }

        if (_count == capacity)
        {
            Thin();
            if ((_seen - 1) % _stride != 0)
            {
                return;
            }
        }

        if (_count == _scores.Length)
        {
            var length = Math.Min(capacity, Math.Max(1024, _count * 2));
            Array.Resize(ref _scores, length);
            Array.Resize(ref _positives, length);
        }

        (_scores[_count], _positives[_count]) = (score, positive);
        _count++;
        _sorted = false;
    }

    /// <summary>
    /// Area under the ROC curve: the share of pairs (positive, negative) in the right order, a tie counting half, from the positives'
    /// mid-ranks (Mann and Whitney 1947; Hanley and McNeil 1982). Null where a class is absent.
    /// </summary>
    public double? Auc()
    {
        Sort();
        double rankSum = 0;
        long positives = 0;
        for (int start = 0, end; start < _count; start = end)
        {
            end = EndOfTie(start, out var tied);
            // Ranks from 1; all rows of a tie share the mean of theirs.
            rankSum += tied * ((start + 1 + end) / 2.0);
            positives += tied;
        }

        var negatives = _count - positives;
        return positives == 0 || negatives == 0 ? null : (rankSum - positives * (positives + 1.0) / 2) / ((double)positives * negatives);
    }

    /// <summary>
    /// Average precision, the sum over the thresholds, highest first, of precision times the recall gained (as scikit-learn's
    /// <c>average_precision_score</c>; no interpolation: Davis and Goadrich 2006). Null where there is no positive.
    /// </summary>
    public double? AveragePrecision()
    {
        Sort();
        long positives = 0;
        for (var i = 0; i < _count; i++)
        {
            positives += _positives[i] ? 1 : 0;
        }

        if (positives == 0)
        {
            return null;
        }

        double sum = 0;
        long found = 0;
        for (int end = _count, start; end > 0; end = start)
        {
            start = StartOfTie(end, out var tied);
            found += tied;
            sum += (double)tied / positives * ((double)found / (_count - start));
        }

        return sum;
    }

    private int EndOfTie(int start, out long positives)
    {
        positives = 0;
        var end = start;
        for (; end < _count && _scores[end] == _scores[start]; end++)
        {
            positives += _positives[end] ? 1 : 0;
        }

        return end;
    }

    private int StartOfTie(int end, out long positives)
    {
        positives = 0;
        var start = end;
        for (; start > 0 && _scores[start - 1] == _scores[end - 1]; start--)
        {
            positives += _positives[start - 1] ? 1 : 0;
        }

        return start;
    }

    private void Sort()
    {
        if (!_sorted)
        {
            Array.Sort(_scores, _positives, 0, _count);
            _sorted = true;
        }
    }

    private void Thin()
    {
        // Rows were kept in order of arrival unless a metric was asked for in between, which no caller does.
        for (var i = 0; 2 * i < _count; i++)
        {
            (_scores[i], _positives[i]) = (_scores[2 * i], _positives[2 * i]);
        }

        _count = (_count + 1) / 2;
        _stride *= 2;
    }
}
