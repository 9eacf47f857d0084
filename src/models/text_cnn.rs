//! A convolutional network for short texts (Kim, 2014).

use crate::nn::{Conv1d, Dropout, Embedding, Init, Inputs, Layer, Linear, Model, Pass, Sequential};
use crate::tensor::{Tensor2, concat};
use crate::{Error, ErrorKind, Result};
use dfdx::tensor::{PutTape, SplitTape};
use ndarray::Array2;

/// Sizes of a [`TextCnn`]. The default is practice 3's.
#[derive(Clone, Debug, PartialEq)]
pub struct TextCnnConfig {
    /// Words that have a vector, the padding among them.
    pub words: usize,
    /// Values of a word's vector.
    pub dimensions: usize,
    /// Words that a filter sees at a time: one convolution for each.
    pub windows: Vec<usize>,
    /// Filters of each convolution.
    pub filters: usize,
    /// Dropout before the classifier.
    pub dropout: f32,
    /// Classes to tell apart.
    pub classes: usize,
}

impl Default for TextCnnConfig {
    fn default() -> Self {
        Self {
            words: 50_000,
            dimensions: 300,
            windows: vec![2, 3, 4],
            filters: 100,
            dropout: 0.0,
            classes: 632,
        }
    }
}

/// Word vectors, filters of several widths, and for each the place where it answers most.
#[derive(Clone, Debug)]
pub struct TextCnn {
    /// The word vectors; token 0 is the padding.
    pub embedding: Embedding,
    /// One convolution a width.
    pub convolutions: Vec<Conv1d>,
    /// Dropout, and the classifier.
    pub head: Sequential,
}

impl TextCnn {
    /// A network with PyTorch's initial weights, which depend on `seed` alone.
    ///
    /// Errors when a size is 0.
    pub fn new(config: &TextCnnConfig, seed: u64) -> Result<Self> {
        let mut init = Init::seed(seed);
        let embedding = Embedding::new(config.words, config.dimensions, Some(0), &mut init)?;
        Self::on(embedding, config, &mut init)
    }

    /// The same with given word vectors, one row a word and row 0 for the padding, which stay as they are until
    /// `unfreeze("embedding")`. The sizes of `config` that they decide are not looked at.
    ///
    /// Errors when a size is 0.
    pub fn with_vectors(vectors: Array2<f32>, config: &TextCnnConfig, seed: u64) -> Result<Self> {
        let (words, dimensions) = vectors.dim();
        let config = TextCnnConfig { words, dimensions, ..config.clone() };
        Self::on(Embedding::pretrained(vectors, Some(0))?, &config, &mut Init::seed(seed))
    }

    fn on(embedding: Embedding, config: &TextCnnConfig, init: &mut Init) -> Result<Self> {
        let TextCnnConfig { words, dimensions, filters, classes, .. } = *config;
        if [words, dimensions, filters, classes, config.windows.len()].contains(&0)
            || config.windows.contains(&0)
        {
            let problem = format!("{config:?} has a size of 0");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let convolutions = config.windows.iter();
        let convolutions = convolutions
            .map(|window| Conv1d::new(dimensions, filters, *window, init))
            .collect::<Result<Vec<_>>>()?;
        let found = filters * convolutions.len();
        let head = Sequential::new()
            .named("dropout", Layer::Dropout(Dropout::new(config.dropout)))
            .named("", Linear::new(found, classes, init)?);
        Ok(Self { embedding, convolutions, head })
    }
}

impl Model for TextCnn {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let words = pass.enter("embedding", || self.embedding.forward(inputs.tokens()?, pass))?;
        let (words, tape) = words.split_tape();
        let mut found: Option<Tensor2> = None;
        for (place, convolution) in self.convolutions.iter().enumerate() {
            let mine = words.clone().put_tape(tape.another());
            let name = format!("convolutions.{place}");
            let part = pass.enter(&name, || convolution.forward_max(mine, pass))?;
            found = Some(match found {
                Some(found) => concat(found, part)?,
                None => part,
            });
        }
        let Some(found) = found else {
            return Err(Error::new(ErrorKind::Parameter, "a text network without convolutions"));
        };
        let found = crate::tensor::joined(found, tape);
        pass.enter("head", || self.head.forward(found, pass)?.features())
    }

    crate::parts!(embedding, convolutions, head);
}
