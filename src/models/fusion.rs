//! Image, metadata and text branches, fused by concatenation or attention.

use crate::nn::{Dropout, Init, Inputs, Layer, Linear, Model, Pass, Sequential};
use crate::tensor::{
    Tensor2, Tensor3, attention_pool, concat, constant, fork, out_of_memory, plain, read, tensor,
};
use crate::{Error, ErrorKind, Result};
use dfdx::shapes::HasShape;
use dfdx::tensor_ops::ReshapeTo;
use ndarray::Array2;

/// Multimodal fusion: how the branches of a [`Fusion`] become one row of features.
///
/// ```
/// use cuaderno::models::{Fusion, FusionConfig, FusionKind};
/// use cuaderno::nn::Inputs;
/// use cuaderno::tensor::tensor;
/// # fn main() -> cuaderno::Result<()> {
/// let config = FusionConfig { metadata: 3, text: 2, kind: FusionKind::Attention, ..FusionConfig::default() };
/// let model = Fusion::new(None, &config, 0)?;
/// let inputs = Inputs { features: Some(tensor(vec![0.5; 3 + 2], (1, 5))?), ..Inputs::default() };
/// let weights = model.attention(&inputs)?; // of the metadata and of the text
/// assert_eq!(weights.shape(), [1, 2]);
/// assert!((weights.sum() - 1.0).abs() < 1e-6);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FusionKind {
    /// Side by side.
    #[default]
    Concat,
    /// Their mean weighted by a softmax over scores, one score per branch and example (attention pooling).
    Attention,
}

/// Sizes of a [`Fusion`]: images, columns of each branch, hidden layers, dropout and classes.
///
/// ```
/// use cuaderno::models::{Fusion, FusionConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let config = FusionConfig { metadata: 5, width: 16, classes: 3, ..FusionConfig::default() };
/// let model = Fusion::new(None, &config, 0)?;
/// assert_eq!(model.head.parameters()[0].1.shape(), [3, 16]);
/// assert!(Fusion::new(None, &FusionConfig { metadata: 0, ..config }, 0).is_err()); // no branch
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FusionConfig {
    /// Height and width of the images, which have three channels.
    pub pixels: usize,
    /// Columns of metadata: the first of a data set's features. 0 for no metadata branch.
    pub metadata: usize,
    /// Columns of text, such as TF-IDF: the features after the metadata. 0 for no text branch.
    pub text: usize,
    /// Columns of image features computed before: the features after the text. 0 for none; not together with a backbone.
    pub image_features: usize,
    /// Size of the hidden layer at the end of every branch. With 0 a branch has none, and `Concat` fuses its inputs.
    pub width: usize,
    /// Size of the hidden layer of the classifier, 0 for none.
    pub hidden: usize,
    /// Dropout of every branch's output and before the last layer.
    pub dropout: f32,
    /// Dropout of the inputs of the image and text branches.
    pub input_dropout: f32,
    /// The fusion of the branches.
    pub kind: FusionKind,
    /// Number of classes.
    pub classes: usize,
}

impl Default for FusionConfig {
    fn default() -> Self {
        Self {
            pixels: 128,
            metadata: 20,
            text: 0,
            image_features: 0,
            width: 64,
            hidden: 0,
            dropout: 0.3,
            input_dropout: 0.0,
            kind: FusionKind::Concat,
            classes: 12,
        }
    }
}

impl FusionConfig {
    fn check(&self) -> Result<()> {
        let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        if self.classes == 0 || self.pixels == 0 {
            return fail(format!(
                "`classes` and `pixels` must be at least 1, found {} and {}",
                self.classes, self.pixels
            ));
        }
        for (name, dropout) in [("dropout", self.dropout), ("input_dropout", self.input_dropout)] {
            if !(0.0..1.0).contains(&dropout) {
                return fail(format!("`{name}` must be at least 0 and below 1, found {dropout}"));
            }
        }
        if self.kind == FusionKind::Attention && self.width == 0 {
            return fail("`width` must be at least 1 for attention, found 0".to_string());
        }
        Ok(())
    }
}

