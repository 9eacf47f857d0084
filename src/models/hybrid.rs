//! A multimodal classifier: an image branch and a metadata branch.

use crate::nn::{
    Conv2d, Conv2dConfig, Dropout, Init, Inputs, Layer, Linear, MaxPool2d, Model, Pass, Sequential,
};
use crate::tensor::{Tensor2, concat, constant, tensor};
use crate::{Error, ErrorKind, Result};

/// Sizes of a [`Hybrid`]: images, convolutions, hidden layers, dropout and classes. The default is practice 1's model A for
/// three classes.
///
/// ```
/// use cuaderno::models::{Hybrid, HybridConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let config = HybridConfig { pixels: 32, filters: vec![8, 16], features: 6, ..HybridConfig::default() };
/// let model = Hybrid::new(&config, 0)?;
/// assert_eq!(model.image.parameters()[0].1.shape(), [8, 3, 3, 3]);
/// assert!(Hybrid::new(&HybridConfig { pixels: 2, ..config }, 0).is_err()); // too small to pool twice
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct HybridConfig {
    /// Channels of the images.
    pub channels: usize,
    /// Height and width of the images.
    pub pixels: usize,
    /// Channels of each 3×3 convolution of [`Hybrid::new`]'s image branch, each followed by ReLU and 2×2 max-pooling.
    pub filters: Vec<usize>,
    /// Number of metadata features.
    pub features: usize,
    /// Sizes of the hidden layers of the metadata branch.
    pub metadata: Vec<usize>,
    /// Size of the hidden layer of the classifier.
    pub hidden: usize,
    /// Dropout probability before the last layer.
    pub dropout: f32,
    /// Number of classes.
    pub classes: usize,
}

impl Default for HybridConfig {
    fn default() -> Self {
        Self {
            channels: 3,
            pixels: 128,
            filters: vec![32, 64, 128],
            features: 20,
            metadata: vec![64, 32],
            hidden: 128,
            dropout: 0.5,
            classes: 3,
        }
    }
}

impl HybridConfig {
    /// Checks that no size is 0 and the dropout is a probability.
    fn check(&self) -> Result<()> {
        let sizes = [self.channels, self.pixels, self.features, self.hidden, self.classes];
        if sizes.iter().chain(&self.metadata).any(|size| *size == 0) {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("every size of a hybrid network must be at least 1, found {self:?}"),
            ));
        }
        Ok(())
    }
}

/// A multimodal classifier: a network for the image `[batch, channels, height, width]` and a perceptron for the metadata
/// `[batch, features]`, concatenated before the classifier. Names of parameters start with `image`, `metadata` or `head`.
///
/// ```
/// use cuaderno::models::{Hybrid, HybridConfig};
/// use cuaderno::nn::{Inputs, Summary};
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let config = HybridConfig { pixels: 32, features: 6, classes: 4, ..HybridConfig::default() };
/// let model = Hybrid::new(&config, 0)?;
/// let inputs = Inputs {
///     images: Some(tensor(vec![0.5; 3 * 32 * 32], (1, 3, 32, 32))?),
///     features: Some(tensor(vec![0.0; 6], (1, 6))?),
///     ..Inputs::default()
/// };
/// println!("{}", Summary::new(&model, &inputs)?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Hybrid {
    /// The image branch.
    pub image: Sequential,
    /// The metadata branch.
    pub metadata: Sequential,
    /// The classifier on the concatenated features.
    pub head: Sequential,
}

