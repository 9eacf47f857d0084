//! A labeled data set, read example by example or in batches.

use super::label_encoder::LabelEncoder;
use super::sampler::Sampler;
use super::targets::Targets;
use super::tokens::Tokens;
use crate::images::{ImageSet, Transform};
use crate::nn::Inputs;
use crate::table::{FeatureMatrix, Table};
use crate::tensor::tensor;
use crate::text::TokenFile;
use crate::{Error, ErrorKind, Result};
use ndarray::{Array1, Array2, Array3, Axis};
use std::fmt;

/// A labeled data set; each example has an image, features, tokens, or several of these.
///
/// The target is one class per example ([`Dataset::new`]), several ([`Dataset::multi_label`]) or numbers
/// ([`Dataset::regression`]).
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
    targets: Targets,
    /// The first class of each example of a multi-label set, 0 where there is none; else as the targets.
    labels: Vec<usize>,
    classes: Vec<String>,
    weights: Option<Vec<f32>>,
    sampler: Sampler,
    images: Option<Images>,
    features: Option<Array2<f32>>,
    tokens: Option<Tokens>,
}

#[derive(Clone, Debug)]
struct Images {
    set: ImageSet,
    /// Row of each example's image in `set`.
    rows: Vec<usize>,
    transform: Transform,
}

/// One example of a [`Dataset`], as a network reads it.
///
/// ```
/// use cuaderno::data::Dataset;
/// use ndarray::array;
/// let set = Dataset::new(&[1], &["ham", "spam"])?.with_tokens(&array![[4, 2, 0]])?;
/// let item = set.item(0)?;
/// assert_eq!((item.label, item.tokens), (1, Some(array![4, 2, 0])));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `[3, height, width]`.
    pub image: Option<Array3<f32>>,
    /// `[features]`.
    pub metadata: Option<Array1<f32>>,
    /// Token ids of the text, `[length]`.
    pub tokens: Option<Array1<u32>>,
    /// The class, an index into [`Dataset::classes`]; see [`Dataset::labels`] for other targets.
    pub label: usize,
}

impl fmt::Display for Item {
    /// The sizes: `image [3, 128, 128], metadata [53], label 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(image) = &self.image {
            write!(f, "image {:?}, ", image.shape())?;
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
    /// Examples of one class each: `labels` are indices into `classes`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a label is not a class.
    pub fn new(labels: &[usize], classes: &[&str]) -> Result<Self> {
        Ok(Self::of(Targets::classes(labels, classes.len())?, classes))
    }

    /// Examples of any number of classes each: `labels[i]` lists the classes of example i, none for an empty list.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// # fn main() -> cuaderno::Result<()> {
    /// let set = Dataset::multi_label(&[vec![0, 1], vec![1]], &["history", "art"])?;
    /// assert_eq!(set.class_counts(), vec![1, 2]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a label is not a class.
    pub fn multi_label(labels: &[Vec<usize>], classes: &[&str]) -> Result<Self> {
        Ok(Self::of(Targets::multi_label(labels, classes.len())?, classes))
    }

    /// Examples with numeric targets `[examples, outputs]`, one name per output.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// use ndarray::array;
    /// # fn main() -> cuaderno::Result<()> {
    /// let set = Dataset::regression(&array![[3.5], [4.25]], &["rating"])?;
    /// assert_eq!((set.len(), set.outputs()), (2, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are not as many names as columns; [`ErrorKind::Numeric`] when a target is not
    /// finite.
    pub fn regression(targets: &Array2<f32>, names: &[&str]) -> Result<Self> {
        Ok(Self::of(Targets::values(targets, names)?, names))
    }

