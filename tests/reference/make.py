#!/usr/bin/env python3
"""Computes with PyTorch what tests/torch_parity.rs compares with. Needs: torch safetensors.

Usage: make.py      writes operations.safetensors beside this file
"""
import pathlib
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(20261122)
torch.set_num_threads(1)
out = {}


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


def put(name, **tensors):
    for key, value in tensors.items():
        out[f"{name}/{key}"] = value.detach().float().contiguous().clone()


# (images, in, out, height, width, kernel, stride, padding [top, bottom, left, right], dilation, groups, relu, pool)
convolutions = [
    (2, 3, 4, 9, 7, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1, 0, 0),
    (3, 4, 6, 11, 8, (3, 2), (2, 1), (1, 0, 0, 2), (1, 2), 2, 1, 0),
    (1, 5, 5, 8, 8, (3, 3), (2, 2), (0, 1, 0, 1), (1, 1), 5, 0, 0),
    (2, 6, 7, 5, 6, (1, 1), (1, 1), (0, 0, 0, 0), (1, 1), 1, 1, 0),
    (5, 3, 8, 13, 12, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1, 1, 2),
    (2, 2, 3, 14, 10, (5, 5), (1, 1), (2, 2, 2, 2), (1, 1), 1, 1, 3),
    (1, 3, 16, 40, 40, (7, 7), (2, 2), (3, 3, 3, 3), (1, 1), 1, 0, 0),
    (3, 13, 9, 11, 14, (3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1, 1, 2),
    (2, 10, 6, 17, 15, (4, 5), (1, 2), (2, 1, 0, 3), (2, 1), 1, 0, 3),
]
for i, (n, c, o, h, w, k, s, p, d, g, relu, pool) in enumerate(convolutions):
    x, weight, bias = leaf(n, c, h, w), leaf(o, c // g, *k), leaf(o)
    y = F.conv2d(F.pad(x, (p[2], p[3], p[0], p[1])), weight, bias, s, 0, d, g)
    y = F.relu(y) if relu else y
    y = F.max_pool2d(y, pool) if pool else y
    r = torch.randn_like(y)
    (y * r).sum().backward()
    config = torch.tensor([*k, *s, *p, *d, g, relu, pool])
    put(f"conv{i}", config=config, x=x, weight=weight, bias=bias, y=y, r=r, dx=x.grad, dweight=weight.grad, dbias=bias.grad)

for i, (h, w, k, s, p) in enumerate([(9, 8, 3, 2, 1), (7, 7, 2, 2, 0), (6, 9, 3, 1, 1)]):
    x = leaf(2, 3, h, w)
    y = F.max_pool2d(x, k, s, p)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(f"pool{i}", config=torch.tensor([k, s, p]), x=x, y=y, r=r, dx=x.grad)

for i, (k, s, p) in enumerate([((3, 2), (2, 1), (1, 0)), ((2, 2), (2, 2), (0, 0)), ((5, 3), (1, 3), (2, 1))]):
    x = leaf(2, 3, 11, 9)
    y = F.avg_pool2d(x, k, s, p)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(f"average{i}", config=torch.tensor([*k, *s, *p]), x=x, y=y, r=r, dx=x.grad)

for i, (h, w, size) in enumerate([(7, 7, (7, 7)), (11, 9, (4, 5)), (3, 2, (5, 3)), (8, 6, (1, 1))]):
    x = leaf(2, 3, h, w)
    y = F.adaptive_avg_pool2d(x, size)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(f"adaptive{i}", config=torch.tensor(size), x=x, y=y, r=r, dx=x.grad)

for name, function in [("relu", F.relu), ("relu6", F.relu6), ("sigmoid", torch.sigmoid), ("silu", F.silu)]:
    x = (8 * torch.randn(3, 37)).requires_grad_()
    y = function(x)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(name, x=x, y=y, r=r, dx=x.grad)

for name, training in [("training", True), ("inference", False)]:
    x, weight, bias = (3 + 2 * torch.randn(4, 5, 7, 6)).requires_grad_(), leaf(5), leaf(5)
    mean, variance = torch.randn(5), torch.rand(5) + 0.5
    put(f"batch_norm_{name}", mean=mean, variance=variance)
    y = F.batch_norm(x, mean, variance, weight, bias, training, 0.1, 1e-5)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(f"batch_norm_{name}", x=x, weight=weight, bias=bias, y=y, r=r, dx=x.grad, dweight=weight.grad, dbias=bias.grad)
    put(f"batch_norm_{name}/after", mean=mean, variance=variance)

x, weight, bias = leaf(5, 33), leaf(7, 33), leaf(7)
y = F.relu(F.linear(x, weight, bias))
r = torch.randn_like(y)
(y * r).sum().backward()
put("linear", x=x, weight=weight, bias=bias, y=y, r=r, dx=x.grad, dweight=weight.grad, dbias=bias.grad)

for name, weights, smoothing in [("plain", None, 0.0), ("weighted", [0.2, 1.0, 3.0, 0.7], 0.0), ("smoothed", [0.2, 1.0, 3.0, 0.7], 0.1)]:
    x = leaf(6, 4)
    labels = torch.tensor([0, 3, 1, 1, 2, 0])
    weight = torch.tensor(weights) if weights else torch.ones(4)
    loss = F.cross_entropy(x, labels, weight=weight if weights else None, label_smoothing=smoothing)
    loss.backward()
    put(f"loss_{name}", x=x, labels=labels, weight=weight, smoothing=torch.tensor([smoothing]), loss=loss.reshape(1), dx=x.grad)


class Hybrid(torch.nn.Module):
    def __init__(self):
        super().__init__()
        from torch import nn
        block = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.image = nn.Sequential(*block(3, 4), *block(4, 6), *block(6, 8), nn.Flatten())
        self.metadata = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(8 * 2 * 2 + 6, 9), nn.ReLU(), nn.Dropout(0.0), nn.Linear(9, 3))

    def forward(self, image, metadata):
        return self.head(torch.cat([self.image(image), self.metadata(metadata)], 1))


STEPS, BATCH = 20, 4
images, metadata = torch.randn(STEPS * BATCH, 3, 16, 16), torch.randn(STEPS * BATCH, 5)
labels = torch.randint(0, 3, (STEPS * BATCH,))
put("hybrid", images=images, metadata=metadata, labels=labels)
model = Hybrid()
start = {name: value.detach().clone() for name, value in model.named_parameters()}
for name, value in start.items():
    put("hybrid/start", **{name: value})
optimizers = {
    "adam": lambda p: torch.optim.Adam(p, 1e-2, weight_decay=1e-3),
    "adamw": lambda p: torch.optim.AdamW(p, 1e-2, weight_decay=1e-1),
    "sgd": lambda p: torch.optim.SGD(p, 5e-2, momentum=0.9, weight_decay=1e-3),
    "nesterov": lambda p: torch.optim.SGD(p, 5e-2, momentum=0.9, nesterov=True),
}
for name, make in optimizers.items():
    model.load_state_dict(start)
    optimizer = make(model.parameters())
    losses = []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images[rows], metadata[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    put(f"hybrid/{name}", losses=torch.tensor(losses), head=model.head[3].weight, conv=model.image[0].weight)

network = torch.nn.Sequential(
    torch.nn.Conv2d(3, 6, 3, padding=1, bias=False), torch.nn.BatchNorm2d(6), torch.nn.ReLU6(), torch.nn.AvgPool2d(2),
    torch.nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False), torch.nn.BatchNorm2d(8), torch.nn.SiLU(),
    torch.nn.AdaptiveAvgPool2d((2, 2)), torch.nn.Flatten(), torch.nn.Linear(32, 3), torch.nn.Sigmoid(),
)
start = {name: value.detach().clone() for name, value in network.state_dict().items()}
for name, value in network.named_parameters():
    put("normalized/start", **{name: value})
for name, make in [("adam", lambda p: torch.optim.Adam(p, 1e-2)), ("sgd", lambda p: torch.optim.SGD(p, 5e-2, 0.9))]:
    network.load_state_dict(start)
    network.train()
    optimizer = make(network.parameters())
    losses = []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    network.eval()
    put(f"normalized/{name}", losses=torch.tensor(losses), inference=network(images[:BATCH]))
    put(f"normalized/{name}", mean=network[5].running_mean, variance=network[5].running_var)

save_file(out, pathlib.Path(__file__).with_name("operations.safetensors"))
