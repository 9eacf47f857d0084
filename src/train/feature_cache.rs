//! Activations of the frozen prefix of a network, computed once per image.

use crate::data::Dataset;
use crate::hash::Hash;
use crate::nn::{
    Activations, CachedFeatures, Inputs, Model, Pass, Sequential, StoredTensor, Weights,
};
use crate::tensor::{plain, read};
use crate::{Result, notebook};
use std::path::Path;

/// Caching of the activations of the frozen prefix of a network from epoch to epoch. Later epochs then cost only
/// the layers that are trained.
///
/// ```
/// use cuaderno::train::{FeatureCaching, TrainConfig};
/// // Eight augmented views of each image, each computed once.
/// let config = TrainConfig { feature_cache: FeatureCaching::Views(8), ..TrainConfig::default() };
/// assert_ne!(config.feature_cache, FeatureCaching::default());
/// assert_eq!(TrainConfig::default().feature_cache, FeatureCaching::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeatureCaching {
    /// Cached where the images are the same in every epoch; recomputed with augmentation.
    #[default]
    Auto,
    /// This many augmented views of every image are cached; the epochs cycle through them.
    Views(usize),
    /// Never cached.
    Off,
}

/// Examples per batch.
const BATCH: usize = 32;

/// The cached features of a training and a validation set.
#[derive(Debug, Default)]
pub(super) struct FeatureCache {
    /// The number of frozen layers at the start of the network, and a hash of their values.
    prefix: Option<(usize, u64)>,
    train: Vec<Slot>,
    validation: Slot,
}

/// The features of a set once they were requested; `Some(None)` when they take too much memory.
type Slot = Option<Option<Features>>;

/// One row of features per example.
#[derive(Clone, Debug)]
pub(super) struct Features {
    layers: usize,
    /// Shape of one row.
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// The settings of the cache; see [`TrainConfig`](super::TrainConfig).
#[derive(Clone, Copy, Debug)]
pub(super) struct CacheConfig<'a> {
    pub mode: FeatureCaching,
    pub folder: Option<&'a Path>,
    pub memory: usize,
}

/// Of which split the features are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train { seed: u64, epoch: u64 },
    Validation,
}

/// The frozen layers at the start of a network.
#[derive(Clone, Copy)]
struct FrozenPrefix<'a> {
    name: &'a str,
    sequence: &'a Sequential,
    layers: usize,
}

impl<'a> FrozenPrefix<'a> {
    /// None where they hold no parameters.
    fn of(model: &'a dyn Model) -> Option<Self> {
        let (name, sequence) = model.backbone()?;
        let layers = sequence.frozen_prefix();
        (layers > 0).then_some(Self { name, sequence, layers })
    }

    /// Hash of the layers and their values.
    fn key(&self) -> u64 {
        let mut hash = Hash::default();
        hash.add(self.sequence.describe_prefix(self.layers).as_bytes());
        self.sequence.visit_prefix(self.layers, &mut |values| {
            values.chunks(2).for_each(|pair| {
                let bits = |place: usize| pair.get(place).map_or(0, |v| u64::from(v.to_bits()));
                hash.add_word(bits(0) << 32 | bits(1));
            });
        });
        hash.0
    }
}

impl FeatureCache {
    /// Drops features that were computed with other weights. To be called where they may have changed from outside;
    /// training itself changes no frozen ones.
    pub fn check(&mut self, model: &dyn Model) {
        if self.prefix.is_some() {
            self.begin(model);
        }
    }

    /// Drops the features unless they were computed with the model's current weights.
    fn begin(&mut self, model: &dyn Model) {
        let found = FrozenPrefix::of(model).map(|prefix| (prefix.layers, prefix.key()));
        if self.prefix != found {
            *self = Self { prefix: found, ..Self::default() };
        }
    }

