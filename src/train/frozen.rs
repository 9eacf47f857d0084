//! What the frozen beginning of a network makes of the pictures, computed once.

use super::TrainConfig;
use crate::data::Dataset;
use crate::nn::{Activations, Begun, Inputs, Model, Pass, Sequential, StoredTensor, Weights};
use crate::tensor::{plain, read};
use crate::{Result, notebook};
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

/// Examples that are computed at a time.
const BATCH: usize = 32;

/// The kept features of a training and a validation set.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The network's first layers that are frozen, and a number that changes with their values.
    beginning: Option<(usize, u64)>,
    train: Vec<Slot>,
    validation: Slot,
}

/// The features of a set, once it was tried to make them; none when they take too much memory.
type Slot = Option<Option<Features>>;

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

/// The first layers of a network, all that are frozen.
#[derive(Clone, Copy)]
struct Beginning<'a> {
    name: &'a str,
    sequence: &'a Sequential,
    layers: usize,
}

impl<'a> Beginning<'a> {
    /// None where they hold no parameters.
    fn of(model: &'a dyn Model) -> Option<Self> {
        let (name, sequence) = model.beginning()?;
        let layers = sequence.frozen_layers();
        (layers > 0).then_some(Self { name, sequence, layers })
    }

    /// A number that changes with what they are and with their values.
    fn key(&self) -> u64 {
        let mut hash = Hash::default();
        hash.add(self.sequence.describe_first(self.layers).as_bytes());
        self.sequence.look_at_first(self.layers, &mut |values| {
            values.chunks(2).for_each(|pair| {
                let bits = |place: usize| pair.get(place).map_or(0, |v| u64::from(v.to_bits()));
                hash.add_word(bits(0) << 32 | bits(1));
            });
        });
        hash.0
    }
}

impl Kept {
    /// Forgets features that were made with other weights: to be called where somebody may have changed them, since
    /// training itself changes no frozen ones.
    pub fn check(&mut self, model: &dyn Model) {
        if self.beginning.is_some() {
            self.begin(model);
        }
    }

    /// Keeps what there is only if it was made with the weights that the model has now.
    fn begin(&mut self, model: &dyn Model) {
        let found = Beginning::of(model).map(|beginning| (beginning.layers, beginning.key()));
        if self.beginning != found {
            *self = Self { beginning: found, ..Self::default() };
        }
    }

    /// The features of a set, made now if they were not before; none where nothing is frozen or they are not to be kept.
    pub fn features(
        &mut self,
        model: &dyn Model,
        set: &Dataset,
        part: Part,
        config: &TrainConfig,
    ) -> Result<Option<&Features>> {
        let mode = config.frozen_features;
        if mode == FrozenFeatures::Off {
            return Ok(None);
        }
        let beginning = Beginning::of(model);
        if self.beginning.map(|(layers, _)| layers) != beginning.map(|found| found.layers) {
            self.begin(model);
        }
        let (Some(beginning), Some((_, weights))) = (beginning, self.beginning) else {
            return Ok(None);
        };
        let views = match (mode, part) {
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
        let features = match slot.take() {
            Some(features) => features,
            None => {
                let file = config.features_folder.as_ref().map(|folder| {
                    let key = key(weights, set, seed, view);
                    folder.join(format!("features-{key:016x}.safetensors"))
                });
                let most = config.features_memory / views;
                Features::get(beginning, set, [seed, view], most, file.as_deref())?
            }
        };
        Ok(slot.insert(features).as_ref())
    }
}

impl Features {
    /// Reads them where they were written before, else makes and writes them; none when they would take more than `most`
    /// bytes.
    fn get(
        beginning: Beginning,
        set: &Dataset,
        view: [u64; 2],
        most: usize,
        file: Option<&Path>,
    ) -> Result<Option<Self>> {
        let found = file.and_then(|file| Self::read(file, beginning.layers, set.len()));
        if let Some(found) = found.filter(|found| size_of_val(&found.values[..]) <= most) {
            return Ok(Some(found));
        }
        let features = Self::compute(beginning, set, view, most)?;
        if let (Some(features), Some(file)) = (&features, file) {
            features.write(file)?;
        }
        Ok(features)
    }

    /// Runs the frozen layers over every example; none when the features would take more than `most` bytes.
    fn compute(
        Beginning { name, sequence, layers }: Beginning,
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
            let made = pass.enter(name, || sequence.forward_first(layers, &inputs, &pass))?;
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

    /// Some examples of the set, with these features in place of the pictures.
    pub fn batch(&self, set: &Dataset, indices: &[usize]) -> Result<Inputs> {
        let size: usize = self.shape.iter().product();
        let rows = indices.iter().flat_map(|row| &self.values[row * size..(row + 1) * size]);
        let begun = Begun::new(self.layers, rows.copied().collect(), indices.len(), &self.shape)?;
        Ok(Inputs { begun: Some(begun), ..set.beside_pictures(indices)? })
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

/// The same on every machine and in every version, unlike the standard library's. Each word is mixed in by a
/// multiplication, which carries its bits up, and a shift, which carries them down.
#[derive(Default)]
struct Hash(u64);

impl Hash {
    fn add(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.add_word(u64::from_le_bytes(*word)));
        self.add_word(
            rest.iter().fold(rest.len() as u64, |word, byte| word << 8 | u64::from(*byte)),
        );
    }

    fn add_word(&mut self, word: u64) {
        // The golden ratio of all 64-bit numbers; the sum keeps zeros from leaving no trace.
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.0 ^ word).wrapping_add(FACTOR).wrapping_mul(FACTOR);
        self.0 = mixed ^ mixed >> 32;
    }
}
