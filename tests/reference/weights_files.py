#!/usr/bin/env python3
"""Writes the small PyTorch files that tests/weights_files.rs reads, and their tensors as safetensors.

Usage: weights_files.py      writes weights/*.pth and weights/expected.safetensors beside this file
Needs: torch safetensors
"""
import pathlib
from argparse import Namespace
import torch
from safetensors.torch import save_file
from torch import nn

folder = pathlib.Path(__file__).with_name("weights")
folder.mkdir(exist_ok=True)
torch.manual_seed(0)
model = nn.Sequential()
model.add_module("conv1", nn.Conv2d(3, 4, 3, padding=1, bias=False))
model.add_module("bn1", nn.BatchNorm2d(4))
model.add_module("fc", nn.Linear(4, 3))
with torch.no_grad():
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            # Exact in half precision.
            tensor.copy_((torch.rand_like(tensor) * 64).round() / 64 - 0.25)
state = model.state_dict()
save_file({name: tensor for name, tensor in state.items() if tensor.is_floating_point()}, folder / "expected.safetensors")
torch.save(state, folder / "plain.pth")
torch.save(state, folder / "legacy.pth", _use_new_zipfile_serialization=False)
torch.save({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()},
           folder / "half.pth")
# Views that share a storage, and one that is transposed.
shared = torch.cat([tensor.flatten() for name, tensor in state.items() if name.startswith("fc")])
views = dict(state)
views["fc.weight"], views["fc.bias"] = shared[:12].view(3, 4), shared[12:]
views["conv1.weight"] = state["conv1.weight"].permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
torch.save(views, folder / "views.pth")
optimizer = torch.optim.Adam(model.parameters())
torch.save({"epoch": 3, "args": Namespace(lr=0.1), "best": 0.5, "optimizer": optimizer.state_dict(),
            "state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, folder / "checkpoint.pth")
# Values that a stride of zero repeats, booleans, a tensor with attributes, and a state dict two dictionaries deep.
repeated = {"w": torch.tensor([0.5, -1.0]).unsqueeze(1).expand(2, 3), "flag": torch.tensor([True, False]),
            "buffer": nn.Buffer(torch.tensor([1.5]))}
torch.save({"epoch": 1, "model": {"state_dict": repeated}}, folder / "repeated.pth")
save_file({name: tensor.contiguous() for name, tensor in repeated.items()}, folder / "repeated.safetensors")
torch.save(model, folder / "whole_model.pth")
torch.save({name: nn.Parameter(tensor) for name, tensor in state.items() if tensor.is_floating_point()},
           folder / "parameters.pth", pickle_protocol=4)
