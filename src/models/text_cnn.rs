//! A convolutional network for short texts (Kim, 2014).

use crate::nn::{Conv1d, Dropout, Embedding, Init, Inputs, Layer, Linear, Model, Pass, Sequential};
use crate::tensor::{Tensor2, concat};
use crate::text::{Vocabulary, WordVectors};
use crate::{Error, ErrorKind, Result};
use dfdx::tensor::{PutTape, SplitTape};
use ndarray::{Array2, s};
use std::borrow::Cow;

/// Sizes of a [`TextCnn`]: vocabulary, word vectors, windows, filters, dropout and classes. The defaults are those of practice 3.
///
/// ```
/// use cuaderno::models::{TextCnn, TextCnnConfig};
/// # fn main() -> cuaderno::Result<()> {
/// let config = TextCnnConfig { words: 1000, dimensions: 50, windows: vec![2, 3], classes: 4, ..TextCnnConfig::default() };
/// let model = TextCnn::new(&config, 0)?;
/// assert_eq!((model.convolutions.len(), model.embedding.weight.shape()), (2, vec![1000, 50]));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TextCnnConfig {
    /// Vocabulary size, padding included.
    pub words: usize,
    /// Dimensions of the word vectors.
    pub dimensions: usize,
    /// Window sizes in words, one convolution each.
    pub windows: Vec<usize>,
    /// Filters of each convolution.
    pub filters: usize,
    /// Dropout probability before the classifier.
    pub dropout: f32,
    /// Number of classes.
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

/// A convolutional text classifier (Kim, 2014) from token ids `[batch, length]` to `[batch, classes]`: embedding, 1-D
/// convolutions over several window sizes, ReLU, maximum over time, dropout and a linear layer.
///
/// ```
/// use cuaderno::models::{TextCnn, TextCnnConfig};
/// use cuaderno::nn::{Inputs, Model, Pass};
/// # fn main() -> cuaderno::Result<()> {
/// let config = TextCnnConfig { words: 1000, dimensions: 50, classes: 4, ..TextCnnConfig::default() };
/// let model = TextCnn::new(&config, 0)?;
/// let inputs = Inputs { tokens: Some(ndarray::Array2::ones((2, 12))), ..Inputs::default() };
/// let logits = model.forward(&inputs, &Pass::inference())?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TextCnn {
    /// The word vectors; token id 0 is the padding.
    pub embedding: Embedding,
    /// One convolution per window size.
    pub convolutions: Vec<Conv1d>,
    /// Dropout and the classifier.
    pub head: Sequential,
}

impl TextCnn {
    /// A network with PyTorch's initial weights, which depend on `seed` alone.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a size is 0 or `dropout` is outside 0 to 1.
    pub fn new(config: &TextCnnConfig, seed: u64) -> Result<Self> {
        let mut init = Init::seed(seed);
        let embedding = Embedding::new(config.words, config.dimensions, Some(0), &mut init)?;
        Self::with_embedding(embedding, config, &mut init)
    }

    /// A network with pretrained word vectors, one row per word and row 0 for the padding, frozen until
    /// `unfreeze("embedding")`. `config.words` and `config.dimensions` are ignored.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_vectors(vectors: Array2<f32>, config: &TextCnnConfig, seed: u64) -> Result<Self> {
        let (words, dimensions) = vectors.dim();
        let config = TextCnnConfig { words, dimensions, ..config.clone() };
        Self::with_embedding(
            Embedding::pretrained(vectors, Some(0))?,
            &config,
            &mut Init::seed(seed),
        )
    }

    fn with_embedding(
        embedding: Embedding,
        config: &TextCnnConfig,
        init: &mut Init,
    ) -> Result<Self> {
        let TextCnnConfig { words, dimensions, filters, classes, .. } = *config;
        if [words, dimensions, filters, classes, config.windows.len()].contains(&0)
            || config.windows.contains(&0)
        {
            let problem =
                format!("every size of a text network must be at least 1, found {config:?}");
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let convolutions = config.windows.iter();
        let convolutions = convolutions
            .map(|window| Conv1d::new(dimensions, filters, *window, init))
            .collect::<Result<Vec<_>>>()?;
        let found = filters * convolutions.len();
        let head = Sequential::new()
            .named("dropout", Layer::Dropout(Dropout::new(config.dropout)?))
            .named("", Linear::new(found, classes, init)?);
        Ok(Self { embedding, convolutions, head })
    }
}

