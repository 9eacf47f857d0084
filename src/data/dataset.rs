//! Examples of pictures, metadata, texts and labels, one by one or in batches.

use crate::images::{ImageSet, Transform};
use crate::nn::Inputs;
use crate::table::FeatureMatrix;
use crate::tensor::tensor;
use crate::{Error, ErrorKind, Result};
use ndarray::{Array1, Array2, Array3, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::fmt;

/// Examples that know their number, each a picture, a row of metadata, a text, or several of these, with a label.
///
/// ```
/// use cuaderno::data::Dataset;
/// # fn main() -> cuaderno::Result<()> {
/// let set = Dataset::new(&[0, 1, 1], &["cat", "dog"])?;
/// assert_eq!((set.len(), set.class_counts()), (3, vec![1, 2]));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    labels: Vec<usize>,
    classes: Vec<String>,
    pictures: Option<Pictures>,
    features: Option<Array2<f32>>,
    tokens: Option<Array2<u32>>,
}

#[derive(Clone, Debug)]
struct Pictures {
    set: ImageSet,
    /// Which picture each example has.
    rows: Vec<usize>,
    transform: Transform,
}

/// One example of a [`Dataset`], as a network sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `[3, height, width]`.
    pub image: Option<Array3<f32>>,
    /// `[features]`.
    pub metadata: Option<Array1<f32>>,
    /// The numbers of the text's words, `[length]`.
    pub tokens: Option<Array1<u32>>,
    /// The class, an index into [`Dataset::classes`].
    pub label: usize,
}

impl fmt::Display for Item {
    /// The sizes: `picture [3, 128, 128], metadata [53], label 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(image) = &self.image {
            write!(f, "picture {:?}, ", image.shape())?;
        }
        if let Some(metadata) = &self.metadata {
            write!(f, "metadata {:?}, ", metadata.shape())?;
        }
        if let Some(tokens) = &self.tokens {
            write!(f, "text {:?}, ", tokens.shape())?;
        }
        write!(f, "label {}", self.label)
    }
}

