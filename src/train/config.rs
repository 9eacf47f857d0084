//! Settings of a training run, and the checks of them that come before the first step.

use super::feature_cache::{CacheConfig, FeatureCaching};
use super::metric;
use super::targets;
use crate::data::Dataset;
use crate::nn::{Model, has_prefix};
use crate::tensor::{LossKind, LossOptions, OptimizerConfig};
use crate::{Error, ErrorKind, Result};
use std::path::PathBuf;

/// Settings of a training run.
///
/// ```
/// use cuaderno::train::{OptimizerConfig, TrainConfig};
/// let config = TrainConfig {
///     batch_size: 16,
///     optimizer: OptimizerConfig::adamw(0.01),
///     metrics: vec!["balanced_accuracy".into(), "f1_macro".into()],
///     ..TrainConfig::default()
/// };
/// # let _ = config;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// Examples per batch.
    pub batch_size: usize,
    /// Learning rate, which callbacks may change.
    pub learning_rate: f64,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The loss.
    pub loss: LossOptions,
    /// Metrics beside loss and accuracy, by scikit-learn's names, such as `f1_macro`; [`metric_names`] lists them.
    /// Each is computed over the whole split, never as a mean over batches.
    ///
    /// [`metric_names`]: super::metric_names
    pub metrics: Vec<String>,
    /// Seed of the order of examples, augmentation and dropout.
    pub seed: u64,
    /// Keep a copy of the best epoch's weights beside the current ones, which training continues from; see
    /// [`Learner::best`](super::Learner::best) and [`Learner::restore_best`](super::Learner::restore_best).
    pub keep_best: bool,
    /// Value that decides which epoch is best, by Keras's names: `val_loss`, `val_accuracy`, `val_f1_macro`, `loss`.
    pub monitor: String,
    /// Largest Euclidean norm of the gradient of all parameters together; larger gradients are scaled down to it.
    pub clip_norm: Option<f64>,
    /// Batches whose gradients are averaged, by their numbers of examples, into one step.
    pub accumulate: usize,
    /// Treatment of a last batch that is not full (`drop_last` in PyTorch).
    pub last_batch: LastBatch,
    /// Factors of the learning rate for parts of the network, by prefixes of their names: `("layer4", 0.1)`. Of
    /// several that match, the last counts (discriminative learning rates; Howard and Ruder, 2018).
    pub param_groups: Vec<(String, f64)>,
    /// Parts of the network to unfreeze at the start of an epoch, counted from 1: `(3, "layer4")` (gradual
    /// unfreezing; Howard and Ruder, 2018).
    pub unfreeze: Vec<(usize, String)>,
    /// Caching of the activations of the frozen prefix of the network from epoch to epoch.
    pub feature_cache: FeatureCaching,
    /// Folder where cached features are kept from session to session. Features of other weights, images or transforms
    /// have other file names.
    pub cache_folder: Option<PathBuf>,
    /// Most bytes that the cached features of one data set may take in memory. Where they would take more, they are
    /// recomputed in every epoch.
    pub cache_memory: usize,
}

/// Treatment of a last batch that is not full (`drop_last` in PyTorch).
///
/// ```
/// use cuaderno::prelude::*;
/// use cuaderno::train::Silent;
/// # fn main() -> Result<()> {
/// # let values = ndarray::Array2::from_shape_fn((8, 2), |(row, column)| ((row + column) % 2) as f32);
/// # let names = vec!["a".to_string(), "b".to_string()];
/// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
/// # let set = Dataset::new(&[0, 1, 0, 1, 0, 1, 0, 1], &["even", "odd"])?.with_features(&features)?;
/// # let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
/// let drop = TrainConfig { batch_size: 3, last_batch: LastBatch::Drop, ..TrainConfig::default() };
/// let mut learner = Learner::new(model, &set, &set, &drop)?; // batches of 3, 3 of 8 examples
/// assert_eq!(learner.fit_with(1, &mut Silent)?.epochs.len(), 1);
/// assert_eq!(TrainConfig::default().last_batch, LastBatch::Merge);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastBatch {
    /// A last batch of one example joins the batch before it, since batch normalization has no statistics of a single
    /// value per channel. Larger ones stay.
    #[default]
    Merge,
    /// It stays, even with a single example.
    Keep,
    /// It is left out of the epoch (`drop_last` in PyTorch).
    Drop,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            batch_size: 32,
            learning_rate: 1e-3,
            optimizer: OptimizerConfig::default(),
            loss: LossOptions::default(),
            metrics: Vec::new(),
            seed: 0,
            keep_best: true,
            monitor: "val_loss".to_string(),
            clip_norm: None,
            accumulate: 1,
            last_batch: LastBatch::Merge,
            param_groups: Vec::new(),
            unfreeze: Vec::new(),
            feature_cache: FeatureCaching::Auto,
            cache_folder: None,
            cache_memory: 2 << 30,
        }
    }
}

