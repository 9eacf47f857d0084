"""The library's own networks in PyTorch, with the names of their layers; and how to train without randomness."""
from collections import OrderedDict
import torch
from torch import nn
from torchvision.ops import StochasticDepth


def simple_network(pixels, hidden, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * pixels * pixels, hidden), nn.ReLU(), nn.Linear(hidden, classes))


def small_cnn(pixels, classes):
    features = []
    for inputs, outputs in [(3, 32), (32, 64), (64, 128)]:
        features += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    flat = 128 * (pixels // 8) ** 2
    classifier = [nn.Linear(flat, 128), nn.ReLU(), nn.Dropout(), nn.Linear(128, classes)]
    layers = {"features": nn.Sequential(*features), "flatten": nn.Flatten(), "classifier": nn.Sequential(*classifier)}
    return nn.Sequential(OrderedDict(layers))


class Hybrid(nn.Module):
    def __init__(self, image, made, features, classes):
        super().__init__()
        self.image = image
        self.metadata = nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(made + 32, 128), nn.ReLU(), nn.Dropout(), nn.Linear(128, classes))

    def forward(self, image, metadata):
        return self.head(torch.cat([self.image(image), self.metadata(metadata)], 1))


def without_randomness(model):
    """The model as it trains when dropout and stochastic depth let everything through."""
    for module in model.modules():
        if isinstance(module, (nn.Dropout, StochasticDepth)):
            module.p = 0.0
    return model
