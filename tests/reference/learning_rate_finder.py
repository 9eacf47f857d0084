#!/usr/bin/env python3
"""Prints what src/train/learning_rate_curve.rs compares with: fastai's suggestions. Needs: torch fastai."""
import math
import torch
from fastai.callback.schedule import steep, valley

rates = [1e-7 * 1e8 ** (i / 40) for i in range(40)]


def fall(i):
    return 2 - 1.5 / (1 + math.exp(-(i - 24) / 3))


def rise(i):
    return (i - 32) ** 2 * 0.2 if i > 32 else 0


cases = [
    [fall(i) + rise(i) for i in range(40)],
    [fall(i) + rise(i) + 0.05 * math.sin(i * 1.7) for i in range(40)],
    [1 + i * i * 0.001 for i in range(40)],
]
for losses in cases:
    # As lr_find cuts them for num_it = 40.
    x, y = torch.tensor(rates[4:-5]), torch.tensor(losses[4:-5])
    print(f"({valley(x, y, 40)[0]:e}, {steep(x, y, 40)[0]:e})")
