//! The preparation of images that the pretrained weights of each network expect.

use super::zoo::names;
use crate::images::{Interpolation, LoadOptions, ResizeMode, RgbImage, Transform};
use crate::{Error, ErrorKind, Result};

/// The preparation of images that pretrained weights expect, as torchvision's `weights.transforms()` and timm's
/// `data_config`: the shorter side is scaled to `resize` pixels, the middle `size` × `size` pixels are cut out, and
/// channels are normalized. [`preprocessing`] has it for the networks of the zoo.
///
/// ```
/// use cuaderno::images::{Interpolation, RgbImage};
/// use cuaderno::models::{Preprocessing, preprocessing};
/// let lite0 = preprocessing("efficientnet_lite0")?;
/// assert_eq!((lite0.size, lite0.resize, lite0.interpolation), (224, 256, Interpolation::Bicubic));
/// assert_eq!(lite0.apply(&RgbImage::new(640, 480))?.dimensions(), (224, 224));
/// // Weights that were trained in another way, such as torchvision's IMAGENET1K_V2:
/// let second = Preprocessing { resize: 232, ..preprocessing("resnet50")? };
/// # assert_eq!(second.apply(&RgbImage::new(300, 400))?.dimensions(), (224, 224));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preprocessing {
    /// Mean of red, green and blue, of values from 0 to 1.
    pub mean: [f32; 3],
    /// Standard deviation of red, green and blue.
    pub std: [f32; 3],
    /// Width and height of the network's images, in pixels.
    pub size: u32,
    /// Shorter side of the scaled image from which they are cut: `size` divided by timm's `crop_pct`.
    pub resize: u32,
    /// Interpolation of the scaled image.
    pub interpolation: Interpolation,
}

/// ImageNet's statistics, images scaled to 256 pixels and cut to 224: most of torchvision.
const IMAGENET: Preprocessing = Preprocessing {
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    size: 224,
    resize: 256,
    interpolation: Interpolation::Bilinear,
};

/// The networks whose weights expect something else.
const OTHERS: [(&str, Preprocessing); 4] = [
    ("efficientnet_b0", Preprocessing { interpolation: Interpolation::Bicubic, ..IMAGENET }),
    // (x − 127) / 128, as Google's weights were trained; timm's copy of them takes 0.5 and 0.5.
    (
        "efficientnet_lite0",
        Preprocessing {
            mean: [127.0 / 255.0; 3],
            std: [128.0 / 255.0; 3],
            interpolation: Interpolation::Bicubic,
            ..IMAGENET
        },
    ),
    ("nasnet_mobile", Preprocessing { mean: [0.5; 3], std: [0.5; 3], ..IMAGENET }),
    // No weights are published for it; it is built for these images.
    ("small_cnn", Preprocessing { size: 128, resize: 128, ..IMAGENET }),
];

/// The preparation of images for a network of the zoo, by its name: that of torchvision's first ImageNet weights
/// (`IMAGENET1K_V1`, timm's `tv_in1k`), of the package `pretrainedmodels` for NASNet, and of Google's weights for
/// EfficientNet-Lite0.
///
/// ```no_run
/// use cuaderno::{images, models};
/// # fn main() -> cuaderno::Result<()> {
/// # let paths = [];
/// let preparation = models::preprocessing("resnet18")?;
/// let (size, options) = (preparation.size, preparation.load_options());
/// let photographs = images::load_rgb_with(&paths, size, size, &options)?;
/// let transform = preparation.transform(); // for `Dataset::with_transform`
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Parameter`] when no network has this name.
pub fn preprocessing(network: &str) -> Result<Preprocessing> {
    if !names().contains(&network) {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("the zoo has no network `{network}`"),
        )
        .help(format!("take one of {}", names().join(", "))));
    }
    let other = OTHERS.iter().find(|(name, _)| *name == network);
    Ok(other.map_or(IMAGENET, |(_, preprocessing)| *preprocessing))
}

impl Preprocessing {
    /// The normalization, without augmentation.
    pub fn transform(&self) -> Transform {
        Transform::normalized(self.mean, self.std)
    }

    /// Scaling and cutting for [`load_rgb_with`](crate::images::load_rgb_with) and the other ways to load images of
    /// `size` × `size` pixels.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            resize: ResizeMode::CenterCrop { resize: self.resize },
            interpolation: self.interpolation,
            ..LoadOptions::default()
        }
    }

    /// The image as the network sees it, before normalization.
    ///
    /// # Errors
    /// When the image has no pixels, or `resize` is less than `size`.
    pub fn apply(&self, image: &RgbImage) -> Result<RgbImage> {
        self.load_options().apply(image, self.size, self.size)
    }
}
