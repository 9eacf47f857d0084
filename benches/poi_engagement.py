"""The networks of examples/poi_engagement.rs in PyTorch, on the images, metadata and splits that it has exported.

    cargo run --release --example poi_engagement -- [--weights FILE] --export output/poi_engagement
    python benches/poi_engagement.py output/poi_engagement
"""
import copy
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn


class Hybrid(nn.Module):
    """Model A's convolutions, or the features of a frozen backbone, and the metadata branch beside them."""

    def __init__(self, pixels, features, metadata):
        super().__init__()
        self.image = nn.Identity()
        if features is None:
            layers, channels = [], 3
            for filters in (32, 64, 128):
                layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
                channels = filters
            self.image, features = nn.Sequential(*layers, nn.Flatten()), channels * (pixels // 8) ** 2
        self.metadata = nn.Sequential(nn.Linear(metadata, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(features + 32, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 3))

    def forward(self, image, metadata):
        return self.head(torch.cat([self.image(image), self.metadata(metadata)], 1))


def run(folder, about):
    """Test accuracy of the weights with the lowest validation loss, and seconds per epoch."""
    seed, labels = about["seed"], torch.tensor(about["labels"])
    torch.manual_seed(seed)
    read = lambda name: torch.from_numpy(np.fromfile(folder / name, dtype="<f4").reshape(len(labels), -1))
    metadata = read(f"{seed}_metadata.f32")
    features, pixels = None, about["pixels"]
    if (folder / f"{seed}_image.f32").exists():
        images = read(f"{seed}_image.f32")
        features = images.shape[1]
    else:
        images = np.fromfile(folder / "images.u8", dtype=np.uint8).reshape(len(labels), pixels, pixels, 3)
        images = torch.from_numpy(images)
        mean, std = (torch.tensor(about[name]).view(3, 1, 1) for name in ("mean", "std"))
    model, loss_function = Hybrid(pixels, features, metadata.shape[1]), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def batch(rows, augmented):
        x = images[rows]
        if features is None:
            x = (x.permute(0, 3, 1, 2).float() / 255 - mean) / std
            if augmented:
                flipped = torch.rand(len(rows)) < 0.5
                x[flipped] = x[flipped].flip(3)
        return x, metadata[rows]

    def evaluate(rows):
        model.eval()
        with torch.no_grad():
            logits = torch.cat([model(*batch(part, False)) for part in torch.tensor(rows).split(32)])
        truth = labels[rows]
        return loss_function(logits, truth).item(), (logits.argmax(1) == truth).float().mean().item()

    best, kept, seconds = np.inf, None, []
    for _ in range(about["epochs"]):
        start = time.perf_counter()
        model.train()
        for rows in torch.tensor(about["train"])[torch.randperm(len(about["train"]))].split(32):
            optimizer.zero_grad()
            loss_function(model(*batch(rows, True)), labels[rows]).backward()
            optimizer.step()
        loss, _ = evaluate(about["validation"])
        if loss < best:
            best, kept = loss, copy.deepcopy(model.state_dict())
        seconds.append(time.perf_counter() - start)
    model.load_state_dict(kept)
    return evaluate(about["test"])[1], float(np.median(seconds))


def main(folder):
    folder, found = Path(folder), []
    for file in sorted(folder.glob("*.json")):
        about = json.loads(file.read_text())
        accuracy, seconds = run(folder, about)
        found.append(100 * accuracy)
        print(f"seed {about['seed']}: test accuracy {100 * accuracy:.2f} %, {seconds:.2f} s per epoch", flush=True)
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print(f"mean {np.mean(found):.2f} ± {np.std(found, ddof=1) if len(found) > 1 else 0:.2f} %")


if __name__ == "__main__":
    main(sys.argv[1])
