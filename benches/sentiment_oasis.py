"""PyTorch and scikit-learn on the features and splits that `examples/sentiment_oasis.rs` exports.

    cargo run --release --example sentiment_oasis -- WEIGHTS.safetensors output/oasis
    python benches/sentiment_oasis.py output/oasis
"""
import sys

import numpy as np
import pandas as pd
import torch
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, balanced_accuracy_score, cohen_kappa_score, f1_score
from sklearn.preprocessing import StandardScaler

folder = sys.argv[1]
table = pd.read_csv(f"{folder}/splits.csv")
labels = table["label"].to_numpy()
features = np.fromfile(f"{folder}/features.f32", dtype="<f4").reshape(len(labels), -1)
colors = np.fromfile(f"{folder}/colors.f32", dtype="<f4").reshape(len(labels), -1)


def scores(truth, predicted):
    return [
        accuracy_score(truth, predicted),
        balanced_accuracy_score(truth, predicted),
        f1_score(truth, predicted, average="macro", zero_division=0),
        cohen_kappa_score(truth, predicted, weights="quadratic"),
        float(np.mean(np.abs(truth - predicted) <= 1)),
    ]


def head(x, split, loss, seed, epochs=60):
    """A linear model as in the Rust example: Adam with decoupled decay, the epoch of the lowest validation loss."""
    torch.manual_seed(seed)
    rows = {part: np.flatnonzero(split == part) for part in ["train", "validation", "test"]}
    scaler = StandardScaler().fit(x[rows["train"]])
    data = {p: (torch.tensor(scaler.transform(x[r]), dtype=torch.float32), torch.tensor(labels[r])) for p, r in rows.items()}
    model = torch.nn.Linear(x.shape[1], 5)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.5)

    def measure(logits, y):
        if loss == "cross-entropy":
            return torch.nn.functional.cross_entropy(logits, y)
        steps = torch.cumsum(torch.softmax(logits, 1), 1)
        target = torch.cumsum(torch.nn.functional.one_hot(y, 5).float(), 1)
        return ((steps - target) ** 2).sum(1).mean()

    best, kept = np.inf, None
    xs, ys = data["train"]
    for _ in range(epochs):
        order = torch.randperm(len(ys))
        for start in range(0, len(ys), 32):
            batch = order[start : start + 32]
            optimizer.zero_grad()
            measure(model(xs[batch]), ys[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            value = measure(model(data["validation"][0]), data["validation"][1]).item()
            if value < best:
                best, kept = value, torch.softmax(model(data["test"][0]), 1).numpy()
    return kept


found = {}
for name in [column for column in table if column.startswith("seed")]:
    split, seed = table[name].to_numpy(), int(name[4:])
    train, test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    truth = labels[test]

    def add(method, predicted):
        found.setdefault(method, []).append(scores(truth, np.asarray(predicted)))

    def on_scale(probabilities):
        return np.rint(probabilities @ np.arange(5)).astype(int)

    add("1 majority", DummyClassifier(strategy="most_frequent").fit(features[train], labels[train]).predict(features[test]))
    add("2 color histogram, linear (PyTorch)", head(colors, split, "cross-entropy", seed).argmax(1))
    nominal, ordinal = (head(features, split, loss, seed) for loss in ["cross-entropy", "earth mover"])
    add("3 frozen features, linear (PyTorch)", nominal.argmax(1))
    add("4 frozen features, linear, decided on the scale (PyTorch)", on_scale(nominal))
    add("5 frozen features, linear, ordinal loss (PyTorch)", ordinal.argmax(1))
    add("6 frozen features, linear, ordinal loss, on the scale (PyTorch)", on_scale(ordinal))
    scaler = StandardScaler().fit(features[train])
    xs, xt = scaler.transform(features[train]), scaler.transform(features[test])
    add("s logistic regression, C = 0.001 (scikit-learn)", LogisticRegression(C=0.001, max_iter=2000).fit(xs, labels[train]).predict(xt))
    ridge = Ridge(alpha=3000).fit(xs, labels[train]).predict(xt)
    add("s ridge regression, rounded (scikit-learn)", np.clip(np.rint(ridge), 0, 4).astype(int))

print(f"{'method':<66}" + "".join(f"{m:>18}" for m in ["accuracy", "balanced accuracy", "macro F1", "quadratic kappa", "within one step"]))
for method, runs in found.items():
    runs = np.array(runs)
    print(f"{method:<66}" + "".join(f"{f'{m:.3f} ± {s:.3f}':>18}" for m, s in zip(runs.mean(0), runs.std(0, ddof=1))))
