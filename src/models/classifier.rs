//! A trained classifier in one file: weights, preparation and classes.

use super::network::Network;
use super::small::{simple_network, small_cnn};
use super::zoo::network;
use crate::images::{
    Interpolation, LoadOptions, OpenOptions, ResizeMode, RgbImage, Transform, open_rgb_with,
};
use crate::nn::{Inputs, Model, Pass, Weights};
use crate::tensor::{softmax, tensor};
use crate::{Error, ErrorKind, Result};
use dfdx::tensor::SplitTape;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A network of the zoo with all that a new image has to pass on its way to a class: it can be saved in one file, and
/// answers the same after it is read.
///
/// ```
/// use cuaderno::images::{ResizeMode, Rgb, RgbImage, Transform};
/// use cuaderno::models::{Classifier, small_cnn};
/// # fn main() -> cuaderno::Result<()> {
/// let network = small_cnn(32, 2, 0)?;
/// let classifier =
///     Classifier::new(&network, &["cat", "dog"], &Transform::imagenet(), [32, 32], ResizeMode::Crop)?;
/// # let path = std::env::temp_dir().join(format!("cuaderno-{}.classifier", std::process::id()));
/// classifier.write(&path)?;
/// let image = RgbImage::from_pixel(60, 40, Rgb([200, 90, 10]));
/// assert_eq!(Classifier::read(&path)?.classify(&image)?, classifier.classify(&image)?);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Classifier {
    network: Network,
    settings: Settings,
}

/// The metadata of the file beside the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    network: String,
    pixels: usize,
    classes: Vec<String>,
    mean: [f32; 3],
    std: [f32; 3],
    size: [u32; 2],
    resize: String,
    pad: [u8; 3],
    /// The shorter side before a center crop.
    #[serde(default)]
    shorter: u32,
    #[serde(default)]
    bicubic: bool,
}

/// The answer for one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// The most probable class.
    pub class: String,
    /// Its probability.
    pub probability: f32,
    /// The probability of each class, in the order of [`Classifier::classes`].
    pub probabilities: Vec<f32>,
}

/// The key of the settings in the file.
const KEY: &str = "cuaderno.classifier";

impl Classifier {
    /// A classifier for images of `[width, height]` pixels, normalized by `transform` (its augmentation is left out).
    ///
    /// # Errors
    /// When the network cannot be built by its name, has not as many outputs as there are classes,
    /// or the size or the transform is not valid.
    pub fn new(
        network: &Network,
        classes: &[&str],
        transform: &Transform,
        size: [u32; 2],
        resize: ResizeMode,
    ) -> Result<Self> {
        let (resize, pad, shorter) = match resize {
            ResizeMode::Squeeze => ("squeeze", [0; 3], 0),
            ResizeMode::Crop => ("crop", [0; 3], 0),
            ResizeMode::Pad(color) => ("pad", color, 0),
            ResizeMode::CenterCrop { resize } => ("center crop", [0; 3], resize),
            ResizeMode::Fit => {
                let problem = "`ResizeMode::Fit` gives images of different sizes";
                return Err(Error::new(ErrorKind::Parameter, problem).help("take another mode"));
            }
        };
        let settings = Settings {
            network: network.name().to_string(),
            pixels: network.pixels(),
            classes: classes.iter().map(ToString::to_string).collect(),
            mean: transform.mean,
            std: transform.std,
            size,
            resize: resize.to_string(),
            pad,
            shorter,
            bicubic: false,
        };
        // What cannot be read again should not be written.
        let mut copy = build(&settings, &Weights::of(network))?;
        Weights::of(network).load_into(&mut copy)?;
        let classifier = Self { network: copy, settings };
        classifier.classify(&RgbImage::new(size[0].clamp(1, 65_535), size[1].clamp(1, 65_535)))?;
        Ok(classifier)
    }

