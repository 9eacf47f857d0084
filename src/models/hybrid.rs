//! A picture branch and a metadata branch, joined before the classifier.

use crate::nn::{
    Conv2d, Conv2dConfig, Dropout, Init, Inputs, Layer, Linear, MaxPool2d, Model, Pass, Sequential,
};
use crate::tensor::{Tensor2, concat, constant, tensor};
use crate::{Error, ErrorKind, Result};

/// Sizes of a [`Hybrid`]. The default is practice 1's model A for three classes.
#[derive(Clone, Debug, PartialEq)]
pub struct HybridConfig {
    /// Channels of the pictures.
    pub channels: usize,
    /// Height and width of the pictures.
    pub pixels: usize,
    /// Channels of each convolution of [`Hybrid::new`]'s picture branch; every one is followed by ReLU and max-pooling of 2.
    pub filters: Vec<usize>,
    /// Columns of metadata.
    pub features: usize,
    /// Sizes of the hidden layers of the metadata branch.
    pub metadata: Vec<usize>,
    /// Size of the hidden layer of the classifier.
    pub hidden: usize,
    /// Dropout before the last layer.
    pub dropout: f32,
    /// Classes to tell apart.
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
    /// That no size that every hybrid network has is 0.
    fn check(&self) -> Result<()> {
        let sizes = [self.channels, self.pixels, self.features, self.hidden, self.classes];
        if sizes.iter().chain(&self.metadata).any(|size| *size == 0) {
            return Err(Error::new(ErrorKind::Parameter, format!("{self:?} has a size of 0")));
        }
        Ok(())
    }
}

/// A network for the picture and a perceptron for the metadata, concatenated just before the classifier. Names of
/// parameters begin with `image`, `metadata` or `head`.
#[derive(Clone, Debug)]
pub struct Hybrid {
    /// The picture branch.
    pub image: Sequential,
    /// The metadata branch.
    pub metadata: Sequential,
    /// The classifier on both.
    pub head: Sequential,
}

impl Hybrid {
    /// A network whose picture branch is a small stack of convolutions, with PyTorch's initial weights, which depend on
    /// `seed` alone.
    ///
    /// Errors when a size is 0, or the pictures are too small for the poolings.
    pub fn new(config: &HybridConfig, seed: u64) -> Result<Self> {
        let zero = config.filters.contains(&0);
        if zero || config.pixels.checked_shr(config.filters.len() as u32).unwrap_or(0) == 0 {
            let pixels = config.pixels;
            let problem =
                format!("{config:?} has a size of 0, or more poolings than {pixels} pixels allow");
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
        Self::join(image.add(Layer::Flatten), channels * side * side, config, &mut init)
    }

    /// The same around any picture branch: layers that make of pictures `[batch, channels, pixels, pixels]` features
    /// `[batch, features]`, such as a network of the zoo without its head. It keeps its weights and what is frozen in it;
    /// those of the other parts depend on `seed` alone. How many features it makes is found out by running it once, on
    /// one black picture. `config.filters` is not looked at.
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
    /// When a size is 0, the branch cannot take such pictures, or what it makes of them is not features.
    pub fn with_branch(image: Sequential, config: &HybridConfig, seed: u64) -> Result<Self> {
        config.check()?;
        let HybridConfig { channels, pixels, .. } = *config;
        let black = vec![0.0; channels * pixels * pixels];
        let black = constant(&tensor(black, (1, channels, pixels, pixels))?);
        let pass = Pass::inference();
        let made = pass.enter("image", || image.forward(black, &pass))?.shape();
        let [_, features] = made[..] else {
            let problem = format!(
                "the picture branch makes {made:?} of a picture [1, {channels}, {pixels}, {pixels}], \
                 expected [batch, features]"
            );
            let last = image.named_layers().last();
            let last = last.map_or("image".to_string(), |(name, _)| format!("image.{name}"));
            return Err(Error::new(ErrorKind::Shape, problem).layer(last).help(
                "add a GlobalAveragePool2d or Flatten layer at its end, or take a network's `backbone()`",
            ));
        };
        Self::join(image, features, config, &mut Init::seed(seed))
    }

    /// The branch for the metadata beside one that makes `features` of each picture, and the classifier on both.
    fn join(
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
            .add(Dropout::new(config.dropout))
            .add(Linear::new(config.hidden, config.classes, init)?);
        Ok(Self { image, metadata, head })
    }
}

impl Model for Hybrid {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let image = pass.enter("image", || self.image.begin(inputs, pass)?.features())?;
        let metadata =
            pass.enter("metadata", || self.metadata.forward(inputs.features()?, pass)?.features())?;
        pass.enter("head", || self.head.forward(concat(image, metadata)?, pass)?.features())
    }

    fn beginning(&self) -> Option<(&str, &Sequential)> {
        Some(("image", &self.image))
    }

    crate::parts!(image, metadata, head);
}
