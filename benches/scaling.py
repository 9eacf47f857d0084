#!/usr/bin/env python3
"""How the time of ResNet-18 grows in PyTorch: the same lines as `cargo bench --bench scaling`.

Needs torch and torchvision. Threads are what OMP_NUM_THREADS says, else all.
"""
import json, statistics, time

import torch
import torchvision

BATCHES = [1, 2, 4, 8, 16, 32]
PIXELS = [32, 64, 128, 192, 256]


def median_ms(step):
    times = []
    for _ in range(7):
        start = time.perf_counter()
        step()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[2:])


def images(batch, pixels):
    return torch.empty(batch, 3, pixels, pixels).uniform_(-1.7, 1.7)


def train_step(batch, pixels):
    model = torchvision.models.resnet18(num_classes=12)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    inputs, labels = images(batch, pixels), torch.arange(batch) * 7 % 12

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()

    return median_ms(step)


@torch.inference_mode()
def forward(batch, pixels):
    model = torchvision.models.resnet18().eval()
    inputs = images(batch, pixels)
    return median_ms(lambda: model(inputs))


def report(name, value):
    print(json.dumps({"name": f"resnet18_{name}", "value": round(value, 2), "unit": "ms"}), flush=True)


for batch in BATCHES:
    report(f"train_step_batch_{batch}", train_step(batch, 128))
    report(f"forward_batch_{batch}", forward(batch, 224))
for pixels in PIXELS:
    report(f"train_step_pixels_{pixels}", train_step(8, pixels))
    report(f"forward_pixels_{pixels}", forward(8, pixels))
