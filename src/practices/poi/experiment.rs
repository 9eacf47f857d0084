//! Models of practices 1B and 2 on one data set: branches of image features, metadata and text, fused early or late.

use super::category::tf_idf;
use super::similarity::{Places, SimilarityConfig};
use crate::data::{ClassWeighting, Dataset, Fold};
use crate::models::{Fusion, FusionConfig};
use crate::table::{FeatureMatrix, Preprocessor, Table};
use crate::tensor::LossOptions;
use crate::train::{
    CrossValidation, Evaluation, History, Learner, Silent, TrainConfig, cross_validate,
};
use crate::{Error, ErrorKind, Result};
use ndarray::{Array2, Axis, concatenate};

/// The smallest probability that counts in late fusion.
const SMALLEST: f32 = 1e-4;

/// A source of information about a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The backbone's features of the image.
    Image,
    /// Columns of the table.
    Metadata,
    /// TF-IDF of name, description and tags.
    Text,
    /// The mean of the text's word vectors.
    Vectors,
}

/// Resampling that gives rare classes more weight among the training examples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Resampling {
    /// As they are.
    #[default]
    None,
    /// See [`Dataset::oversampled`].
    Over(f64),
    /// See [`Dataset::undersampled`].
    Under(usize),
    /// See [`Dataset::smote`], with five neighbors.
    Smote(f64),
    /// See [`Dataset::mixup`], with this many mixed examples for each real one.
    Mixup(f64),
}

/// One model and how it is trained.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The name in tables and figures.
    pub name: String,
    /// The branches; with `late` each with its weight.
    pub branches: Vec<(Branch, f32)>,
    /// Late fusion: a network per branch, whose log-probabilities are summed with the branches' weights. Otherwise one
    /// network of all branches.
    pub late: bool,
    /// Sizes of the network; the columns are set by the experiment.
    pub fusion: FusionConfig,
    /// Width of the metadata branch in late fusion, which has no linear answer.
    pub metadata_width: usize,
    /// Length that rows of image features, text and vectors are scaled to.
    pub scales: [f32; 3],
    /// Settings of the training.
    pub train: TrainConfig,
    /// Number of epochs.
    pub epochs: usize,
    /// Class weights of the loss.
    pub weighting: Option<ClassWeighting>,
    /// Resampling of the training rows.
    pub resampling: Resampling,
    /// Networks of different seeds whose probabilities are averaged.
    pub ensemble: usize,
    /// A classifier by the similarity of places in place of a network; of the other settings only the name then counts.
    pub similarity: Option<SimilarityConfig>,
}

impl Recipe {
    /// A network of these branches, fused by concatenation.
    pub fn new(name: impl Into<String>, branches: &[Branch]) -> Self {
        Self {
            name: name.into(),
            branches: branches.iter().map(|branch| (*branch, 1.0)).collect(),
            late: false,
            fusion: FusionConfig::default(),
            metadata_width: 32,
            scales: [1.0; 3],
            train: TrainConfig { batch_size: 64, keep_best: false, ..TrainConfig::default() },
            epochs: 20,
            weighting: None,
            resampling: Resampling::None,
            ensemble: 1,
            similarity: None,
        }
    }

    /// A classifier by the similarity of places: text, metadata and location. It has no epochs, and its result does not
    /// depend on a seed.
    ///
    /// ```
    /// use cuaderno::practices::poi::{Recipe, SimilarityConfig};
    /// let config = SimilarityConfig { regularization: 2.0, ..SimilarityConfig::default() };
    /// assert_eq!(Recipe::similarity("similar places", &config).similarity, Some(config));
    /// ```
    pub fn similarity(name: impl Into<String>, config: &SimilarityConfig) -> Self {
        Self {
            similarity: Some(config.clone()),
            ..Self::new(name, &[Branch::Metadata, Branch::Text])
        }
    }
}

/// A data set with all its branches.
#[derive(Clone, Debug)]
pub struct Experiment {
    table: Table,
    preprocessor: Preprocessor,
    labels: Vec<usize>,
    classes: Vec<String>,
    texts: Vec<String>,
    vectors: Option<Array2<f32>>,
    images: Option<Array2<f32>>,
    listed: Option<Vec<Vec<usize>>>,
}

