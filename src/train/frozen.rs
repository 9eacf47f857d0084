//! What the frozen beginning of a network makes of the pictures, computed once.

use crate::data::Dataset;
use crate::nn::{Activations, Model, Pass, Sequential, StoredTensor, Weights};
use crate::tensor::{Tensor2, constant, plain, read, tensor};
use crate::{Error, ErrorKind, Result, notebook};
use std::path::Path;

/// Whether the features that a frozen beginning of a network makes of the training pictures are kept from epoch to epoch.
/// Later epochs then cost only the layers that are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrozenFeatures {
    /// Kept where the pictures are the same in every epoch; with augmentation they are made anew.
    #[default]
    Auto,
    /// So many augmented views of every picture are kept; the epochs go round them.
    Views(usize),
    /// Never kept.
    Off,
}

/// More than this many bytes are not kept.
const LIMIT: usize = 2 << 30;
/// Examples that are computed at a time.
const BATCH: usize = 32;

/// The kept features of a training and a validation set.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The network's first layers that are frozen.
    layers: usize,
    train: Vec<Option<Features>>,
    validation: Option<Features>,
}

/// A row of features an example.
#[derive(Clone, Debug)]
pub(super) struct Features {
    layers: usize,
    /// The shape of one example's.
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// Which examples' features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train { seed: u64, epoch: u64 },
    Validation,
}

impl Kept {
    /// The features of a set, made now if they were not before; none where nothing is frozen or they are not to be kept.
    pub fn features(
        &mut self,
        model: &dyn Model,
        set: &Dataset,
        part: Part,
        mode: FrozenFeatures,
        folder: Option<&Path>,
    ) -> Result<Option<&Features>> {
        let Some((sequence, layers)) = frozen(model) else {
            *self = Self::default();
            return Ok(None);
        };
        if self.layers != layers {
            *self = Self { layers, ..Self::default() };
        }
        let views = match (mode, part) {
            (FrozenFeatures::Off, _) => return Ok(None),
            (FrozenFeatures::Auto, Part::Train { .. }) if set.is_augmented() => return Ok(None),
            (FrozenFeatures::Views(views), Part::Train { .. }) if set.is_augmented() => {
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
        if slot.is_none() {
            let file = folder.map(|folder| {
                let key = key(sequence, layers, set, seed, view);
                folder.join(format!("features-{key:016x}.safetensors"))
            });
            *slot = match file.as_deref().and_then(|file| Features::read(file, layers, set.len())) {
                Some(features) => Some(features),
                None => {
                    let features = Features::compute(sequence, layers, set, [seed, view], views)?;
                    if let (Some(features), Some(file)) = (&features, &file) {
                        features.write(file)?;
                    }
                    features
                }
            };
        }
        Ok(slot.as_ref())
    }
}

/// The layers of a network, and how many of the first are frozen, if any are that hold parameters.
fn frozen(model: &dyn Model) -> Option<(&Sequential, usize)> {
    let sequence = model.layers()?;
    let layers = sequence.frozen_layers();
    (layers > 0).then_some((sequence, layers))
}

impl Features {
    /// Runs the first `layers` over every example; none when they would take too much memory.
    fn compute(
        sequence: &Sequential,
        layers: usize,
        set: &Dataset,
        [seed, view]: [u64; 2],
        views: usize,
    ) -> Result<Option<Self>> {
        let mut features = Self { layers, shape: Vec::new(), values: Vec::new() };
        let all: Vec<usize> = (0..set.len()).collect();
        let pass = Pass::inference();
        for indices in all.chunks(BATCH) {
            notebook::check()?;
            let (inputs, _) = set.batch(indices, seed, view)?;
            let made = sequence.forward_first(layers, &inputs, &pass)?;
            let shape = made.shape()[1..].to_vec();
            let size: usize = shape.iter().product();
            if size * set.len() * views * size_of::<f32>() > LIMIT {
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

    /// The logits for some examples, from their features on.
    pub fn forward(&self, model: &dyn Model, indices: &[usize], pass: &Pass) -> Result<Tensor2> {
        let size: usize = self.shape.iter().product();
        let rows = indices.iter().flat_map(|row| &self.values[row * size..(row + 1) * size]);
        let values = rows.copied().collect();
        let flow = match self.shape[..] {
            [c, h, w] => constant(&tensor(values, (indices.len(), c, h, w))?).into(),
            [features] => constant(&tensor(values, (indices.len(), features))?).into(),
            _ => {
                let problem = format!("features of shape {:?}", self.shape);
                return Err(Error::new(ErrorKind::Shape, problem));
            }
        };
        let Some(sequence) = model.layers() else {
            let problem = "kept features are for networks that are a sequence of layers";
            return Err(Error::new(ErrorKind::Parameter, problem));
        };
        sequence.forward_rest(self.layers, flow, pass)
    }

    /// What was written before for the same key, if it is whole.
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

/// A number that changes with the frozen weights, the pictures, and what is done to them.
fn key(sequence: &Sequential, layers: usize, set: &Dataset, seed: u64, view: u64) -> u64 {
    let mut hash = Hash::default();
    hash.add(&sequence.describe_first(layers).into_bytes());
    for values in sequence.values_of_first(layers) {
        values.iter().for_each(|value| hash.add(&value.to_bits().to_le_bytes()));
    }
    set.fingerprint(&mut |bytes| hash.add(bytes));
    if set.is_augmented() {
        hash.add(&seed.to_le_bytes());
        hash.add(&view.to_le_bytes());
    }
    hash.0
}

/// FNV-1a: the same on every machine and in every version, unlike the standard library's.
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
