"""Prints the numbers of torchvision in tests/preprocessing.rs. Needs torchvision 0.29 and Pillow 13."""

from PIL import Image
from torchvision import models
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

from augmentations import checksum, noise

for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg16", "vgg16_bn", "densenet121",
             "squeezenet1_1", "efficientnet_b0"]:
    preset = models.get_model_weights(name).IMAGENET1K_V1.transforms()
    print(name, preset.resize_size, preset.crop_size, preset.interpolation, preset.mean, preset.std)

for (width, height), resize, size in (((60, 45), 32, 28), ((45, 61), 32, 27), ((20, 20), 37, 32), ((37, 20), 20, 20)):
    image = Image.fromarray(noise(width, height))
    sums = [checksum(0, F.center_crop(F.resize(image, resize, mode, antialias=True), size))
            for mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)]
    print(f"    ([{width}, {height}], {resize}, {size}, {sums}),")