impl Experiment {
    /// Rows of a table with a class each; `preprocessor` is fitted on the training rows of every run.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one label per row.
    pub fn new(
        table: &Table,
        labels: &[usize],
        classes: &[&str],
        preprocessor: &Preprocessor,
    ) -> Result<Self> {
        same_rows(table.rows(), labels.len(), "labels")?;
        Ok(Self {
            table: table.clone(),
            preprocessor: preprocessor.clone(),
            labels: labels.to_vec(),
            classes: classes.iter().map(ToString::to_string).collect(),
            texts: super::category::texts(table)?,
            vectors: None,
            images: None,
            listed: None,
        })
    }

    /// Adds image features, `[rows, features]`: see [`image_features`](super::image_features).
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one row per row of the table.
    pub fn with_image_features(mut self, features: &Array2<f32>) -> Result<Self> {
        same_rows(self.labels.len(), features.nrows(), "rows of image features")?;
        self.images = Some(features.clone());
        Ok(self)
    }

    /// Adds text vectors, `[rows, dimensions]`.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one row per row of the table.
    pub fn with_text_vectors(mut self, vectors: &Array2<f32>) -> Result<Self> {
        same_rows(self.labels.len(), vectors.nrows(), "text vectors")?;
        self.vectors = Some(vectors.clone());
        Ok(self)
    }

    /// Adds all classes that each row lists, the main one first, such as [`CategoryTarget::all`](super::CategoryTarget::all): a
    /// classifier by similarity learns from the others too. Of those of test rows nothing is read.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one list per row of the table.
    pub fn with_listed_classes(mut self, listed: &[Vec<usize>]) -> Result<Self> {
        same_rows(self.labels.len(), listed.len(), "lists of classes")?;
        self.listed = Some(listed.to_vec());
        Ok(self)
    }

    /// Names of the classes.
    pub fn classes(&self) -> Vec<&str> {
        self.classes.iter().map(String::as_str).collect()
    }

    /// All rows as a data set with the columns of a recipe's branches in the order metadata, text, image features, fitted
    /// on the rows `train`; and how many columns there are of each.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a branch is missing; those of [`Preprocessor::fit`].
    pub fn dataset(&self, recipe: &Recipe, train: &[usize]) -> Result<(Dataset, [usize; 3])> {
        let branches: Vec<Branch> = recipe.branches.iter().map(|(branch, _)| *branch).collect();
        self.data(recipe, &branches, train)
    }

