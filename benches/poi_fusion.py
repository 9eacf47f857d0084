"""The networks of examples/poi_fusion.rs in PyTorch, on the columns and folds that it has exported.

    cargo run --release --example poi_fusion -- --target category --seeds 5 … --export output/poi_fusion
    python benches/poi_fusion.py output/poi_fusion
"""
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch import nn


class Fusion(nn.Module):
    def __init__(self, about):
        super().__init__()
        order = ("metadata", "text", "image")
        self.columns = [(name, about["columns"][name]) for name in order if about["columns"][name]]
        self.attention, width = about["attention"], about["width"]

        def branch(name, size):
            dropped = [nn.Dropout(about["input_dropout"])] if name != "metadata" else []
            return nn.Sequential(*dropped, nn.Linear(size, width), nn.ReLU(), nn.Dropout(about["dropout"]))

        self.branches = nn.ModuleDict({name: branch(name, size) for name, size in self.columns})
        if self.attention:
            self.score = nn.Linear(width, 1)
        fused, head = width if self.attention else width * len(self.columns), []
        if about["hidden"]:
            head = [nn.Linear(fused, about["hidden"]), nn.ReLU(), nn.Dropout(about["dropout"])]
        self.head = nn.Sequential(*head, nn.Linear(about["hidden"] or fused, about["classes"]))

    def forward(self, x):
        parts = x.split([size for _, size in self.columns], dim=1)
        found = [self.branches[name](part) for (name, _), part in zip(self.columns, parts)]
        if not self.attention:
            return self.head(torch.cat(found, 1))
        found = torch.stack(found, 1)
        return self.head((found * torch.softmax(self.score(found), 1)).sum(1))


def predictions(about, x):
    """Classes of the test rows after training on the others."""
    torch.manual_seed(about["seed"])
    model = Fusion(about)
    loss = nn.CrossEntropyLoss(weight=torch.tensor(about["class_weights"]))
    optimizer = torch.optim.AdamW(model.parameters(), lr=about["learning_rate"], weight_decay=about["weight_decay"])
    labels = torch.tensor(about["labels"])
    train, test = torch.tensor(about["train"]), torch.tensor(about["test"])
    for _ in range(about["epochs"]):
        model.train()
        for rows in train[torch.randperm(len(train))].split(about["batch_size"]):
            optimizer.zero_grad()
            loss(model(x[rows]), labels[rows]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss(model(x[test]), labels[test]).item()
    with torch.no_grad():
        return model(x[test]).argmax(1).numpy()


def main(folder):
    seeds = {}
    for file in Path(folder).glob("*.json"):
        seeds.setdefault(int(file.stem.split("_")[0]), []).append(file)
    scores = []
    for seed, files in sorted(seeds.items()):
        truth, found, seconds = [], [], 0.0
        for file in sorted(files):
            about = json.loads(file.read_text())
            values = np.fromfile(file.with_suffix(".f32"), dtype="<f4").reshape(len(about["labels"]), -1)
            start = time.perf_counter()
            found.extend(predictions(about, torch.from_numpy(values)))
            seconds += time.perf_counter() - start
            truth.extend(np.array(about["labels"])[about["test"]])
        f1 = [f1_score(truth, found, average=average, zero_division=0) for average in ("weighted", "macro", None)]
        row = [accuracy_score(truth, found), f1[0], f1[1]]
        scores.append(row)
        print(
            f"seed {seed}: accuracy {row[0]:.4f}, weighted F1 {row[1]:.4f}, macro F1 {row[2]:.4f}, "
            f"lowest F1 {min(f1[2]):.2f}, {seconds:.1f} s",
            flush=True,
        )
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    for name, values in zip(("accuracy", "weighted F1", "macro F1"), np.transpose(scores)):
        print(f"{name}: {values.mean():.4f} ± {values.std(ddof=1) if len(values) > 1 else 0:.4f}")


if __name__ == "__main__":
    main(sys.argv[1])