impl Dataset {
    /// Examples with these labels, indices into `classes`.
    ///
    /// # Errors
    /// When a label is not a class.
    pub fn new(labels: &[usize], classes: &[&str]) -> Result<Self> {
        if let Some(row) = labels.iter().position(|label| *label >= classes.len()) {
            let problem = format!(
                "example {row} has the label {}, but there are {} classes",
                labels[row],
                classes.len()
            );
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("number the classes from 0 in the order of their names"));
        }
        let classes = classes.iter().map(ToString::to_string).collect();
        Ok(Self { labels: labels.to_vec(), classes, pictures: None, features: None, tokens: None })
    }

    /// Gives example i picture i, as values from 0 to 1; see [`Self::with_transform`].
    ///
    /// # Errors
    /// When there are not as many pictures as examples.
    pub fn with_images(mut self, set: &ImageSet) -> Result<Self> {
        self.same_length("pictures", set.len())?;
        let rows = (0..set.len()).collect();
        self.pictures = Some(Pictures { set: set.clone(), rows, transform: Transform::default() });
        Ok(self)
    }

    /// The same examples with their pictures changed by `transform`: with augmentation for training,
    /// without for the rest.
    pub fn with_transform(mut self, transform: &Transform) -> Self {
        if let Some(pictures) = &mut self.pictures {
            pictures.transform = transform.clone();
        }
        self
    }

    /// The examples `rows`, in that order: one part of a split.
    ///
    /// # Errors
    /// When there is no such example.
    pub fn subset(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|row| **row >= self.len()) {
            return Err(self.no_example(*row));
        }
        let pictures = self.pictures.as_ref().map(|pictures| Pictures {
            rows: rows.iter().map(|row| pictures.rows[*row]).collect(),
            ..pictures.clone()
        });
        Ok(Self {
            labels: rows.iter().map(|row| self.labels[*row]).collect(),
            classes: self.classes.clone(),
            pictures,
            features: self.features.as_ref().map(|features| features.select(Axis(0), rows)),
            tokens: self.tokens.as_ref().map(|tokens| tokens.select(Axis(0), rows)),
        })
    }

    fn no_example(&self, index: usize) -> Error {
        let problem = format!("there is no example {index}: the data set has {}", self.len());
        Error::new(ErrorKind::Parameter, problem)
    }

    /// Gives example i row i of `features`.
    ///
    /// # Errors
    /// When there are not as many rows as examples, or a value is NaN or infinite.
    pub fn with_features(mut self, features: &FeatureMatrix) -> Result<Self> {
        self.same_length("rows of metadata", features.values.nrows())?;
        if let Some(((row, column), value)) =
            features.values.indexed_iter().find(|(_, v)| !v.is_finite())
        {
            let name = features.names.get(column).cloned().unwrap_or_default();
            return Err(Error::new(
                ErrorKind::Numeric,
                format!("example {row} has the value {value}"),
            )
            .column(name)
            .help("fill nulls before scaling"));
        }
        self.features = Some(features.values.clone());
        Ok(self)
    }

    /// Gives example i the text in row i of `tokens`, `[examples, length]`: the numbers of its words, filled up to the
    /// common length with the number of the padding, as [`TextCnn`](crate::models::TextCnn) takes them.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// use ndarray::array;
    /// # fn main() -> cuaderno::Result<()> {
    /// let tokens = array![[4, 2, 0], [1, 5, 3]];
    /// let set = Dataset::new(&[0, 1], &["ham", "spam"])?.with_tokens(&tokens)?;
    /// assert_eq!(set.batch(&[1], 0, 0)?.0.tokens()?, array![[1, 5, 3]]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When there are not as many texts as examples, or their length is 0.
    pub fn with_tokens(mut self, tokens: &Array2<u32>) -> Result<Self> {
        self.same_length("texts", tokens.nrows())?;
        if tokens.ncols() == 0 {
            return Err(Error::new(ErrorKind::Shape, "the texts have a length of 0 words")
                .help("fill texts without words up with the padding"));
        }
        self.tokens = Some(tokens.clone());
        Ok(self)
    }

    fn same_length(&self, what: &str, found: usize) -> Result<()> {
        if found == self.labels.len() {
            return Ok(());
        }
        let problem = format!("{found} {what} for {} examples", self.labels.len());
        Err(Error::new(ErrorKind::Shape, problem))
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Whether the pictures differ from epoch to epoch.
    pub fn is_augmented(&self) -> bool {
        self.pictures.as_ref().is_some_and(|pictures| pictures.transform.is_random())
    }

    /// Hands what a network begins with to a hash: the pictures, the randomness of their augmentation aside, or where
    /// there are none the metadata.
    pub(crate) fn fingerprint(&self, add: &mut dyn FnMut(&[u8])) {
        let Some(pictures) = &self.pictures else {
            self.features.iter().flatten().for_each(|value| add(&value.to_bits().to_le_bytes()));
            return;
        };
        add(format!("{:?}", pictures.transform).as_bytes());
        add(&[pictures.set.height(), pictures.set.width()].map(usize::to_le_bytes).concat());
        for row in &pictures.rows {
            // Rows were checked when the examples got their pictures.
            add(pictures.set.pixels(*row).unwrap_or_default());
        }
    }

    /// The class of each example.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How many examples each class has.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        self.labels.iter().for_each(|label| counts[*label] += 1);
        counts
    }

    /// The number of metadata columns.
    pub fn feature_count(&self) -> usize {
        self.features.as_ref().map_or(0, Array2::ncols)
    }

    /// Example `index`, as the first epoch sees it.
    ///
    /// # Errors
    /// When there is no such example.
    pub fn item(&self, index: usize) -> Result<Item> {
        let Some(&label) = self.labels.get(index) else {
            return Err(self.no_example(index));
        };
        let image = self.pictures.as_ref().map(|pictures| {
            let shape = (3, pictures.set.height(), pictures.set.width());
            Array3::from_shape_vec(shape, self.pixels(pictures, &[index], 0, 0)?)
                .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
        });
        let metadata = self.features.as_ref().map(|features| features.row(index).to_owned());
        let tokens = self.tokens.as_ref().map(|tokens| tokens.row(index).to_owned());
        Ok(Item { image: image.transpose()?, metadata, tokens, label })
    }

    /// These examples as tensors, with their labels. `seed` and `epoch` decide on the augmentation.
    ///
    /// # Errors
    /// When there is no such example.
    pub fn batch(&self, indices: &[usize], seed: u64, epoch: u64) -> Result<(Inputs, Vec<usize>)> {
        if let Some(index) = indices.iter().find(|index| **index >= self.len()) {
            return Err(self.no_example(*index));
        }
        let images = self.pictures.as_ref().map(|pictures| {
            let shape = (indices.len(), 3, pictures.set.height(), pictures.set.width());
            tensor(self.pixels(pictures, indices, seed, epoch)?, shape)
        });
        let labels = indices.iter().map(|index| self.labels[*index]).collect();
        let inputs = Inputs { images: images.transpose()?, ..self.beside_pictures(indices)? };
        Ok((inputs, labels))
    }

    /// Of these examples, which must be there, all but the pictures.
    pub(crate) fn beside_pictures(&self, indices: &[usize]) -> Result<Inputs> {
        let features = self.features.as_ref().map(|features| {
            let values = indices.iter().flat_map(|index| features.row(*index).to_vec()).collect();
            tensor(values, (indices.len(), features.ncols()))
        });
        Ok(Inputs {
            features: features.transpose()?,
            tokens: self.tokens.as_ref().map(|tokens| tokens.select(Axis(0), indices)),
            ..Inputs::default()
        })
    }

    fn pixels(
        &self,
        pictures: &Pictures,
        indices: &[usize],
        seed: u64,
        epoch: u64,
    ) -> Result<Vec<f32>> {
        let rows: Vec<usize> = indices.iter().map(|index| pictures.rows[*index]).collect();
        let mut values = vec![0.0; rows.len() * pictures.set.numel()];
        pictures.set.fill_batch(&rows, &pictures.transform, seed, epoch, &mut values)?;
        Ok(values)
    }

    /// The examples of each batch of an epoch, in an order that depends on `seed` and `epoch` alone. The
    /// last batch takes the rest.
    pub fn shuffled_batches(&self, batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(epoch);
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut random);
        order.chunks(batch_size.max(1)).map(<[usize]>::to_vec).collect()
    }
}