    fn data(
        &self,
        recipe: &Recipe,
        branches: &[Branch],
        train: &[usize],
    ) -> Result<(Dataset, [usize; 3])> {
        let rows = self.labels.len();
        let mut groups: [Vec<Array2<f32>>; 3] = Default::default();
        for branch in branches {
            let [image, text, vectors] = recipe.scales;
            match branch {
                Branch::Metadata => {
                    let fitted = self.preprocessor.fit(&self.table, train)?;
                    groups[0].push(fitted.transform_all(&self.table)?.values);
                }
                Branch::Text => {
                    let sparse = tf_idf(&self.texts, train, 2)?;
                    let mut dense = Array2::zeros((rows, sparse.columns()));
                    for row in 0..rows {
                        let (places, values) = sparse.row(row);
                        places.iter().zip(values).for_each(|(place, value)| {
                            dense[(row, *place as usize)] = value * text;
                        });
                    }
                    groups[1].push(dense);
                }
                Branch::Vectors => {
                    let values = self.vectors.as_ref().ok_or_else(|| missing("text vectors"))?;
                    groups[1].push(standardized(values, train, vectors));
                }
                Branch::Image => {
                    let values = self.images.as_ref().ok_or_else(|| missing("image features"))?;
                    groups[2].push(standardized(values, train, image));
                }
            }
        }
        let sizes = [0, 1, 2].map(|group: usize| groups[group].iter().map(Array2::ncols).sum());
        let views: Vec<_> = groups.iter().flatten().map(Array2::view).collect();
        let values = concatenate(Axis(1), &views)
            .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))?;
        let set = Dataset::new(&self.labels, &self.classes())?.with_features(&matrix(values))?;
        Ok((set, sizes))
    }

    /// Trains a network per branch (late fusion) or one of all, on the rows `train`, and evaluates it on the rows `test`;
    /// with the history of the last network, whose validation part is the test rows: nothing is chosen by them. A recipe by
    /// similarity has no history.
    ///
    /// # Errors
    /// When a branch is missing, or those of [`Learner::new`] and [`Learner::fit`].
    pub fn run(
        &self,
        recipe: &Recipe,
        train: &[usize],
        test: &[usize],
        seed: u64,
    ) -> Result<(Evaluation, History)> {
        let names = self.classes();
        if let Some(config) = &recipe.similarity {
            let labels: Vec<usize> = test.iter().map(|row| self.labels[*row]).collect();
            let found = self.places().probabilities(config, train, test)?;
            return Ok((
                Evaluation::from_probabilities(&labels, &found, &names)?,
                History::default(),
            ));
        }
        let parts: Vec<(Vec<Branch>, f32)> = if recipe.late {
            recipe.branches.iter().map(|(branch, weight)| (vec![*branch], *weight)).collect()
        } else {
            vec![(recipe.branches.iter().map(|(branch, _)| *branch).collect(), 1.0)]
        };
        let mut sums = vec![0.0f32; test.len() * names.len()];
        let mut history = History::default();
        let mut labels = Vec::new();
        for (branches, weight) in parts {
            let (all, [metadata, text, image_features]) = self.data(recipe, &branches, train)?;
            let (learn, check) =
                (self.resampled(recipe, &all.subset(train)?, seed)?, all.subset(test)?);
            let mut mean = vec![0.0f32; sums.len()];
            for member in 0..recipe.ensemble.max(1) as u64 {
                let seed = seed.wrapping_mul(1000).wrapping_add(member);
                let mut fusion = FusionConfig {
                    metadata,
                    text,
                    image_features,
                    classes: names.len(),
                    ..recipe.fusion.clone()
                };
                if recipe.late && branches == [Branch::Metadata] {
                    fusion.width = recipe.metadata_width;
                }
                let model = Fusion::new(None, &fusion, seed)?;
                let mut config = TrainConfig { seed, ..recipe.train.clone() };
                if let Some(weighting) = recipe.weighting {
                    config.loss.class_weights = Some(all.subset(train)?.class_weights(weighting)?);
                }
                let mut learner = Learner::new(model, &learn, &check, &config)?;
                history = learner.fit_with(recipe.epochs, &mut Silent)?;
                let found = learner.evaluate(&check)?;
                let share = 1.0 / recipe.ensemble.max(1) as f32;
                mean.iter_mut().zip(&found.probabilities).for_each(|(sum, p)| *sum += p * share);
            }
            sums.iter_mut().zip(&mean).for_each(|(sum, p)| *sum += weight * p.max(SMALLEST).ln());
            labels = check.labels().to_vec();
        }
        sums.chunks_exact_mut(names.len()).for_each(|row| {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut().for_each(|value| *value = (*value - most).exp());
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|value| *value /= sum);
        });
        Ok((Evaluation::from_probabilities(&labels, &sums, &names)?, history))
    }

    fn places(&self) -> Places<'_> {
        Places {
            table: &self.table,
            texts: &self.texts,
            labels: &self.labels,
            listed: self.listed.as_deref(),
            classes: self.classes.len(),
        }
    }

    fn resampled(&self, recipe: &Recipe, set: &Dataset, seed: u64) -> Result<Dataset> {
        match recipe.resampling {
            Resampling::None => Ok(set.clone()),
            Resampling::Over(share) => set.oversampled(share, seed),
            Resampling::Under(most) => set.undersampled(most, seed),
            Resampling::Smote(share) => set.smote(5, share, seed),
            Resampling::Mixup(share) => set.mixup(share, 0.4, seed),
        }
    }

    /// Out-of-fold predictions of a recipe.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn cross_validate(&self, recipe: &Recipe, folds: &[Fold]) -> Result<CrossValidation> {
        let run = |fold: &Fold| {
            let seed = (fold.repeat * 100 + fold.number) as u64;
            Ok(self.run(recipe, &fold.train, &fold.test, recipe.train.seed + seed)?.0)
        };
        cross_validate(folds, &run)
    }

    /// Out-of-fold probabilities of several labels a row, `[rows, classes]`: one network per fold with an output for each
    /// class, trained by binary cross-entropy on all branches of the recipe, without class weights or resampling; of a recipe
    /// by similarity, the classifier with a logistic regression for each class. `labels` lists the classes of each row. Rows
    /// that no fold tests are NaN.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there is not one list per row; [`ErrorKind::Parameter`] when a list has a number that is no
    /// class; as [`Self::run`].
    pub fn cross_validate_labels(
        &self,
        recipe: &Recipe,
        labels: &[Vec<usize>],
        classes: &[&str],
        folds: &[Fold],
    ) -> Result<Array2<f32>> {
        same_rows(self.labels.len(), labels.len(), "lists of labels")?;
        let sets = Dataset::multi_label(labels, classes)?;
        let mut found = Array2::from_elem((labels.len(), classes.len()), f32::NAN);
        for fold in folds {
            if let Some(config) = &recipe.similarity {
                let (count, train) = (classes.len(), &fold.train);
                let one =
                    self.places().listed_probabilities(config, labels, count, train, &fold.test)?;
                fold.test
                    .iter()
                    .zip(one.rows())
                    .for_each(|(row, p)| found.row_mut(*row).assign(&p));
                continue;
            }
            let (columns, [metadata, text, image_features]) = self.dataset(recipe, &fold.train)?;
            let mut all = sets.clone();
            if let Some(values) = columns.features() {
                all = all.with_features(&matrix(values.clone()))?;
            }
            let fusion = FusionConfig {
                metadata,
                text,
                image_features,
                classes: classes.len(),
                ..recipe.fusion.clone()
            };
            let seed = recipe.train.seed + (fold.repeat * 100 + fold.number) as u64;
            let loss = LossOptions::binary_cross_entropy();
            let config = TrainConfig { seed, loss, ..recipe.train.clone() };
            let (learn, check) = (all.subset(&fold.train)?, all.subset(&fold.test)?);
            let mut learner =
                Learner::new(Fusion::new(None, &fusion, seed)?, &learn, &check, &config)?;
            learner.fit_with(recipe.epochs, &mut Silent)?;
            let probabilities = learner.evaluate(&check)?.probabilities;
            for (row, values) in fold.test.iter().zip(probabilities.chunks_exact(classes.len())) {
                found.row_mut(*row).iter_mut().zip(values).for_each(|(to, from)| *to = *from);
            }
        }
        Ok(found)
    }

    /// Number of parameters of a recipe's networks when they are trained on these rows; of a classifier by similarity, a
    /// coefficient for each training row and class.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn parameters(&self, recipe: &Recipe, train: &[usize]) -> Result<usize> {
        let classes = self.classes.len();
        if recipe.similarity.is_some() {
            return Ok(train.len() * classes);
        }
        let (_, [metadata, text, image_features]) = self.dataset(recipe, train)?;
        let config =
            FusionConfig { metadata, text, image_features, classes, ..recipe.fusion.clone() };
        let model = Fusion::new(None, &config, 0)?;
        let parameters = crate::nn::Model::parameters(&model);
        let count: usize =
            parameters.iter().map(|(_, p)| p.shape().iter().product::<usize>()).sum();
        Ok(count * recipe.ensemble.max(1))
    }
}

/// Columns standardized on the rows `train`; then a typical row has the length `scale`.
fn standardized(values: &Array2<f32>, train: &[usize], scale: f32) -> Array2<f32> {
    let part = values.select(Axis(0), train);
    let mean = part.mean_axis(Axis(0)).unwrap_or_else(|| ndarray::Array1::zeros(values.ncols()));
    let deviation = part.std_axis(Axis(0), 0.0).mapv(|value| value.max(1e-6));
    let length = (values.ncols().max(1) as f32).sqrt();
    (values - &mean) / &deviation * (scale / length)
}

/// Columns that are named by their numbers.
fn matrix(values: Array2<f32>) -> FeatureMatrix {
    let names = (0..values.ncols()).map(|column| column.to_string()).collect();
    FeatureMatrix { values, names, unknown: Vec::new() }
}

fn same_rows(expected: usize, found: usize, what: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let problem = format!("expected {expected} {what}, one per row of the table, found {found}");
    Err(Error::new(ErrorKind::Shape, problem))
}

fn missing(what: &str) -> Error {
    Error::new(ErrorKind::Parameter, format!("the recipe expects {what}, the experiment has none"))
        .help("add them, or leave the branch out of the recipe")
}