impl TextCnn {
    /// The word vectors as they are now, by the words of the vocabulary that the texts were encoded with.
    ///
    /// # Errors
    /// When the vocabulary and the embedding differ in their number of words, or a value is not finite.
    pub fn word_vectors(&self, vocabulary: &Vocabulary) -> Result<WordVectors> {
        let weight = &self.embedding.weight;
        let shape = weight.shape();
        let values = Array2::from_shape_vec((shape[0], shape[1]), weight.values().to_vec())
            .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
        WordVectors::of_embedding(vocabulary, &values)
    }

    /// Texts padded to the length that this batch needs: the longest text plus the widest window. Each text then has
    /// the windows that it would have at any greater length, and the same logits in any batch.
    fn padded<'a>(&self, tokens: &'a Array2<u32>) -> Cow<'a, Array2<u32>> {
        let Some(padding) = self.embedding.padding.map(|padding| padding as u32) else {
            return Cow::Borrowed(tokens);
        };
        let widest = self.convolutions.iter().map(|c| c.weight.shape()[2]).max().unwrap_or(1);
        let (texts, length) = tokens.dim();
        let used = |column: &usize| tokens.column(*column).iter().any(|token| *token != padding);
        let longest = (0..length).rev().find(used).map_or(0, |column| column + 1);
        if length < widest {
            let mut wider = Array2::from_elem((texts, widest), padding);
            wider.slice_mut(s![.., ..length]).assign(tokens);
            Cow::Owned(wider)
        } else if longest + widest < length {
            Cow::Owned(tokens.slice(s![.., ..longest + widest]).to_owned())
        } else {
            Cow::Borrowed(tokens)
        }
    }
}

impl Model for TextCnn {
    fn forward(&self, inputs: &Inputs, pass: &Pass) -> Result<Tensor2> {
        let tokens = self.padded(inputs.tokens()?);
        // A batch of texts repeats its words, and most of all the padding.
        let (words, texts) = pass.enter("embedding", || self.embedding.distinct(&tokens, pass))?;
        let (words, tape) = words.split_tape();
        let mut found: Option<Tensor2> = None;
        for (place, convolution) in self.convolutions.iter().enumerate() {
            let mine = words.clone().put_tape(tape.another());
            let name = format!("convolutions.{place}");
            let part = pass.enter(&name, || convolution.forward_max(mine, &texts, pass))?;
            found = Some(match found {
                Some(found) => concat(found, part)?,
                None => part,
            });
        }
        let Some(found) = found else {
            return Err(Error::new(
                ErrorKind::Parameter,
                "a text network needs at least one convolution",
            ));
        };
        let found = crate::tensor::joined(found, tape);
        pass.enter("head", || self.head.forward(found, pass)?.features())
    }

    crate::modules!(embedding, convolutions, head);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::read;

    #[test]
    fn padding_of_any_length_gives_the_same_answer() {
        let config = TextCnnConfig {
            words: 30,
            dimensions: 8,
            filters: 6,
            classes: 3,
            ..TextCnnConfig::default()
        };
        let model = TextCnn::new(&config, 3).unwrap();
        let answers = |tokens: Array2<u32>| {
            let inputs = Inputs { tokens: Some(tokens), ..Inputs::default() };
            let logits = model.forward(&inputs, &Pass::inference()).unwrap().split_tape().0;
            read(&logits).to_vec()
        };
        let short = ndarray::array![[5u32, 9, 0, 0, 0, 0, 0], [7, 8, 12, 0, 0, 0, 0]];
        let mut long = Array2::zeros((2, 40));
        long.slice_mut(s![.., ..7]).assign(&short);
        assert_eq!(answers(long), answers(short.clone()));
        let alone = answers(short.slice(s![..1, ..]).to_owned());
        assert_eq!(alone, answers(short)[..3]);
        // A text shorter than the widest window is padded to it.
        assert_eq!(answers(ndarray::array![[5u32, 9]]).len(), 3);
        assert!(answers(ndarray::array![[0u32]]).iter().all(|logit| logit.is_finite()));
    }
}
