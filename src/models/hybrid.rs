//! A picture branch and a metadata branch, joined before the classifier.

use crate::nn::{
    Conv2d, Conv2dConfig, Dropout, Init, Inputs, Layer, Linear, MaxPool2d, Model, Parameter, Pass,
    Sequential, named, named_mut,
};
use crate::tensor::{Tensor2, concat};
use crate::{Error, ErrorKind, Result};

/// Sizes of a [`Hybrid`]. The default is practice 1's model A for three classes.
#[derive(Clone, Debug, PartialEq)]
pub struct HybridConfig {
    /// Channels of the pictures.
    pub channels: usize,
    /// Height and width of the pictures.
    pub pixels: usize,
    /// Channels of each convolution; every one is followed by ReLU and max-pooling of 2.
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

/// A small convolutional network for the picture and a perceptron for the metadata, concatenated just
/// before the classifier.
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
    /// A network with PyTorch's initial weights, which depend on `seed` alone.
    ///
    /// Errors when a size is 0, or the pictures are too small for the poolings.
    pub fn new(config: &HybridConfig, seed: u64) -> Result<Self> {
        let sizes =
            [config.channels, config.pixels, config.features, config.hidden, config.classes];
        let zero =
            sizes.iter().chain(&config.filters).chain(&config.metadata).any(|size| *size == 0);
        if zero || config.pixels >> config.filters.len() == 0 {
            return Err(Error::new(
                ErrorKind::Parameter,
                format!(
                    "{config:?} has a size of 0, or more poolings than {} pixels allow",
                    config.pixels
                ),
            ));
        }
        let mut init = Init::seed(seed);
        let mut image = Sequential::new();
        let mut channels = config.channels;
        for filters in &config.filters {
            let convolution = Conv2d::new(Conv2dConfig::same(channels, *filters, 3), &mut init)?;
            image = image.add(convolution).add(Layer::Relu).add(MaxPool2d::new(2));
            channels = *filters;
        }
        image = image.add(Layer::Flatten);
        let mut metadata = Sequential::new();
        let mut features = config.features;
        for size in &config.metadata {
            metadata = metadata.add(Linear::new(features, *size, &mut init)?).add(Layer::Relu);
            features = *size;
        }
        let side = config.pixels >> config.filters.len();
        let joined = channels * side * side + features;
        let head = Sequential::new()
            .add(Linear::new(joined, config.hidden, &mut init)?)
            .add(Layer::Relu)
            .add(Dropout::new(config.dropout))
            .add(Linear::new(config.hidden, config.classes, &mut init)?);
        Ok(Self { image, metadata, head })
    }
}

impl Model for Hybrid {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let image =
            pass.enter("image", || self.image.forward(inputs.images()?, pass)?.features())?;
        let metadata =
            pass.enter("metadata", || self.metadata.forward(inputs.features()?, pass)?.features())?;
        pass.enter("head", || self.head.forward(concat(image, metadata)?, pass)?.features())
    }

    fn parameters(&self) -> Vec<(String, &Parameter)> {
        let mut all = named("image", self.image.parameters());
        all.extend(named("metadata", self.metadata.parameters()));
        all.extend(named("head", self.head.parameters()));
        all
    }

    fn parameters_mut(&mut self) -> Vec<(String, &mut Parameter)> {
        let mut all = named_mut("image", self.image.parameters_mut());
        all.extend(named_mut("metadata", self.metadata.parameters_mut()));
        all.extend(named_mut("head", self.head.parameters_mut()));
        all
    }

    fn boxed_clone(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}
