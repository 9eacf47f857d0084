#!/usr/bin/env python3
"""Computes what tests/zoo_parity.rs compares with: logits of every network of the zoo, gradients of most, and losses of
training steps in which nothing is random. Weights and images follow from a formula that the test repeats, so no large file is needed.

Usage: zoo_outputs.py      writes zoo.safetensors beside this file
Needs: torch torchvision safetensors efficientnet_lite_pytorch pretrainedmodels
"""
import pathlib
import efficientnet_lite_pytorch
import numpy as np
import pretrainedmodels
import torch
import torchvision
from safetensors.torch import save_file
from small import Hybrid, simple_network, small_cnn, without_randomness
from torch import nn

CLASSES = 10
FEATURES = 20
TORCHVISION = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg16", "vgg16_bn", "densenet121",
               "squeezenet1_1", "efficientnet_b0"]
WORD = 2**64 - 1


def hashed(text):
    """FNV-1a."""
    state = 0xCBF29CE484222325
    for byte in text.encode():
        state = ((state ^ byte) * 0x100000001B3) & WORD
    return state


def uniform(name, shape):
    """Numbers in [0, 1) that depend on the name and the place alone: splitmix64, of which the upper 24 bits are exact in
    single precision."""
    state = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    state += np.uint64(hashed(name))
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(40)).astype(np.float32).reshape(shape) / np.float32(2**24)


def centred(name, shape, bound):
    return (uniform(name, shape) * np.float32(2) - np.float32(1)) * np.float32(bound)


def formula(name, shape, gain):
    """Scales at which activations neither vanish nor explode, with the network's own gain where 1 does not do."""
    if name.endswith("running_var") or (len(shape) == 1 and name.endswith("weight")):
        return uniform(name, shape) + np.float32(0.5)
    if len(shape) == 1:
        return centred(name, shape, 0.1)
    return centred(name, shape, gain * np.sqrt(5 / np.prod(shape[1:])))


def filled(model, gain=1.0):
    """The network with the formula's weights, and a checksum of the names and shapes of its tensors."""
    state = {n: t for n, t in model.state_dict().items() if not n.endswith("num_batches_tracked")}
    for name, tensor in state.items():
        tensor.copy_(torch.from_numpy(formula(name, tuple(tensor.shape), gain)))
    lines = sorted(f"{name} {list(tensor.shape)}\n" for name, tensor in state.items())
    checksum = np.array([hashed("".join(lines))], dtype="<u8").view(np.uint8)
    return model, torch.from_numpy(checksum.copy())


def networks():
    """Names, networks and gains."""
    for name in TORCHVISION:
        # With 1, the gates of EfficientNet-B0 let almost nothing of the image through; with 1.3 it is chaotic.
        gain = 1.125 if name == "efficientnet_b0" else 1.0
        yield name, getattr(torchvision.models, name)(num_classes=CLASSES), gain
    # Without a fixed size, its convolutions pad as TensorFlow does.
    yield "efficientnet_lite0", efficientnet_lite_pytorch.EfficientNet.from_name(
        "efficientnet-lite0", num_classes=CLASSES, image_size=None), 1.0
    nasnet = pretrainedmodels.nasnetamobile(num_classes=CLASSES, pretrained=None)
    # The mean of all pixels, as its 7×7 is for the size of image it was made for.
    nasnet.avg_pool = nn.AdaptiveAvgPool2d(1)
    yield "nasnet_mobile", nasnet, 1.0
    yield "small_cnn", small_cnn(128, CLASSES), 1.0


def logits(out):
    for name, model, gain in networks():
        model, checksum = filled(model.eval(), gain)
        # Odd sizes show paddings that are off by one. NASNet halves these to even ones, as its reference demands.
        height, width = {"small_cnn": (128, 128), "nasnet_mobile": (95, 127)}.get(name, (75, 91))
        shape = (2, 3, height, width)
        images = torch.from_numpy(centred("input", shape, np.sqrt(3)))
        with torch.inference_mode():
            result = model(images)
            exact = model.double()(images.double())
        scale = exact.abs().max()
        print(f"{name}: logits to {scale:.3g}, of which {(exact[0] - exact[1]).abs().max():.3g} depend on the image;"
              f" double precision differs by {(result - exact).abs().max() / scale:.1e}")
        out[f"{name}/layout"] = checksum
        out[f"{name}/input"] = torch.tensor(shape)
        out[f"{name}/gain"] = torch.tensor([gain], dtype=torch.float64)
        out[f"{name}/logits"] = result


