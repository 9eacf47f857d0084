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


for i, (weights, gamma) in enumerate([(None, 2.0), ([0.2, 1.0, 3.0, 0.7], 0.5)]):
    x = leaf(6, 4)
    labels = torch.tensor([0, 3, 1, 1, 2, 0])
    weight = torch.tensor(weights) if weights else torch.ones(4)
    log_p = F.log_softmax(x, 1)[torch.arange(6), labels]
    loss = (weight[labels] * -((1 - log_p.exp()) ** gamma) * log_p).sum() / weight[labels].sum()
    loss.backward()
    put(f"focal{i}", x=x, labels=labels, weight=weight, gamma=torch.tensor([gamma]), loss=loss.reshape(1), dx=x.grad)

for i, (c, o, length, k, s, p, d, g) in enumerate([(3, 5, 11, 3, 1, 0, 1, 1), (4, 6, 13, 2, 2, 1, 3, 2), (6, 6, 9, 4, 1, 3, 2, 6)]):
    x, weight, bias = leaf(2, c, length), leaf(o, c // g, k), leaf(o)
    y = F.conv1d(x, weight, bias, s, p, d, g)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(f"conv1d{i}", config=torch.tensor([s, p, d, g]), x=x, weight=weight, bias=bias, y=y, r=r, dx=x.grad, dweight=weight.grad, dbias=bias.grad)

for i, (b, length, c, f, k) in enumerate([(3, 7, 5, 4, 3), (19, 6, 3, 7, 2), (2, 4, 9, 5, 4)]):
    x, weight, bias = leaf(b, length, c), leaf(f, c, k), leaf(f)
    y = torch.relu(F.conv1d(x.transpose(1, 2), weight, bias)).max(2).values
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(f"conv1d_max{i}", x=x, weight=weight, bias=bias, y=y, r=r, dx=x.grad, dweight=weight.grad, dbias=bias.grad)

weight, tokens = leaf(9, 4), torch.tensor([[1, 8, 0], [3, 1, 0], [0, 0, 5]])
y = F.embedding(tokens, weight, padding_idx=0)
r = torch.randn_like(y)
(y * r).sum().backward()
put("embedding", weight=weight, tokens=tokens, y=y, r=r, dweight=weight.grad)

x, scores = leaf(3, 6, 5), leaf(3, 6)
mask = torch.arange(6) < torch.tensor([[6], [2], [4]])
y = (torch.softmax(scores.masked_fill(~mask, -torch.inf), 1).unsqueeze(2) * x).sum(1)
r = torch.randn_like(y)
(y * r).sum().backward()
put("attention", x=x, scores=scores, mask=mask, y=y, r=r, dx=x.grad, dscores=scores.grad)


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

from torch import nn


class TextCnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 8, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(8, 6, k) for k in (2, 3, 4))
        self.head = nn.Linear(18, 5)

    def forward(self, tokens):
        x = self.embedding(tokens).transpose(1, 2)
        return self.head(torch.cat([torch.relu(c(x)).max(2).values for c in self.convolutions], 1))


tokens, labels = torch.randint(0, 30, (STEPS * BATCH, 7)), torch.randint(0, 5, (STEPS * BATCH,))
put("text", tokens=tokens, labels=labels)
network = TextCnn()
for name, value in network.named_parameters():
    put("text/start", **{name: value.detach().clone()})
optimizer = torch.optim.Adam(network.parameters(), 1e-2)
losses = []
for step in range(STEPS):
    rows = slice(step * BATCH, (step + 1) * BATCH)
    optimizer.zero_grad()
    loss = F.cross_entropy(network(tokens[rows]), labels[rows])
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
put("text/adam", losses=torch.tensor(losses))

# A residual step: convolution, normalization by the batch, the sum with another way, ReLU.
x, around, weight = leaf(3, 4, 6, 5), leaf(3, 4, 6, 5), leaf(4)
bias = leaf(4)
y = F.relu(F.batch_norm(x, None, None, weight, bias, True) + around)
r = torch.randn_like(y)
(y * r).sum().backward()
put("residual", x=x, around=around, weight=weight, bias=bias, y=y, r=r, dx=x.grad, daround=around.grad, dweight=weight.grad, dbias=bias.grad)

parts = [leaf(2, c, 3, 4) for c in (3, 1, 4)]
y = torch.cat(parts, 1)
r = torch.randn_like(y)
(y * r).sum().backward()
put("joined", y=y, r=r, **{f"x{i}": part for i, part in enumerate(parts)}, **{f"dx{i}": part.grad for i, part in enumerate(parts)})

x, factors = leaf(2, 3, 4, 5), leaf(2, 3, 1, 1)
y = x * factors
r = torch.randn_like(y)
(y * r).sum().backward()
put("scaled", x=x, factors=factors, y=y, r=r, dx=x.grad, dfactors=factors.grad)

# Optimizers on two tensors whose gradients are given; the second one takes part from the third step on.
values, given = torch.randn(2, 7), torch.randn(6, 2, 7)
put("descent", values=values, given=given)
optimizers = {
    "plain": lambda p: torch.optim.SGD(p, 0.1, weight_decay=0.02),
    "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.8, weight_decay=0.02),
    "nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.8, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, 0.1, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.1),
}
for name, make in optimizers.items():
    tensors = [row.clone().requires_grad_() for row in values]
    optimizer = make(tensors)
    for step, (first, second) in enumerate(given):
        tensors[0].grad = first.clone()
        tensors[1].grad = second.clone() if step >= 2 else None
        optimizer.step()
    put("descent", **{name: torch.stack(tensors)})

# Pooled, joined and flattened values.
functions = [
    ("global", lambda x: x.mean((2, 3))),
    ("inside", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    ("flatten", lambda x: x.flatten(1)),
]
for name, function in functions:
    x = leaf(3, 4, 7, 6)
    y = function(x)
    r = torch.randn_like(y)
    (y * r).sum().backward()
    put(name, x=x, y=y, r=r, dx=x.grad)

left, right = leaf(3, 4), leaf(3, 6)
y = torch.cat([left, right], 1)
r = torch.randn_like(y)
(y * r).sum().backward()
put("columns", left=left, right=right, y=y, r=r, dleft=left.grad, dright=right.grad)

save_file(out, pathlib.Path(__file__).with_name("operations.safetensors"))