/// A branch for each of the image, the metadata and the text, and a classifier on their fusion. Names of parameters begin
/// with `image`, `image_end`, `metadata`, `text`, `score` or `head`.
///
/// ```
/// use cuaderno::models::{Fusion, FusionConfig, FusionKind, small_cnn};
/// # fn main() -> cuaderno::Result<()> {
/// let image = small_cnn(32, 12, 0)?.backbone()?;
/// let config = FusionConfig { pixels: 32, metadata: 5, text: 100, kind: FusionKind::Attention, ..FusionConfig::default() };
/// let model = Fusion::new(Some(image), &config, 0)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Fusion {
    /// The backbone of the images; without layers where there is no image branch.
    pub image: Sequential,
    /// From the backbone's features to the fusion.
    pub image_end: Sequential,
    /// The metadata branch; without layers where there are no metadata.
    pub metadata: Sequential,
    /// The text branch; without layers where there is no text.
    pub text: Sequential,
    /// The scores of attention pooling, from a branch's output.
    pub score: Sequential,
    /// The classifier.
    pub head: Sequential,
    has_image: bool,
    columns: [usize; 3],
    kind: FusionKind,
}

impl Fusion {
    /// A network around this image backbone, which keeps its weights and what is frozen in it; `None` for no image
    /// branch. The weights of the other parts depend on `seed` alone.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a setting is out of range or there is no branch; [`ErrorKind::Shape`] when the
    /// backbone does not turn such images into rows of features.
    pub fn new(image: Option<Sequential>, config: &FusionConfig, seed: u64) -> Result<Self> {
        config.check()?;
        let mut init = Init::seed(seed);
        let has_image = image.is_some();
        if has_image && config.image_features > 0 {
            let problem = "expected an image backbone or `image_features`, found both";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let features = image.as_ref().map(|image| image_features(image, config.pixels));
        let sizes =
            [features.transpose()?.unwrap_or(config.image_features), config.metadata, config.text];
        let mut branches = Vec::new();
        for (place, size) in sizes.into_iter().enumerate() {
            let mut layers = Sequential::new();
            if size > 0 {
                // Metadata are few: dropping some would change what the rest mean.
                if place != 1 && config.input_dropout > 0.0 {
                    layers = layers.add(Dropout::new(config.input_dropout)?);
                }
                if config.width > 0 {
                    layers = layers
                        .add(Linear::new(size, config.width, &mut init)?)
                        .add(Layer::Relu)
                        .add(Dropout::new(config.dropout)?);
                }
            }
            branches.push(layers);
        }
        let used = sizes.iter().filter(|size| **size > 0).count();
        if used == 0 {
            let problem = "expected an image backbone, metadata or text, found no branch";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let mut fused = match (config.kind, config.width) {
            (FusionKind::Attention, width) => width,
            (FusionKind::Concat, 0) => sizes.iter().sum(),
            (FusionKind::Concat, width) => width * used,
        };
        let mut score = Sequential::new();
        if config.kind == FusionKind::Attention {
            score = score.add(Linear::new(config.width, 1, &mut init)?);
        }
        let mut head = Sequential::new();
        if config.hidden > 0 {
            head = head
                .add(Linear::new(fused, config.hidden, &mut init)?)
                .add(Layer::Relu)
                .add(Dropout::new(config.dropout)?);
            fused = config.hidden;
        }
        let head = head.add(Linear::new(fused, config.classes, &mut init)?);
        let [image_end, metadata, text] = <[Sequential; 3]>::try_from(branches).unwrap_or_default();
        Ok(Self {
            image: image.unwrap_or_default(),
            image_end,
            metadata,
            text,
            score,
            head,
            has_image,
            columns: [config.metadata, config.text, config.image_features],
            kind: config.kind,
        })
    }

    /// The outputs of the branches that there are, in the order image, metadata, text.
    fn branches(&self, inputs: &Inputs, pass: &Pass) -> Result<Vec<Tensor2>> {
        let mut found = Vec::new();
        if self.has_image {
            let made =
                pass.enter("image", || self.image.forward_inputs(inputs, pass)?.features())?;
            found.push(self.end("image_end", &self.image_end, made, pass)?);
        }
        let [metadata, text, image] = self.columns;
        let total = metadata + text + image;
        let branches = [
            (metadata + text, image, "image_end", &self.image_end),
            (0, metadata, "metadata", &self.metadata),
            (metadata, text, "text", &self.text),
        ];
        for (first, count, name, layers) in branches.into_iter().filter(|branch| branch.1 > 0) {
            let columns = columns(inputs, first, count, total)?;
            found.push(self.end(name, layers, columns, pass)?);
        }
        Ok(found)
    }

    fn end(&self, name: &str, layers: &Sequential, input: Tensor2, pass: &Pass) -> Result<Tensor2> {
        if layers.named_layers().is_empty() {
            return Ok(input);
        }
        pass.enter(name, || layers.forward(input, pass)?.features())
    }

    /// The weight of each branch in attention pooling, `[batch, branches]`, in the order image, metadata, text: how much
    /// each contributes to an example's features. All equal with concatenation.
    ///
    /// # Errors
    /// As [`Model::forward`].
    pub fn attention(&self, inputs: &Inputs) -> Result<Array2<f32>> {
        let pass = Pass::inference();
        let branches = self.branches(inputs, &pass)?;
        let rows = branches.first().map_or(0, |branch| branch.shape().0);
        let mut weights = Array2::from_elem((rows, branches.len()), 1.0 / branches.len() as f32);
        if self.kind == FusionKind::Attention {
            for (place, branch) in branches.into_iter().enumerate() {
                let scores = plain(self.score.forward(branch, &pass)?.features()?);
                weights
                    .column_mut(place)
                    .iter_mut()
                    .zip(read(&scores).iter())
                    .for_each(|(w, s)| *w = *s);
            }
            for mut row in weights.rows_mut() {
                let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                row.iter_mut().for_each(|w| *w = (*w - most).exp());
                let sum: f32 = row.iter().sum();
                row.iter_mut().for_each(|w| *w /= sum);
            }
        }
        Ok(weights)
    }

    /// The weighted mean of the branches' outputs.
    fn pooled(&self, branches: Vec<Tensor2>, pass: &Pass) -> Result<Tensor2> {
        let count = branches.len();
        let mut fused: Option<(Tensor2, Tensor2)> = None;
        for branch in branches {
            let [branch, copy] = fork(branch);
            let score = pass.enter("score", || self.score.forward(copy, pass)?.features())?;
            fused = Some(match fused {
                None => (branch, score),
                Some((branches, scores)) => (concat(branches, branch)?, concat(scores, score)?),
            });
        }
        let Some((values, scores)) = fused else {
            return Err(Error::new(ErrorKind::Parameter, "expected a branch, found none"));
        };
        let (rows, width) = *values.shape();
        let values: Tensor3 =
            values.try_reshape_like(&(rows, count, width / count)).map_err(out_of_memory)?;
        attention_pool(values, scores, None)
    }
}

impl Model for Fusion {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let branches = self.branches(inputs, pass)?;
        let fused = match self.kind {
            FusionKind::Attention => self.pooled(branches, pass)?,
            FusionKind::Concat => {
                let mut branches = branches.into_iter();
                let first = branches.next().ok_or_else(|| {
                    Error::new(ErrorKind::Parameter, "expected a branch, found none")
                })?;
                branches.try_fold(first, concat)?
            }
        };
        pass.enter("head", || self.head.forward(fused, pass)?.features())
    }

    fn backbone(&self) -> Option<(&str, &Sequential)> {
        self.has_image.then_some(("image", &self.image))
    }

    crate::modules!(image, image_end, metadata, text, score, head);
}

/// Number of features that a backbone computes of an image, found by running it on a black one.
fn image_features(image: &Sequential, pixels: usize) -> Result<usize> {
    let black = constant(&tensor(vec![0.0; 3 * pixels * pixels], (1, 3, pixels, pixels))?);
    let pass = Pass::inference();
    let shape = pass.enter("image", || image.forward(black, &pass))?.shape();
    match shape[..] {
        [_, features] => Ok(features),
        _ => Err(Error::new(
            ErrorKind::Shape,
            format!("expected a backbone that ends in `[batch, features]`, found {shape:?}"),
        )
        .help("add a GlobalAveragePool2d layer at its end, or take a network's `backbone()`")),
    }
}

/// Some columns of the features, which must have `total`.
fn columns(inputs: &Inputs, first: usize, count: usize, total: usize) -> Result<Tensor2> {
    let features = inputs.features()?;
    let (rows, found) = *features.shape();
    if found != total {
        let problem = format!("expected {total} columns of metadata and text, found {found}");
        return Err(Error::new(ErrorKind::Shape, problem)
            .help("set `metadata` and `text` of the configuration to the data set's columns"));
    }
    if count == total {
        return Ok(features);
    }
    let features = plain(features);
    let values = read(&features);
    let rows_of = values.chunks_exact(total).flat_map(|row| &row[first..first + count]);
    Ok(constant(&tensor(rows_of.copied().collect(), (rows, count))?))
}