def gradients(out):
    """Of each weight that is not a normalization's, its gradient's length and its product with a direction of the formula,
    in the order of their names. Normalization works as in inference: by the batch it makes chaos of deep networks."""
    for name, model, gain in networks():
        if name in ("vgg16", "vgg16_bn", "resnet34", "resnet101", "resnet152"):
            continue
        model, _ = filled(model.eval(), gain)
        images = torch.from_numpy(centred("input", tuple(out[f"{name}/input"]), np.sqrt(3)))
        norms = [n for n, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)]
        found = {}
        for kind in (torch.float32, torch.float64):
            model = model.to(kind)
            model.zero_grad()
            nn.functional.cross_entropy(model(images.to(kind)), torch.arange(2)).backward()
            found[kind] = []
            for weight, parameter in sorted(model.named_parameters()):
                if weight.rpartition(".")[0] not in norms:
                    gradient = parameter.grad.double()
                    direction = torch.from_numpy(centred(f"direction {weight}", tuple(gradient.shape), 1)).double()
                    found[kind].append((gradient.norm().item(), (gradient * direction).sum().item()))
        single, double = (torch.tensor(found[kind], dtype=torch.float64) for kind in found)
        apart = ((single - double).abs().max(1).values / double[:, 0]).max()
        print(f"{name}: {len(double)} gradients as long as {double[:, 0].min():.1e} to {double[:, 0].max():.1e}; double"
              f" precision differs by {apart:.1e} of them")
        out[f"{name}/gradients"] = double.float()


def hybrid():
    """A ResNet-18 without its head beside metadata."""
    resnet = torchvision.models.resnet18()
    resnet.fc = nn.Identity()
    return Hybrid(resnet, 512, FEATURES, CLASSES)


def training(out):
    """Each step takes the next `batch` images, going round."""
    resnet = lambda: torchvision.models.resnet18(num_classes=CLASSES)
    small, simple = lambda: small_cnn(32, CLASSES), lambda: simple_network(32, 64, CLASSES)
    # Name, network, images, their size, batch, steps, and the rates of the optimizers. At these rates single and double
    # precision stay together: greater ones make chaos.
    runs = [("resnet18", resnet, 8, 64, 8, 5, {"sgd": 1e-4}),
            ("hybrid", hybrid, 16, 64, 8, 5, {"sgd": 1e-4}),
            ("small_cnn", small, 24, 32, 8, 20, {"sgd": 3e-3, "adam": 1e-3}),
            ("simple_network", simple, 24, 32, 8, 20, {"sgd": 1e-3, "adam": 1e-4})]
    make = {"sgd": lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9),
            "adam": lambda p, rate: torch.optim.Adam(p, rate)}
    for name, network, images, side, batch, steps, rates in runs:
        shape = (images, 3, side, side)
        out[f"training/{name}/input"] = torch.tensor(shape)
        for optimizer, rate in rates.items():
            curves = {}
            for kind in (torch.float32, torch.float64):
                model, checksum = filled(without_randomness(network().train()))
                model = model.to(kind)
                given = [("input", shape), ("metadata", (images, FEATURES))][:2 if name == "hybrid" else 1]
                given = [torch.from_numpy(centred(of, shape, np.sqrt(3))).to(kind) for of, shape in given]
                labels = torch.arange(images) % CLASSES
                step_with = make[optimizer](model.parameters(), rate)
                curves[kind] = []
                for step in range(steps):
                    rows = torch.arange(step * batch, (step + 1) * batch) % images
                    step_with.zero_grad()
                    loss = nn.functional.cross_entropy(model(*(part[rows] for part in given)), labels[rows])
                    loss.backward()
                    step_with.step()
                    curves[kind].append(loss.item())
            single, double = curves.values()
            apart = max(abs(a - b) / b for a, b in zip(single, double))
            print(f"{name}, {optimizer}: losses {' '.join(f'{loss:.3g}' for loss in single)};"
                  f" double precision differs by {apart:.1e} of them")
            out[f"training/{name}/{optimizer}"] = torch.tensor(single)
        out[f"training/{name}/layout"] = checksum


def main():
    torch.set_num_threads(2)
    out = {}
    logits(out)
    gradients(out)
    training(out)
    save_file(out, pathlib.Path(__file__).with_name("zoo.safetensors"))


if __name__ == "__main__":
    main()
