"""Writes tests/reference/metrics.bin: scikit-learn's numbers for the cases of tests/metrics_cases.rs.

Both sides draw the cases from the same linear congruential generator. Every case is a row of little-endian f64; NaN where
scikit-learn's metric is undefined. Needs scikit-learn 1.9 and numpy.
"""

import pathlib
import warnings

import numpy as np
from sklearn import metrics as m

CASES = 2000
warnings.simplefilter("ignore")


class Draw:
    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % count


def case(number):
    draw = Draw(number)
    for _ in range(4):
        draw.below(2)
    classes = 2 + draw.below(5)
    items = 2 + draw.below(60)
    used = 1 + draw.below(classes)  # classes from here on never occur
    truth = [draw.below(used) for _ in range(items)]
    rows = [[1 + draw.below(6) for _ in range(classes)] for _ in range(items)]  # few values: many ties
    scores = [[v / sum(row) for v in row] for row in rows]
    helped = draw.below(4)
    predicted = [t if draw.below(4) < helped else draw.below(classes) for t in truth]
    return classes, np.array(truth), np.array(scores), np.array(predicted)


def attempt(function):
    try:
        return float(function())
    except ValueError:
        return float("nan")


def reference(number):
    k, y, p, h = case(number)
    labels = list(range(k))
    values = [m.accuracy_score(y, h), m.balanced_accuracy_score(y, h)]
    for average in ("macro", "micro", "weighted"):
        options = dict(labels=labels, average=average, zero_division=0)
        values += [
            m.precision_score(y, h, **options),
            m.recall_score(y, h, **options),
            m.f1_score(y, h, **options),
            m.fbeta_score(y, h, beta=2.0, **options),
            m.fbeta_score(y, h, beta=0.5, **options),
        ]
    values += [m.f1_score(y, h, average="macro", zero_division=0), m.matthews_corrcoef(y, h)]
    values += [m.cohen_kappa_score(y, h, labels=labels, weights=w) for w in (None, "linear", "quadratic")]
    values += [attempt(lambda: m.log_loss(y, p, labels=labels)) for p in (p, p.astype(np.float32))]
    values.append(m.brier_score_loss(y, p, labels=labels, scale_by_half=False))
    onehot = (y[:, None] == np.arange(k)).astype(int)
    full = len(set(y)) == k
    values.append(np.mean([m.roc_auc_score(onehot[:, c], p[:, c]) for c in labels]) if full else np.nan)
    values.append(m.average_precision_score(onehot, p, average="macro") if full else np.nan)
    values.append(m.top_k_accuracy_score(y, p if k > 2 else p[:, 1], k=1, labels=labels) if k > 2 else np.nan)
    values.append(m.top_k_accuracy_score(y, p, k=2, labels=labels) if k > 2 else np.nan)
    real, guess = p[:, 0], p[:, 1]
    values += [m.mean_squared_error(real, guess), m.mean_absolute_error(real, guess), m.r2_score(real, guess)]
    # Expected calibration error of ten intervals (low, high], written out.
    top, right = p.max(1), p.argmax(1) == y
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], top)
    values.append(sum(abs(right[bins == b].sum() - top[bins == b].sum()) for b in range(10)) / len(y))
    chosen = (p > 0.3).astype(int)
    several = ((np.array(h)[:, None] == np.arange(k)) | (onehot == 1)).astype(int)
    values += [
        m.f1_score(several, chosen, average="micro", zero_division=0),
        m.f1_score(several, chosen, average="macro", zero_division=0),
        m.hamming_loss(several, chosen),
        m.accuracy_score(several, chosen),
        np.mean([m.average_precision_score(several[:, c], p[:, c]) for c in labels if several[:, c].any()]),
    ]
    values.append(m.confusion_matrix(y, h, labels=labels, normalize="true")[0].max())
    values.append(np.nan_to_num(m.confusion_matrix(y, h, labels=labels, normalize="pred")[:, 0]).max())
    return values


rows = np.array([reference(number) for number in range(CASES)], dtype="<f8")
path = pathlib.Path(__file__).with_name("metrics.bin")
path.write_bytes(rows.tobytes())
print(rows.shape, np.isnan(rows).sum(0), path.stat().st_size)
