"""The epoch of examples/titles_scale.rs in PyTorch, on the rows that it has generated.

python benches/titles_scale.py FOLDER [EPOCHS]
"""
import collections
import gzip
import json
import re
import resource
import sys
import time

import numpy as np
import pandas as pd
import torch
from torch import nn


def report(name, value, unit):
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit}), flush=True)


class TextCnn(nn.Module):
    def __init__(self, vectors, classes):
        super().__init__()
        self.embedding = nn.Embedding.from_pretrained(vectors, freeze=True, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(vectors.shape[1], 100, k) for k in (2, 3, 4))
        self.head = nn.Linear(300, classes)

    def forward(self, tokens):
        x = self.embedding(tokens).transpose(1, 2)
        return self.head(torch.cat([torch.relu(c(x)).max(2).values for c in self.convolutions], 1))


def main(folder, epochs=1):
    torch.manual_seed(0)
    start = time.perf_counter()
    table = pd.read_csv(f"{folder}/titles.csv")
    table = table[table.language == "spanish"]
    table = table[table.groupby("category").category.transform("size") >= 20]
    report("read_and_filter", time.perf_counter() - start, "s")

    start = time.perf_counter()
    texts = [re.findall(r"\w+", title.lower()) for title in table.title.astype(str)]
    labels, categories = pd.factorize(table.category, sort=True)
    order = np.random.default_rng(0).permutation(len(texts))
    train, validation = order[: int(0.8 * len(order))], order[int(0.8 * len(order)) : int(0.9 * len(order))]
    counts = collections.Counter(word for row in train for word in texts[row])
    numbers = {word: 2 + i for i, (word, count) in enumerate(counts.most_common(50_000)) if count >= 2}
    tokens = np.zeros((len(texts), 16), dtype=np.int64)
    for row, words in enumerate(texts):
        found = [numbers.get(word, 1) for word in words[:16]]
        tokens[row, : len(found)] = found
    report("index_and_split", time.perf_counter() - start, "s")
    report("classes", len(categories), "")
    report("words", len(numbers) + 2, "")

    with gzip.open(f"{folder}/vectors.txt.gz", "rt") as lines:
        known = {word: values for word, _, values in (line.rstrip("\n").partition(" ") for line in lines)}
    width = len(next(v for k, v in known.items() if k in numbers).split())
    vectors = torch.randn(len(numbers) + 2, width) * 0.1
    vectors[0] = 0
    for word, number in numbers.items():
        if word in known:
            vectors[number] = torch.tensor([float(v) for v in known[word].split()])
    model, loss_function = TextCnn(vectors, len(categories)), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad])

    def loader(rows, shuffle):
        data = torch.utils.data.TensorDataset(torch.from_numpy(tokens[rows]), torch.from_numpy(labels[rows]))
        return torch.utils.data.DataLoader(data, batch_size=128, shuffle=shuffle)

    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        right = total = 0
        model.train()
        for batch, truth in loader(train, True):
            optimizer.zero_grad()
            logits = model(batch)
            loss = loss_function(logits, truth)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(truth)
            right += int((logits.argmax(1) == truth).sum())
        model.eval()
        guesses = []
        with torch.inference_mode():
            for batch, truth in loader(validation, False):
                guesses.append(model(batch).argmax(1).numpy())
        seconds = time.perf_counter() - start
        report(f"epoch_{epoch}", seconds, "s")
        report(f"epoch_{epoch}_titles", len(train) / seconds, "titles/s")
    guesses, truth = np.concatenate(guesses), labels[validation]
    recalls = [(guesses[truth == c] == c).mean() for c in np.unique(truth)]
    report("balanced_accuracy", float(np.mean(recalls)), "")
    report("peak_memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")


main(sys.argv[1], *map(int, sys.argv[2:]))
