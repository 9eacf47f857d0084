#!/usr/bin/env python3
"""Peak resident memory of our examples and of PyTorch on the same work, each in a process of its own.

Usage: python benches/memory.py FOLDER-OF-EXAMPLES      (after `cargo build --release --examples`)
Needs torch, torchvision and safetensors. Prints one JSON object a line; PyTorch's numbers include its libraries.
"""
import json, os, pathlib, subprocess, sys, tempfile

CLASSES = 12
# Network, images, pixels, training steps; none for inference.
WORK = {
    "resnet50_train_224px_batch16": ("resnet50", 16, 224, 3),
    "resnet152_forward_224px_batch8": ("resnet152", 8, 224, None),
    "resnet18_train_32px_batch2_50_steps": ("resnet18", 2, 32, 50),
    "resnet18_train_32px_batch2_1000_steps": ("resnet18", 2, 32, 1000),
}


def write(name, folder):
    import torch, torchvision
    from safetensors.torch import save_file
    network, batch, pixels, _ = WORK[name]
    save_file(getattr(torchvision.models, network)(num_classes=CLASSES).state_dict(), folder / "weights")
    save_file({"input": torch.randn(batch, 3, pixels, pixels), "labels": torch.arange(batch) * 7 % CLASSES}, folder / "input")


def pytorch(name, folder):
    import torch, torchvision
    from safetensors.torch import load_file
    network, _, _, steps = WORK[name]
    model = getattr(torchvision.models, network)(num_classes=CLASSES)
    model.load_state_dict(load_file(folder / "weights"))
    given = load_file(folder / "input")
    if steps is None:
        with torch.inference_mode():
            model.eval()(given["input"])
        return
    optimizer = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(given["input"]), given["labels"]).backward()
        optimizer.step()


def ours(name, programs, folder):
    network, batch, _, steps = WORK[name]
    words = ["--model", network, "--classes", CLASSES, "--weights", folder / "weights", "--input", folder / "input",
             "--output", folder / "output"]
    if steps is None:
        return [programs / "forward", *words]
    return [programs / "train_steps", *words, "--optimizer", "sgd", "--lr", 1e-4, "--momentum", 0.9, "--batch", batch,
            "--steps", steps]


def peak(words):
    """The peak resident memory of a program in MB; the system tells that of the largest yet, hence one process each."""
    process = subprocess.Popen([str(word) for word in words])
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{words} failed")
    return round(usage.ru_maxrss * 1024 / 1e6)


def main():
    if sys.argv[1] in ("write", "pytorch"):
        return {"write": write, "pytorch": pytorch}[sys.argv[1]](sys.argv[2], pathlib.Path(sys.argv[3]))
    programs = pathlib.Path(sys.argv[1])
    again = [sys.executable, __file__]
    for name in WORK:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            subprocess.run([*again, "write", name, folder], check=True)
            for framework, words in [("", ours(name, programs, folder)), ("_pytorch", [*again, "pytorch", name, folder])]:
                print(json.dumps({"name": f"{name}{framework}", "value": peak(words), "unit": "MB"}), flush=True)


main()