impl Hybrid {
    /// A network with a small stack of convolutions as the image branch and PyTorch's initial weights, which depend on `seed`
    /// alone.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size is 0, the images are too small for the poolings, or `dropout` is outside 0 to 1.
    pub fn new(config: &HybridConfig, seed: u64) -> Result<Self> {
        let zero = config.filters.contains(&0);
        if zero || config.pixels.checked_shr(config.filters.len() as u32).unwrap_or(0) == 0 {
            let pixels = config.pixels;
            let problem = format!(
                "`filters` must be at least 1 each, and {pixels} pixels at least 2 to the power of their number, \
                     found {config:?}"
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        config.check()?;
        let mut init = Init::seed(seed);
        let mut image = Sequential::new();
        let mut channels = config.channels;
        for filters in &config.filters {
            let convolution = Conv2d::new(Conv2dConfig::same(channels, *filters, 3), &mut init)?;
            image = image.add(convolution).add(Layer::Relu).add(MaxPool2d::new(2));
            channels = *filters;
        }
        let side = config.pixels >> config.filters.len();
        Self::assemble(image.add(Layer::Flatten), channels * side * side, config, &mut init)
    }

    /// A network with any image branch: layers from `[batch, channels, pixels, pixels]` to `[batch, features]`, such as a
    /// network of the zoo without its head. The branch keeps its weights and frozen parameters; the other weights depend on
    /// `seed` alone. The number of image features is determined by running the branch on one black image; `config.filters` is
    /// ignored.
    ///
    /// ```
    /// use cuaderno::models::{Hybrid, HybridConfig, resnet18};
    /// use cuaderno::nn::Model;
    /// # fn main() -> cuaderno::Result<()> {
    /// let mut network = resnet18(1000, 0)?;
    /// // Pretrained::hub("timm/resnet18.tv_in1k").load_into(&mut network)?;
    /// network.freeze("")?;
    /// let config = HybridConfig { pixels: 64, features: 5, ..HybridConfig::default() };
    /// let mut model = Hybrid::with_branch(network.backbone()?, &config, 0)?;
    /// model.unfreeze("image.layer4")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size is 0 or `dropout` is outside 0 to 1; [`ErrorKind::Shape`] when the branch does not
    /// fit the images or its output is not `[batch, features]`.
    pub fn with_branch(image: Sequential, config: &HybridConfig, seed: u64) -> Result<Self> {
        config.check()?;
        let HybridConfig { channels, pixels, .. } = *config;
        let black = vec![0.0; channels * pixels * pixels];
        let black = constant(&tensor(black, (1, channels, pixels, pixels))?);
        let pass = Pass::inference();
        let made = pass.enter("image", || image.forward(black, &pass))?.shape();
        let [_, features] = made[..] else {
            let problem = format!(
                "the output of the image branch must be [batch, features], found {made:?} for an image of shape \
                 [1, {channels}, {pixels}, {pixels}]"
            );
            let last = image.named_layers().last();
            let last = last.map_or("image".to_string(), |(name, _)| format!("image.{name}"));
            return Err(Error::new(ErrorKind::Shape, problem).layer(last).help(
                "add `Layer::GlobalAveragePool2d` or `Layer::Flatten` at its end, or take a network's `backbone()`",
            ));
        };
        Self::assemble(image, features, config, &mut Init::seed(seed))
    }

    /// Builds the metadata branch and the classifier for an image branch with `features` outputs.
    fn assemble(
        image: Sequential,
        features: usize,
        config: &HybridConfig,
        init: &mut Init,
    ) -> Result<Self> {
        let mut metadata = Sequential::new();
        let mut columns = config.features;
        for size in &config.metadata {
            metadata = metadata.add(Linear::new(columns, *size, init)?).add(Layer::Relu);
            columns = *size;
        }
        let head = Sequential::new()
            .add(Linear::new(features + columns, config.hidden, init)?)
            .add(Layer::Relu)
            .add(Dropout::new(config.dropout)?)
            .add(Linear::new(config.hidden, config.classes, init)?);
        Ok(Self { image, metadata, head })
    }
}

impl Model for Hybrid {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let image = pass.enter("image", || self.image.forward_inputs(inputs, pass)?.features())?;
        let metadata =
            pass.enter("metadata", || self.metadata.forward(inputs.features()?, pass)?.features())?;
        pass.enter("head", || self.head.forward(concat(image, metadata)?, pass)?.features())
    }

    fn backbone(&self) -> Option<(&str, &Sequential)> {
        Some(("image", &self.image))
    }

    crate::modules!(image, metadata, head);
}
