#!/usr/bin/env python3
"""Computes what tests/explain_parity.rs compares with: Grad-CAM and Grad-CAM++ by the weights of the package
`pytorch_grad_cam`, occlusion maps by `captum`. Networks and images follow from zoo_outputs.py's formula.

Usage: explain_outputs.py      writes explain.safetensors beside this file
Needs: what zoo_outputs.py needs, and grad-cam captum
"""
import pathlib
import numpy as np
import torch
from captum.attr import Occlusion
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus
from safetensors.torch import save_file
from zoo_outputs import CLASSES, FEATURES, centred, filled, hybrid, networks

LAYERS = {
    "resnet18": "layer4.1",
    "resnet50": "layer3.5",
    "efficientnet_b0": "features.8.2",
    "squeezenet1_1": "features.12",
    "small_cnn": "features.7",
    "hybrid": "image.layer4.1",
}
CLASS = 3


def models():
    for name, model, gain in networks():
        if name in LAYERS:
            yield name, model, gain
    yield "hybrid", hybrid(), 1.0


def maps(model, inputs, layer, classes, kind):
    """relu(Σ weight · activations), before the package scales and resizes it."""
    kept = {}

    def keep(_module, _inputs, output):
        # Later operations may change the output in place.
        output = output.clone()
        kept["activations"] = output
        output.register_hook(lambda gradient: kept.update(gradients=gradient))
        return output

    hook = model.get_submodule(layer).register_forward_hook(keep)
    logits = model(*inputs)
    chosen = logits.argmax(1) if classes is None else torch.tensor([classes] * len(logits))
    logits[torch.arange(len(logits)), chosen].sum().backward()
    hook.remove()
    activations, gradients = (kept[part].detach().numpy() for part in ("activations", "gradients"))
    weights = kind.get_cam_weights(None, None, None, None, activations, gradients)
    found = np.maximum((weights[:, :, None, None] * activations).sum(1), 0)
    return torch.from_numpy(found.astype(np.float32)), chosen


def main():
    torch.set_num_threads(2)
    out = {}
    for name, model, gain in models():
        model, _ = filled(model.eval(), gain)
        height, width = {"small_cnn": (128, 128)}.get(name, (75, 91))
        inputs = [torch.from_numpy(centred("input", (2, 3, height, width), np.sqrt(3)))]
        if name == "hybrid":
            inputs.append(torch.from_numpy(centred("metadata", (2, FEATURES), np.sqrt(3))))
        for kind, package in [("grad_cam", GradCAM), ("grad_cam_plus_plus", GradCAMPlusPlus)]:
            for classes in (None, CLASS):
                found, chosen = maps(model, inputs, LAYERS[name], classes, package)
                of = "predicted" if classes is None else "named"
                out[f"{name}/{kind}/{of}"] = found
                out[f"{name}/classes/{of}"] = chosen.float()
                print(name, kind, of, tuple(found.shape), f"{found.min():.3g} to {found.max():.3g}")
    for name, model, gain in models():
        if name != "small_cnn":
            continue
        model, _ = filled(model.eval(), gain)
        images = torch.from_numpy(centred("input", (2, 3, 128, 128), np.sqrt(3)))
        with torch.no_grad():
            for patch, stride in [((32, 48), (32, 40)), ((50, 50), (30, 30))]:
                found = Occlusion(lambda x: model(x).softmax(1)).attribute(
                    images, strides=(3, *stride), sliding_window_shapes=(3, *patch), baselines=0.5, target=CLASS)
                out[f"occlusion/{patch[0]}"] = found[:, 0].contiguous()
                print("occlusion", patch, f"{found.min():.3g} to {found.max():.3g}")
    save_file(out, pathlib.Path(__file__).with_name("explain.safetensors"))


if __name__ == "__main__":
    main()