    /// The same with this interpolation of resized images; without it they are interpolated bilinearly.
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.settings.bicubic = interpolation == Interpolation::Bicubic;
        self
    }

    /// Writes weights, classes and preparation as one safetensors file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let settings = serde_json::to_string(&self.settings)
            .map_err(|error| Error::new(ErrorKind::File, error.to_string()))?;
        Weights::of(&self.network).write_with(path, KEY, &settings)
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// When the file cannot be read, is not a classifier, or its weights do not fit its network.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (weights, settings) = Weights::read_with(path, KEY)?;
        let settings = settings.ok_or_else(|| {
            Error::new(ErrorKind::Weights, "the file holds weights but no classifier")
                .file(path)
                .help("write it with `Classifier::write`; `Weights::read` reads weights alone")
        })?;
        let settings: Settings = serde_json::from_str(&settings).map_err(|error| {
            Error::new(
                ErrorKind::Weights,
                format!("the classifier's settings cannot be read: {error}"),
            )
            .file(path)
        })?;
        let mut network = build(&settings, &weights)?;
        weights.load_into(&mut network)?;
        Ok(Self { network, settings })
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.settings.classes
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The class of an image of any size.
    ///
    /// # Errors
    /// When the image has no pixels.
    pub fn classify(&self, image: &RgbImage) -> Result<Classification> {
        let Settings { size: [width, height], classes, mean, std, resize, pad, .. } =
            &self.settings;
        let interpolation =
            if self.settings.bicubic { Interpolation::Bicubic } else { Interpolation::Bilinear };
        let mode = match resize.as_str() {
            "squeeze" => ResizeMode::Squeeze,
            "crop" => ResizeMode::Crop,
            "pad" => ResizeMode::Pad(*pad),
            "center crop" => ResizeMode::CenterCrop { resize: self.settings.shorter },
            other => {
                let problem = format!("unknown resize mode `{other}`");
                return Err(Error::new(ErrorKind::Parameter, problem));
            }
        };
        let options = LoadOptions { resize: mode, interpolation, ..LoadOptions::default() };
        let image = options.apply(image, *width, *height)?;
        let set = crate::images::ImageSet::from_pixels(image.into_raw(), *width, *height)?;
        let mut values = vec![0.0; set.numel()];
        set.fill_batch(&[0], &Transform::normalized(*mean, *std), 0, 0, &mut values)?;
        let images = tensor(values, (1, 3, *height as usize, *width as usize))?;
        let inputs = Inputs { images: Some(images), ..Inputs::default() };
        let logits = self.network.forward(&inputs, &Pass::inference())?.split_tape().0;
        let probabilities = softmax(&logits);
        if probabilities.len() != classes.len() {
            let problem = format!(
                "the network has {} outputs for {} classes",
                probabilities.len(),
                classes.len()
            );
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        let best = probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        let (class, probability) = best.map_or((0, 0.0), |(class, value)| (class, *value));
        let class = classes.get(class).cloned().unwrap_or_default();
        Ok(Classification { class, probability, probabilities })
    }

    /// The class of an image file.
    ///
    /// # Errors
    /// Those of [`open_rgb`](crate::images::open_rgb).
    pub fn classify_file(&self, path: impl AsRef<Path>) -> Result<Classification> {
        self.classify(&open_rgb_with(path, &OpenOptions::default())?)
    }
}

/// A network of that name and size with random weights.
fn build(settings: &Settings, weights: &Weights) -> Result<Network> {
    let Settings { network: name, pixels, classes, .. } = settings;
    match name.as_str() {
        "simple_network" => {
            let hidden = weights.get("1.bias").map_or(100, |bias| bias.values.len());
            simple_network(*pixels, hidden, classes.len(), 0)
        }
        "small_cnn" => small_cnn(*pixels, classes.len(), 0),
        name => network(name, classes.len(), 0).map_err(|error| {
            error.help("a classifier can be saved when its network is one of the zoo, by its name")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::resnet18;

    #[test]
    fn a_file_answers_as_what_was_written() {
        let path = std::env::temp_dir().join(format!("cuaderno-model-{}.bin", std::process::id()));
        let image = RgbImage::from_fn(50, 70, |x, y| image::Rgb([x as u8 * 5, y as u8 * 3, 99]));
        let transform = Transform::normalized([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]);
        for network in [simple_network(16, 9, 3, 1).unwrap(), small_cnn(16, 3, 1).unwrap()] {
            let pad = ResizeMode::Pad([1, 2, 3]);
            let written =
                Classifier::new(&network, &["a", "b", "c"], &transform, [16, 16], pad).unwrap();
            written.write(&path).unwrap();
            let read = Classifier::read(&path).unwrap();
            assert_eq!(read.classes(), ["a", "b", "c"]);
            let found = read.classify(&image).unwrap();
            assert_eq!(found, written.classify(&image).unwrap());
            assert!((found.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let crop = ResizeMode::CenterCrop { resize: 20 };
            let bilinear =
                Classifier::new(&network, &["a", "b", "c"], &transform, [16, 16], crop).unwrap();
            let bicubic = bilinear.clone().interpolation(Interpolation::Bicubic);
            bicubic.write(&path).unwrap();
            let rough = RgbImage::from_fn(50, 70, |x, y| {
                image::Rgb([(x * 97 % 251) as u8, (y * 61 % 251) as u8, 99])
            });
            let read = Classifier::read(&path).unwrap().classify(&rough).unwrap();
            assert_eq!(read, bicubic.classify(&rough).unwrap());
            assert_ne!(read, bilinear.classify(&rough).unwrap());
        }
        Weights::of(&small_cnn(16, 3, 1).unwrap()).write(&path).unwrap();
        assert!(Classifier::read(&path).unwrap_err().to_string().contains("no classifier"));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let network = resnet18(3, 0).unwrap();
        let build = |classes: &[&str], mode| {
            Classifier::new(&network, classes, &Transform::imagenet(), [32, 32], mode).map(|_| ())
        };
        assert!(build(&["a", "b"], ResizeMode::Squeeze).is_err());
        assert!(build(&["a", "b", "c"], ResizeMode::Fit).is_err());
    }
}
