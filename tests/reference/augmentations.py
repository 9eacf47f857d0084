"""Prints the numbers of torchvision in the tests of src/images: trivial_augment.rs, color.rs and rectangle.rs.

Needs torchvision 0.29 and Pillow 13.
"""

import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional as F
from torchvision.transforms.autoaugment import TrivialAugmentWide, _apply_op


def noise(width, height):
    i = np.arange(width * height * 3)
    return ((i * 7919 + i // 3 * 104729) % 251).astype(np.uint8).reshape(height, width, 3)


def slope(width, height):
    i = np.arange(width * height * 3)
    x, y, channel = i // 3 % width, i // 3 // width, i % 3
    return (40 + (x * 5 + y * 3 + channel * 20) % 150).astype(np.uint8).reshape(height, width, 3)


def checksum(start, image):
    for i, byte in enumerate(np.asarray(image).ravel().tolist()):
        start = (start * 31 + byte + i) % 1_000_000_007
    return start


def operations():
    """A checksum for each operation over all magnitudes and signs, of three images; then with blue gaps."""
    images = [Image.fromarray(array) for array in (noise(24, 17), noise(20, 20), slope(64, 48))]
    for name, (magnitudes, signed) in TrivialAugmentWide()._augmentation_space(31).items():
        sums = []
        for image in images:
            for fill in (None, [0, 0, 255]):
                total = 0
                for bin in range(31 if magnitudes.ndim > 0 else 1):
                    for sign in (1.0, -1.0) if signed else (1.0,):
                        magnitude = float(magnitudes[bin].item()) if magnitudes.ndim > 0 else 0.0
                        nearest = transforms.InterpolationMode.NEAREST
                        changed = _apply_op(image, name, magnitude * sign, nearest, fill)
                        total = checksum(total, changed)
                sums.append(total)
        print(f'        ("{name}", {sums}),')


def color_jitter():
    """Four pixels under four orders of ColorJitter's steps, of values from 0 to 255."""
    pixels = torch.tensor([[200, 30, 90], [12, 240, 130], [70, 80, 250], [128, 128, 128]])
    image = pixels.T.reshape(3, 1, 4).float() / 255
    steps = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]
    factors = [1.3, 0.6, 1.4, -0.2]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]):
        changed = image
        for step in order:
            changed = steps[step](changed, factors[step])
        values = (changed * 255).reshape(3, 4).T.reshape(-1)
        print(f"            ({order}, {[round(v, 3) for v in values.tolist()]}),")


def rectangles():
    """Means and standard deviations of left, top, width and height of 100,000 rectangles."""
    torch.manual_seed(0)
    for width, height in ((100, 100), (60, 120), (200, 50)):
        image = torch.zeros(3, height, width)
        crops = [transforms.RandomResizedCrop.get_params(image, [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(100_000)]
        erased = [transforms.RandomErasing.get_params(image, (0.02, 0.33), (0.3, 3.3), [0.0]) for _ in range(100_000)]
        for name, found in (("crop", crops), ("erasing", [item[:4] for item in erased])):
            values = np.array([(j, i, w, h) for i, j, h, w in found], float)
            print(f"        // {name}")
            print(f"        ([{width}, {height}], {values.mean(0).round(3).tolist()}, {values.std(0).round(3).tolist()}),")


def resized_crop():
    """Green of a part of an image of 12 × 9 pixels, brought to the full size."""
    image = torch.from_numpy(noise(12, 9)).permute(2, 0, 1).float()
    cropped = F.resized_crop(image, top=2, left=3, height=5, width=7, size=[9, 12], antialias=True)
    print([round(v, 2) for v in cropped[1].reshape(-1).tolist()])


if __name__ == "__main__":
    for part in (operations, color_jitter, rectangles, resized_crop):
        print(f"-- {part.__name__}")
        part()