    /// Examples of one class each, read from a column of text, whole numbers or booleans; the classes are its distinct
    /// values in sorted order.
    ///
    /// ```
    /// use cuaderno::{data::Dataset, table::Table};
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("kind", vec!["dog", "cat", "dog"].into())])?;
    /// let set = Dataset::from_column(&table, "kind")?;
    /// assert_eq!((set.classes(), set.labels()), (&["cat".to_string(), "dog".to_string()][..], &[1, 0, 1][..]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`LabelEncoder::fit`](super::LabelEncoder::fit).
    pub fn from_column(table: &Table, column: &str) -> Result<Self> {
        let encoder = LabelEncoder::fit(table, column)?;
        let classes: Vec<&str> = encoder.classes().iter().map(String::as_str).collect();
        Self::new(&encoder.transform(table, column)?, &classes)
    }

    fn of(targets: Targets, classes: &[&str]) -> Self {
        let labels = match &targets {
            Targets::Classes(labels) => labels.clone(),
            Targets::MultiLabel(values) => {
                let first = |row: ndarray::ArrayView1<f32>| row.iter().position(|v| *v > 0.0);
                values.rows().into_iter().map(|row| first(row).unwrap_or(0)).collect()
            }
            Targets::Values(values) => vec![0; values.nrows()],
        };
        Self {
            targets,
            labels,
            classes: classes.iter().map(ToString::to_string).collect(),
            weights: None,
            sampler: Sampler::default(),
            images: None,
            features: None,
            tokens: None,
        }
    }

    /// Weighs example i by `weights[i]` in the loss, as scikit-learn's `sample_weight`: `Σ wᵢ lᵢ / Σ wᵢ` over a batch
    /// and over an epoch, where Keras divides by the number of examples. Accuracy and metrics count all alike.
    ///
    /// ```
    /// use cuaderno::data::Dataset;
    /// # fn main() -> cuaderno::Result<()> {
    /// let set = Dataset::new(&[0, 1, 1], &["cat", "dog"])?.with_weights(&[1.0, 0.5, 2.0])?;
    /// assert_eq!(set.subset(&[2])?.weights(), Some(&[2.0][..]));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are not as many weights as examples; [`ErrorKind::Parameter`] when a weight is
    /// negative or not finite, or all are 0.
    pub fn with_weights(mut self, weights: &[f32]) -> Result<Self> {
        self.same_length("weights", weights.len())?;
        if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0))
        {
            let problem = format!("expected a finite weight of at least 0, found {}", weights[row]);
            return Err(Error::new(ErrorKind::Parameter, format!("example {row}: {problem}")));
        }
        if !weights.is_empty() && weights.iter().all(|weight| *weight == 0.0) {
            return Err(Error::new(
                ErrorKind::Parameter,
                "expected an example weight above 0, found only zeros",
            ));
        }
        self.weights = Some(weights.to_vec());
        Ok(self)
    }

    /// Draws the examples of every epoch with this sampler.
    ///
    /// ```
    /// use cuaderno::data::{Dataset, Sampler};
    /// # fn main() -> cuaderno::Result<()> {
    /// let set = Dataset::new(&[0, 1], &["a", "b"])?.with_sampler(&Sampler::Weighted(vec![0.0, 1.0]))?;
    /// assert_eq!(set.shuffled_batches(2, 0, 0), [[1, 1]]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When a weight is negative or not finite, all are 0, or there is not one per example.
    pub fn with_sampler(mut self, sampler: &Sampler) -> Result<Self> {
        sampler.check(self.len())?;
        self.sampler = sampler.clone();
        Ok(self)
    }

    /// Gives example i image i, as values from 0 to 1; see [`Self::with_transform`].
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are not as many images as examples.
    pub fn with_images(mut self, set: &ImageSet) -> Result<Self> {
        self.same_length("images", set.len())?;
        let rows = (0..set.len()).collect();
        self.images = Some(Images { set: set.clone(), rows, transform: Transform::default() });
        Ok(self)
    }

    /// The same examples with `transform` applied to their images: with augmentation for training, without for
    /// validation and test.
    pub fn with_transform(mut self, transform: &Transform) -> Self {
        if let Some(images) = &mut self.images {
            images.transform = transform.clone();
        }
        self
    }

    /// The examples `rows`, in that order: one part of a split, or a sample in which examples repeat.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no such example.
    pub fn subset(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|row| **row >= self.len()) {
            return Err(self.no_example(*row));
        }
        let images = self.images.as_ref().map(|images| Images {
            rows: rows.iter().map(|row| images.rows[*row]).collect(),
            ..images.clone()
        });
        Ok(Self {
            targets: self.targets.select(rows)?,
            labels: rows.iter().map(|row| self.labels[*row]).collect(),
            classes: self.classes.clone(),
            weights: self
                .weights
                .as_ref()
                .map(|weights| rows.iter().map(|row| weights[*row]).collect()),
            sampler: self.sampler.select(rows),
            images,
            features: self.features.as_ref().map(|features| features.select(Axis(0), rows)),
            tokens: self.tokens.as_ref().map(|tokens| tokens.select(rows)),
        })
    }

    fn no_example(&self, index: usize) -> Error {
        let problem = format!(
            "expected an example below {}, the size of the data set, found {index}",
            self.len()
        );
        Error::new(ErrorKind::Parameter, problem)
    }

    /// Gives example i row i of `features`.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are not as many rows as examples; [`ErrorKind::Numeric`] when a value is not finite.
    pub fn with_features(mut self, features: &FeatureMatrix) -> Result<Self> {
        self.same_length("rows of metadata", features.values.nrows())?;
        if let Some(((row, column), value)) =
            features.values.indexed_iter().find(|(_, v)| !v.is_finite())
        {
            let name = features.names.get(column).cloned().unwrap_or_default();
            return Err(Error::new(
                ErrorKind::Numeric,
                format!("expected a finite value for example {row}, found {value}"),
            )
            .column(name)
            .help("fill nulls before scaling"));
        }
        self.features = Some(features.values.clone());
        Ok(self)
    }

    /// Gives example i the text in row i of `tokens`, `[examples, length]`: token ids, padded to a common length, as
    /// [`TextCnn`](crate::models::TextCnn) reads them.
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
    /// [`ErrorKind::Shape`] when there are not as many texts as examples, or their length is 0.
    pub fn with_tokens(mut self, tokens: &Array2<u32>) -> Result<Self> {
        self.same_length("texts", tokens.nrows())?;
        if tokens.ncols() == 0 {
            return Err(Error::new(
                ErrorKind::Shape,
                "expected texts of at least 1 token, found 0",
            )
            .help("pad texts without words"));
        }
        self.tokens = Some(Tokens::Memory(tokens.clone()));
        Ok(self)
    }

    /// Gives example i text i of a file, which is read as batches ask for it: as [`Self::with_tokens`], for more texts than
    /// memory holds. See [`TokenFile`].
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are not as many texts as examples.
    pub fn with_token_file(mut self, tokens: &TokenFile) -> Result<Self> {
        self.same_length("texts", tokens.len())?;
        self.tokens = Some(Tokens::File(tokens.clone(), (0..tokens.len()).collect()));
        Ok(self)
    }

    fn same_length(&self, what: &str, found: usize) -> Result<()> {
        if found == self.labels.len() {
            return Ok(());
        }
        let problem = format!("expected {} {what}, one per example, found {found}", self.len());
        Err(Error::new(ErrorKind::Shape, problem))
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns `true` if there are no examples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Returns `true` if the images are augmented, and so differ from epoch to epoch.
    pub fn is_augmented(&self) -> bool {
        self.images.as_ref().is_some_and(|images| images.transform.is_random())
    }

    /// Feeds the inputs of a network's first layers to a hash: the images with their transform (not its random draws), or
    /// the metadata where there are no images.
    pub(crate) fn fingerprint(&self, add: &mut dyn FnMut(&[u8])) {
        let Some(images) = &self.images else {
            self.features.iter().flatten().for_each(|value| add(&value.to_bits().to_le_bytes()));
            return;
        };
        add(format!("{:?}", images.transform).as_bytes());
        add(&[images.set.height(), images.set.width()].map(usize::to_le_bytes).concat());
        let mut buffer = Vec::new();
        for row in &images.rows {
            // Rows were checked when the examples got their images.
            add(images.set.read(*row, &mut buffer).unwrap_or_default());
        }
    }

    /// Returns `true` if the examples have images.
    #[cfg(not(feature = "cuda"))]
    pub(crate) fn has_images(&self) -> bool {
        self.images.is_some()
    }

    /// Hands everything that training depends on to a hash.
    pub(crate) fn fingerprint_all(&self, add: &mut dyn FnMut(&[u8])) {
        self.fingerprint(add);
        add(format!("{:?} {:?}", self.classes, self.sampler).as_bytes());
        self.labels.iter().for_each(|label| add(&label.to_le_bytes()));
        let mut floats = |values: &[f32]| {
            values.iter().for_each(|value| add(&value.to_bits().to_le_bytes()));
        };
        if let Targets::MultiLabel(values) | Targets::Values(values) = &self.targets {
            floats(values.as_slice().unwrap_or_default());
        }
        floats(self.weights.as_deref().unwrap_or_default());
        self.features.iter().flatten().for_each(|value| add(&value.to_bits().to_le_bytes()));
        if let Some(tokens) = &self.tokens {
            tokens.fingerprint(add);
        }
    }

    /// The class of each example; of a multi-label set the first of its classes, 0 where it has none. See
    /// [`Self::targets`] for all.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The targets of all examples.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The weight of each example in the loss; none where all weigh 1.
    pub fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    /// Number of outputs of a network for this data set: one per class, or per numeric target.
    pub fn outputs(&self) -> usize {
        self.classes.len()
    }

    /// Names of the classes, or of the numeric targets.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Number of examples of each class; of a multi-label set an example counts for each of its classes. Empty for
    /// numeric targets.
    pub fn class_counts(&self) -> Vec<usize> {
        match &self.targets {
            Targets::Classes(labels) => {
                let mut counts = vec![0; self.classes.len()];
                labels.iter().for_each(|label| counts[*label] += 1);
                counts
            }
            Targets::MultiLabel(values) => values
                .columns()
                .into_iter()
                .map(|column| column.iter().filter(|value| **value > 0.0).count())
                .collect(),
            Targets::Values(_) => Vec::new(),
        }
    }

    /// The metadata, `[examples, features]`.
    pub fn features(&self) -> Option<&Array2<f32>> {
        self.features.as_ref()
    }

    /// Overwrites the metadata of the examples from `first` on.
    pub(super) fn replace_features(&mut self, first: usize, rows: &[Vec<f32>]) {
        if let Some(features) = &mut self.features {
            for (mut row, values) in features.rows_mut().into_iter().skip(first).zip(rows) {
                row.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Number of metadata columns.
    pub fn feature_count(&self) -> usize {
        self.features.as_ref().map_or(0, Array2::ncols)
    }

    /// Example `index`, as in the first epoch.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no such example.
    pub fn item(&self, index: usize) -> Result<Item> {
        let Some(&label) = self.labels.get(index) else {
            return Err(self.no_example(index));
        };
        let image = self.images.as_ref().map(|images| {
            let shape = (3, images.set.height(), images.set.width());
            Array3::from_shape_vec(shape, self.pixels(images, &[index], 0, 0)?)
                .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
        });
        let metadata = self.features.as_ref().map(|features| features.row(index).to_owned());
        let tokens = self.tokens.as_ref().map(|tokens| tokens.read(&[index])).transpose()?;
        let tokens = tokens.map(|tokens| tokens.row(0).to_owned());
        Ok(Item { image: image.transpose()?, metadata, tokens, label })
    }

    /// These examples as tensors, with their labels. `seed` and `epoch` determine the augmentation.
    /// [`Targets::select`] gives other targets than classes.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no such example.
    pub fn batch(&self, indices: &[usize], seed: u64, epoch: u64) -> Result<(Inputs, Vec<usize>)> {
        if let Some(index) = indices.iter().find(|index| **index >= self.len()) {
            return Err(self.no_example(*index));
        }
        let images = self.images.as_ref().map(|images| {
            let shape = (indices.len(), 3, images.set.height(), images.set.width());
            tensor(self.pixels(images, indices, seed, epoch)?, shape)
        });
        let labels = indices.iter().map(|index| self.labels[*index]).collect();
        let inputs = Inputs { images: images.transpose()?, ..self.beside_images(indices)? };
        Ok((inputs, labels))
    }

    /// All inputs but the images of these examples, whose indices the caller has checked.
    pub(crate) fn beside_images(&self, indices: &[usize]) -> Result<Inputs> {
        let features = self.features.as_ref().map(|features| {
            let values = indices.iter().flat_map(|index| features.row(*index).to_vec()).collect();
            tensor(values, (indices.len(), features.ncols()))
        });
        Ok(Inputs {
            features: features.transpose()?,
            tokens: self.tokens.as_ref().map(|tokens| tokens.read(indices)).transpose()?,
            ..Inputs::default()
        })
    }

    fn pixels(
        &self,
        images: &Images,
        indices: &[usize],
        seed: u64,
        epoch: u64,
    ) -> Result<Vec<f32>> {
        let rows: Vec<usize> = indices.iter().map(|index| images.rows[*index]).collect();
        let mut values = vec![0.0; rows.len() * images.set.numel()];
        images.set.fill_batch(&rows, &images.transform, seed, epoch, &mut values)?;
        Ok(values)
    }

    /// Indices of the examples of each batch of an epoch, in an order that depends on `seed` and `epoch` alone. The last
    /// batch has the remainder.
    pub fn shuffled_batches(&self, batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
        let order = self.sampler.order(&self.labels, seed, epoch);
        order.chunks(batch_size.max(1)).map(<[usize]>::to_vec).collect()
    }
}
