#!/usr/bin/env python3
"""Computes with PyTorch what tests/losses.rs compares with: losses with weights of classes and examples, and RMSprop.

Usage: losses.py      writes losses.safetensors beside this file. Needs: torch safetensors.
"""
import pathlib
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(20261126)
torch.set_num_threads(1)
ROWS, CLASSES = 9, 5
out = {}


def put(name, **tensors):
    for key, value in tensors.items():
        out[f"{name}/{key}"] = torch.as_tensor(value).detach().float().contiguous().clone()


def mean(losses, weights):
    return (losses * weights).sum() / weights.sum()


labels = torch.randint(0, CLASSES, (ROWS,))
class_weights = torch.rand(CLASSES) + 0.3
example_weights = torch.rand(ROWS) * 2
example_weights[2] = 0
several = (torch.rand(ROWS, CLASSES) > 0.6).float()
values = torch.randn(ROWS, 3)
put("all", labels=labels, class_weights=class_weights, example_weights=example_weights, several=several, values=values)


def cross_entropy(x, classes, examples, smoothing=0.0):
    losses = F.cross_entropy(x, labels, weight=classes, label_smoothing=smoothing, reduction="none")
    return (losses * examples).sum() / (classes[labels] * examples).sum()


def focal(x, classes, examples, gamma):
    p = x.softmax(1)[torch.arange(ROWS), labels]
    return mean(-((1 - p) ** gamma) * p.log(), classes[labels] * examples)


def binary(x, classes, examples, smoothing=0.0):
    targets = several * (1 - smoothing) + smoothing / 2
    losses = F.binary_cross_entropy_with_logits(x, targets, pos_weight=classes, reduction="none")
    return mean(losses.mean(1), examples)


def squared(x, classes, examples):
    return mean(F.mse_loss(x, values, reduction="none").mean(1), examples)


def earth_mover(x, classes, examples):
    target = (torch.arange(CLASSES) >= labels[:, None]).float()
    return mean(((x.softmax(1).cumsum(1) - target) ** 2).sum(1), classes[labels] * examples)


def cumulative_link(x, classes, examples):
    target = (labels[:, None] > torch.arange(CLASSES - 1)).float()
    losses = F.binary_cross_entropy_with_logits(x, target, reduction="none").sum(1)
    return mean(losses, classes[labels] * examples)


losses = {
    "cross_entropy": (CLASSES, cross_entropy),
    "smoothed": (CLASSES, lambda *a: cross_entropy(*a, 0.15)),
    "focal_half": (CLASSES, lambda *a: focal(*a, 0.5)),
    "focal_two": (CLASSES, lambda *a: focal(*a, 2.0)),
    "binary": (CLASSES, binary),
    "binary_smoothed": (CLASSES, lambda *a: binary(*a, 0.1)),
    "squared": (3, squared),
    "earth_mover": (CLASSES, earth_mover),
    "cumulative_link": (CLASSES - 1, cumulative_link),
}
ones = {"classes": torch.ones(CLASSES), "examples": torch.ones(ROWS)}
given = {"classes": class_weights, "examples": example_weights}
for name, (columns, loss) in losses.items():
    x = (torch.randn(ROWS, columns) * 2).requires_grad_()
    put(name, x=x)
    for weights in ["none", "classes", "examples", "both"]:
        chosen = [given[w] if weights in (w, "both") else ones[w] for w in ["classes", "examples"]]
        value = loss(x, *chosen)
        (dx,) = torch.autograd.grad(value, x)
        put(f"{name}/{weights}", loss=value, dx=dx)

# The unweighted losses are PyTorch's own.
x = out["cross_entropy/x"]
assert torch.allclose(out["cross_entropy/none/loss"], F.cross_entropy(x, labels))
assert torch.allclose(out["cross_entropy/classes/loss"], F.cross_entropy(x, labels, class_weights))
assert torch.allclose(out["squared/none/loss"], F.mse_loss(out["squared/x"], values))

start, steps = torch.randn(7), torch.randn(12, 7)
put("rmsprop", start=start, gradients=steps)
for name, options in {
    "plain": {},
    "momentum": {"momentum": 0.8},
    "decay": {"alpha": 0.9, "eps": 1e-3, "weight_decay": 0.05, "momentum": 0.5},
}.items():
    parameter = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.RMSprop([parameter], lr=0.02, **options)
    moved = []
    for gradient in steps:
        parameter.grad = gradient.clone()
        optimizer.step()
        moved.append(parameter.detach().clone())
    put("rmsprop", **{name: torch.stack(moved)})

save_file(out, pathlib.Path(__file__).with_name("losses.safetensors"))
print(torch.__version__, len(out), "tensors")