    /// The features of a set, computed now if they were not before; none where nothing is frozen or caching is off.
    pub fn features(
        &mut self,
        model: &dyn Model,
        set: &Dataset,
        part: Part,
        config: &CacheConfig<'_>,
    ) -> Result<Option<&Features>> {
        let mode = config.mode;
        if mode == FeatureCaching::Off {
            return Ok(None);
        }
        let prefix = FrozenPrefix::of(model);
        if self.prefix.map(|(layers, _)| layers) != prefix.map(|found| found.layers) {
            self.begin(model);
        }
        let (Some(prefix), Some((_, weights))) = (prefix, self.prefix) else {
            return Ok(None);
        };
        let views = match (mode, part) {
            (FeatureCaching::Auto, Part::Train { .. }) if set.is_augmented() => return Ok(None),
            (FeatureCaching::Views(views), Part::Train { .. }) if set.is_augmented() => {
                views.max(1)
            }
            _ => 1,
        };
        let (seed, view) = match part {
            Part::Train { seed, epoch } => (seed, epoch % views as u64),
            Part::Validation => (0, 0),
        };
        let slot = match part {
            Part::Validation => &mut self.validation,
            Part::Train { .. } => {
                self.train.resize_with(self.train.len().max(views), || None);
                &mut self.train[view as usize]
            }
        };
        let features = match slot.take() {
            Some(features) => features,
            None => {
                let file = config.folder.map(|folder| {
                    let key = key(weights, set, seed, view);
                    folder.join(format!("features-{key:016x}.safetensors"))
                });
                let most = config.memory / views;
                Features::get(prefix, set, [seed, view], most, file.as_deref())?
            }
        };
        Ok(slot.insert(features).as_ref())
    }
}

impl Features {
    /// Reads them where they were written before, else computes and writes them; none when they would take more than
    /// `most` bytes.
    fn get(
        prefix: FrozenPrefix,
        set: &Dataset,
        view: [u64; 2],
        most: usize,
        file: Option<&Path>,
    ) -> Result<Option<Self>> {
        let found = file.and_then(|file| Self::read(file, prefix.layers, set.len()));
        if let Some(found) = found.filter(|found| size_of_val(&found.values[..]) <= most) {
            return Ok(Some(found));
        }
        let features = Self::compute(prefix, set, view, most)?;
        if let (Some(features), Some(file)) = (&features, file) {
            features.write(file)?;
        }
        Ok(features)
    }

    /// Runs the frozen layers over every example; none when the features would take more than `most` bytes.
    fn compute(
        FrozenPrefix { name, sequence, layers }: FrozenPrefix,
        set: &Dataset,
        [seed, view]: [u64; 2],
        most: usize,
    ) -> Result<Option<Self>> {
        let mut features = Self { layers, shape: Vec::new(), values: Vec::new() };
        let all: Vec<usize> = (0..set.len()).collect();
        let pass = Pass::inference();
        for indices in all.chunks(BATCH) {
            notebook::check()?;
            let (inputs, _) = set.batch(indices, seed, view)?;
            let made = pass.enter(name, || sequence.forward_prefix(layers, &inputs, &pass))?;
            let shape = made.shape()[1..].to_vec();
            let size: usize = shape.iter().product();
            if size * set.len() * size_of::<f32>() > most {
                return Ok(None);
            }
            features.shape = shape;
            features.values.reserve_exact(size * set.len() - features.values.len());
            match made {
                Activations::Images(t) => features.values.extend_from_slice(&read(&plain(t))),
                Activations::Features(t) => features.values.extend_from_slice(&read(&plain(t))),
            }
        }
        Ok(Some(features))
    }

    /// A batch of the set with these features in place of the images.
    pub fn batch(&self, set: &Dataset, indices: &[usize]) -> Result<Inputs> {
        let size: usize = self.shape.iter().product();
        let rows = indices.iter().flat_map(|row| &self.values[row * size..(row + 1) * size]);
        let cached =
            CachedFeatures::new(self.layers, rows.copied().collect(), indices.len(), &self.shape)?;
        Ok(Inputs { cached: Some(cached), ..set.beside_images(indices)? })
    }

    /// Features written before under the same key, if the file is complete.
    fn read(file: &Path, layers: usize, examples: usize) -> Option<Self> {
        let stored = Weights::read(file).ok()?;
        let StoredTensor { shape, values } = stored.get("features")?;
        let (first, shape) = shape.split_first()?;
        (*first == examples).then(|| Self { layers, shape: shape.to_vec(), values: values.clone() })
    }

    fn write(&self, file: &Path) -> Result<()> {
        let size = self.shape.iter().product::<usize>().max(1);
        let mut shape = vec![self.values.len() / size];
        shape.extend(&self.shape);
        let mut stored = Weights::default();
        stored.insert("features", StoredTensor { shape, values: self.values.clone() })?;
        stored.write(file)
    }
}

/// Hash of the frozen weights, the images, and their transform.
fn key(weights: u64, set: &Dataset, seed: u64, view: u64) -> u64 {
    let mut hash = Hash::default();
    hash.add_word(weights);
    set.fingerprint(&mut |bytes| hash.add(bytes));
    if set.is_augmented() {
        hash.add_word(seed);
        hash.add_word(view);
    }
    hash.0
}
