"""Compares the zoo with torchvision: logits on random weights in inference, and, with dropout and stochastic depth
switched off on both sides, gradients of a training batch and losses over training steps, relative to PyTorch's.

Usage: python tests/reference/zoo.py FOLDER-OF-EXAMPLES [NAME ...]     (after `cargo build --release --examples`)
Needs torch, torchvision and safetensors, and pretrainedmodels with six for NASNet. Prints one line a check and ends with an error when one fails.
"""
import copy, pathlib, random, subprocess, sys, tempfile
import torch, torchvision
from safetensors.torch import load_file, save_file
from small import small_cnn, without_randomness

INFERENCE = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg16", "vgg16_bn", "densenet121",
             "squeezenet1_1", "efficientnet_b0"]
GRADIENTS = ["small_cnn", "resnet18", "densenet121", "efficientnet_b0", "nasnet_mobile"]
# Rates of SGD and Adam at which training is no chaos: with greater ones, PyTorch's own losses in single and in double
# precision part by more than the limit within a few steps.
TRAINING = {"small_cnn": (1e-2, 1e-4), "resnet18": (1e-4, 1e-5), "densenet121": (1e-4, 1e-5),
            "efficientnet_b0": (3e-5, 1e-5), "nasnet_mobile": (2e-6, 1e-6)}


def randomized(name, classes):
    """A network whose running statistics, scales and shifts are random too, so that a swapped one shows."""
    torch.manual_seed(0)
    if name == "small_cnn":
        return small_cnn(128, classes)
    if name == "nasnet_mobile":
        import pretrainedmodels
        model = pretrainedmodels.nasnetamobile(num_classes=classes, pretrained=None)
        # The mean of all pixels, as its 7×7 is for the size of image it was made for.
        model.avg_pool = torch.nn.AdaptiveAvgPool2d(1)
    else:
        model = getattr(torchvision.models, name)(num_classes=classes)
    torch.manual_seed(1)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.2)
    return model


def run(program, **arguments):
    words = [str(program)]
    for name, value in arguments.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    subprocess.run(words, check=True)


def losses(model, optimizer, rate, images, labels, steps=20, batch=16):
    """What `examples/train_steps.rs` makes of the same."""
    make = {"sgd": lambda p: torch.optim.SGD(p, rate, momentum=0.9), "adam": lambda p: torch.optim.Adam(p, rate)}
    step_with = make[optimizer](model.parameters())
    found = []
    for step in range(steps):
        rows = torch.arange(step * batch, (step + 1) * batch) % len(images)
        step_with.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(images[rows]), labels[rows])
        loss.backward()
        step_with.step()
        found.append(loss.item())
    return torch.tensor(found, dtype=torch.float64)


def gradients(model, images, labels):
    model.zero_grad()
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    return {name: parameter.grad.double() for name, parameter in model.named_parameters()}


def main():
    programs = pathlib.Path(sys.argv[1])
    names = sys.argv[2:]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        weights, given, made = (folder / f"{n}.safetensors" for n in ("weights", "input", "output"))

        def report(what, error, limit):
            nonlocal failed
            failed |= not error < limit
            print(f"{what}: {error:.2e} (limit {limit:.0e})", flush=True)

        for name in names or INFERENCE:
            if name not in INFERENCE:
                continue
            model = randomized(name, 10).eval()
            # Odd sizes and an uneven batch show paddings that are off by one.
            other = random.randint(1, 5), random.randint(63, 199), random.randint(63, 199)
            for batch, height, width in [(2, 224, 224), (3, 97, 131), other]:
                save_file(model.state_dict(), weights)
                images = torch.randn(batch, 3, height, width)
                save_file({"input": images}, given)
                run(programs / "forward", model=name, classes=10, weights=weights, input=given, output=made)
                with torch.inference_mode():
                    expected = model(images)
                error = (load_file(made)["output"] - expected).abs().max() / expected.abs().max()
                report(f"{name} logits of {batch}×3×{height}×{width}", error.item(), 1e-4)
        for name in names or GRADIENTS:
            if name not in GRADIENTS:
                continue
            size = 128 if name == "small_cnn" else 64
            model = without_randomness(randomized(name, 12).train())
            start = {key: value.clone() for key, value in model.state_dict().items()}
            save_file(start, weights)
            images, labels = torch.randn(16, 3, size, size), torch.randint(0, 12, (16,))
            save_file({"input": images, "labels": labels}, given)
            # A step of plain descent at rate 1 takes the gradient off.
            run(programs / "train_steps", model=name, classes=12, weights=weights, input=given, output=made,
                optimizer="sgd", lr=1, batch=16, steps=1)
            stepped = load_file(made)
            ours = {key: (start[key].double() - stepped[key].double()) for key, _ in model.named_parameters()}
            single = gradients(copy.deepcopy(model), images, labels)
            with torch.backends.mkldnn.flags(enabled=False):
                plain = gradients(copy.deepcopy(model), images, labels)
            double = gradients(model.double(), images.double(), labels)
            # How far a parameter's gradient is from the one in double precision, relative to its length. Through many
            # layers rounding grows, PyTorch's own too: each value that it takes to the other side of a ReLU's bend is a
            # jump. How many there are is chance: PyTorch's convolutions without oneDNN meet others.
            error = lambda found: torch.tensor(
                [((found[key] - exact).norm() / exact.norm()).item() for key, exact in double.items()]).median().item()
            report(f"{name} gradients of {len(ours)} parameters, median error (PyTorch's own "
                   f"{error(single):.2e}, without oneDNN {error(plain):.2e})",
                   error(ours), 2e-2)
        for name in names or TRAINING:
            if name not in TRAINING:
                continue
            size = 128 if name == "small_cnn" else 64
            for optimizer, rate in zip(["sgd", "adam"], TRAINING[name]):
                model = without_randomness(randomized(name, 12).train())
                save_file(model.state_dict(), weights)
                images, labels = torch.randn(48, 3, size, size), torch.randint(0, 12, (48,))
                save_file({"input": images, "labels": labels}, given)
                run(programs / "train_steps", model=name, classes=12, weights=weights, input=given, output=made,
                    optimizer=optimizer, lr=rate, momentum=0.9, batch=16, steps=20)
                single = losses(model, optimizer, rate, images, labels)
                found = load_file(made)["losses"].double()
                report(f"{name} losses over 20 steps of {optimizer}, {single[0]:.3f} to {single[-1]:.3f}",
                       ((found - single) / single).abs().max().item(), 1e-3)
    sys.exit(failed)


main()
