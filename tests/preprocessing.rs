//! The preparation of images for pretrained weights against torchvision's, `pretrainedmodels`' and timm's.

use cuaderno::images::{Interpolation, LoadOptions, ResizeMode, Rgb, RgbImage};
use cuaderno::models::{Preprocessing, names, preprocessing};

const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

type Expected = (&'static str, u32, u32, Interpolation, [f32; 3], [f32; 3]);

/// Name, resize, crop, interpolation, mean and std of `get_model_weights(name).IMAGENET1K_V1.transforms()` in torchvision
/// 0.29.2; for NASNet `pretrained_settings["nasnetamobile"]` and `TransformImage` of pretrainedmodels 0.7.4; for
/// EfficientNet-Lite0 timm 1.0.31's `tf_efficientnet_lite0` (224 pixels, crop_pct 0.875, bicubic).
#[rustfmt::skip]
const EXPECTED: [Expected; 12] = [
    ("resnet18", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("resnet34", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("resnet50", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("resnet101", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("resnet152", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("vgg16", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("vgg16_bn", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("densenet121", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("squeezenet1_1", 256, 224, Interpolation::Bilinear, MEAN, STD),
    ("efficientnet_b0", 256, 224, Interpolation::Bicubic, MEAN, STD),
    ("efficientnet_lite0", 256, 224, Interpolation::Bicubic, [0.5; 3], [0.5; 3]),
    ("nasnet_mobile", 256, 224, Interpolation::Bilinear, [0.5; 3], [0.5; 3]),
];

#[test]
fn every_network_has_the_preparation_of_its_weights() {
    for (name, resize, size, interpolation, mean, std) in EXPECTED {
        let found = preprocessing(name).unwrap();
        assert_eq!((found.resize, found.size, found.interpolation), (resize, size, interpolation));
        // Google's weights of EfficientNet-Lite were trained with 127 and 128 of 255, which timm rounds to a half.
        let slack = if name == "efficientnet_lite0" { 0.0021 } else { 0.0 };
        for (found, expected) in found.mean.iter().chain(&found.std).zip(mean.iter().chain(&std)) {
            assert!((found - expected).abs() <= slack, "{name}: {found}, expected {expected}");
        }
        let transform = found.transform();
        assert_eq!((transform.mean, transform.std), (found.mean, found.std));
    }
    for name in names() {
        assert!(preprocessing(name).is_ok(), "{name}");
    }
    let error = preprocessing("resnet19").unwrap_err().to_string();
    assert!(error.contains("no network `resnet19`") && error.contains("resnet18"), "{error}");
}

fn pattern(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let at = y * width + x;
        Rgb([0, 1, 2].map(|c| (((at * 3 + c) * 7919 + at * 104_729) % 251) as u8))
    })
}

fn checksum(image: &RgbImage) -> u64 {
    image
        .as_raw()
        .iter()
        .enumerate()
        .fold(0, |sum, (at, byte)| (sum * 31 + u64::from(*byte) + at as u64) % 1_000_000_007)
}

/// torchvision 0.29.2's `center_crop(resize(image, resize, interpolation), size)` on Pillow 13.0.0:
/// `tests/reference/preprocessing.py`.
#[test]
fn every_pixel_is_torchvisions() {
    for (from, resize, size, expected) in PIXELS {
        let image = pattern(from[0], from[1]);
        for (interpolation, expected) in
            [Interpolation::Bilinear, Interpolation::Bicubic].into_iter().zip(expected)
        {
            let preparation =
                Preprocessing { size, resize, interpolation, ..preprocessing("resnet18").unwrap() };
            let found = preparation.apply(&image).unwrap();
            assert_eq!(found.dimensions(), (size, size));
            assert_eq!(checksum(&found), expected, "{from:?}, {resize}, {interpolation:?}");
        }
    }
}

const PIXELS: [([u32; 2], u32, u32, [u64; 2]); 4] = [
    ([60, 45], 32, 28, [950831605, 187567634]),
    ([45, 61], 32, 27, [289708012, 999641109]),
    ([20, 20], 37, 32, [68451508, 444860813]),
    ([37, 20], 20, 20, [916496357, 916496357]),
];

#[test]
fn a_crop_larger_than_the_scaled_image_is_refused() {
    let options =
        LoadOptions { resize: ResizeMode::CenterCrop { resize: 200 }, ..LoadOptions::default() };
    let error = options.apply(&pattern(30, 20), 224, 224).unwrap_err().to_string();
    assert!(error.contains("at least 224, found 200"), "{error}");
}