impl TrainConfig {
    /// Checks the settings against a network and its data.
    pub(super) fn check(
        &self,
        model: &dyn Model,
        train: &Dataset,
        validation: &Dataset,
    ) -> Result<()> {
        self.check_numbers(train)?;
        check_data(train, validation, &self.loss)?;
        self.check_loss(train)?;
        self.metrics.iter().try_for_each(|name| metric::check(name, &self.loss))?;
        metric::check_monitor(&self.monitor, &self.loss, &self.metrics)?;
        let names: Vec<String> = model.parameters().into_iter().map(|(name, _)| name).collect();
        let parts = self.param_groups.iter().map(|(part, _)| part);
        let mut parts = parts.chain(self.unfreeze.iter().map(|(_, part)| part));
        match parts.find(|part| !names.iter().any(|name| has_prefix(name, part))) {
            None => Ok(()),
            Some(part) => Err(wrong(format!("no parameter of the network is under `{part}`"))),
        }
    }

    /// The settings of the feature cache.
    pub(super) fn cache(&self) -> CacheConfig<'_> {
        CacheConfig {
            mode: self.feature_cache,
            folder: self.cache_folder.as_deref(),
            memory: self.cache_memory,
        }
    }

    fn check_numbers(&self, train: &Dataset) -> Result<()> {
        let rate = self.learning_rate;
        if !(rate.is_finite() && rate > 0.0) {
            return Err(wrong(format!("`learning_rate` must be finite and above 0, found {rate}")));
        }
        let size = self.batch_size;
        if size == 0 {
            return Err(wrong("`batch_size` must be at least 1, found 0".to_string()));
        }
        if !train.is_empty() && size > train.len() {
            let problem = format!(
                "`batch_size` must be at most the {} training examples, found {size}",
                train.len()
            );
            return Err(wrong(problem).help("set a smaller `batch_size` in `TrainConfig`"));
        }
        if self.accumulate == 0 {
            return Err(wrong("`accumulate` must be at least 1, found 0".to_string()));
        }
        if let Some(norm) = self.clip_norm.filter(|norm| !(norm.is_finite() && *norm > 0.0)) {
            return Err(wrong(format!("`clip_norm` must be finite and above 0, found {norm}")));
        }
        for (part, factor) in &self.param_groups {
            if !(factor.is_finite() && *factor >= 0.0) {
                let problem = format!(
                    "the learning rate factor of `{part}` must be finite and at least 0, found {factor}"
                );
                return Err(wrong(problem));
            }
        }
        Ok(())
    }

    fn check_loss(&self, train: &Dataset) -> Result<()> {
        crate::tensor::check_loss_options(&self.loss)?;
        if self.loss.example_weights.is_some() {
            let problem =
                "`loss.example_weights` are those of a batch, found them in `TrainConfig`";
            return Err(wrong(problem.to_string())
                .help("give the data set its weights by `Dataset::with_weights`"));
        }
        let Some(weights) = &self.loss.class_weights else { return Ok(()) };
        let classes = train.classes();
        if weights.len() != classes.len() {
            let (found, expected) = (weights.len(), classes.len());
            return Err(wrong(format!("{found} class weights for {expected} classes")));
        }
        let counts = train.class_counts();
        for ((weight, class), count) in weights.iter().zip(classes).zip(counts) {
            if weight.is_finite() && *weight >= 0.0 {
                continue;
            }
            let problem = format!("the weight of class `{class}` is {weight}");
            return Err(if count == 0 {
                wrong(format!("{problem}: the training set has no example of it"))
                    .help("merge or leave out the class, or split so that each part has examples")
            } else {
                wrong(problem).help("class weights must be finite and at least 0")
            });
        }
        Ok(())
    }
}

fn check_data(train: &Dataset, validation: &Dataset, loss: &LossOptions) -> Result<()> {
    for (set, name) in [(train, "training"), (validation, "validation")] {
        if set.is_empty() {
            return Err(wrong(format!("the {name} set is empty"))
                .help("training needs examples to train on and others to validate on"));
        }
    }
    if train.classes() != validation.classes() {
        return Err(wrong(format!(
            "training has the classes {:?}, validation {:?}",
            train.classes(),
            validation.classes()
        )));
    }
    for set in [train, validation] {
        targets::check(set, loss)?;
    }
    for (set, name) in [(train, "training"), (validation, "validation")] {
        if set.weights().is_some_and(|weights| weights.iter().all(|weight| *weight == 0.0)) {
            let problem =
                format!("expected a {name} example of a weight above 0, found only zeros");
            return Err(
                wrong(problem).help("leave out weights, or split so that each part has some")
            );
        }
    }
    if matches!(loss.kind, LossKind::BinaryCrossEntropy | LossKind::MeanSquaredError) {
        return Ok(());
    }
    let counts = train.class_counts();
    let present = counts.iter().filter(|count| **count > 0).count();
    if present >= 2 {
        return Ok(());
    }
    let only = counts.iter().position(|count| *count > 0).and_then(|c| train.classes().get(c));
    let problem = format!(
        "all {} training examples are of one class, `{}`",
        train.len(),
        only.map_or("", String::as_str)
    );
    Err(wrong(problem).help("classification needs examples of at least 2 classes"))
}

fn wrong(problem: String) -> Error {
    Error::new(ErrorKind::Parameter, problem)
}
