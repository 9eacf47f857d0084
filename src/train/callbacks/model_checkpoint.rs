//! Weights files of the best and the last epochs.

use super::super::callback::{Callback, TrainContext};
use super::super::state::State;
use super::monitored::{Mode, Monitored};
use crate::nn::Weights;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Saves the network's weights after epochs, as Keras's `ModelCheckpoint`: `best.safetensors` whenever the monitored
/// value improves, and `epoch-0007.safetensors` for the last `keep_last` epochs. Files are replaced whole or not at
/// all. To continue a run after a crash, see [`Learner::save_into`](crate::train::Learner::save_into).
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
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-weights-{}", std::process::id()));
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let saver = ModelCheckpoint::new(&folder, "val_loss").keep_last(1);
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(saver);
/// learner.fit_with(2, &mut Silent)?;
/// assert!(folder.join("epoch-0002.safetensors").exists());
/// assert_eq!(Weights::read(folder.join("best.safetensors"))?.names(), ["0.bias", "0.weight"]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ModelCheckpoint {
    folder: PathBuf,
    monitored: Monitored,
    keep_last: usize,
}

impl ModelCheckpoint {
    /// Saves the best weights by `monitor`, such as `val_loss`, into `folder`.
    pub fn new(folder: impl Into<PathBuf>, monitor: &str) -> Self {
        Self { folder: folder.into(), monitored: Monitored::new(monitor), keep_last: 0 }
    }

    /// Returns `true` if lower or higher is better; decided by the name by default.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.monitored.mode = mode;
        self
    }

    /// Keeps the weights of this many last epochs beside the best; none by default.
    pub fn keep_last(mut self, epochs: usize) -> Self {
        self.keep_last = epochs;
        self
    }

    fn of_epoch(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("epoch-{epoch:04}.safetensors"))
    }
}

fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(file, &error)),
        _ => Ok(()),
    }
}

impl Callback for ModelCheckpoint {
    fn only_writes(&self) -> bool {
        true
    }

    fn on_validation_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let value = run.value(&self.monitored.name)?;
        if self.monitored.update(value, run.epoch) {
            Weights::of(run.model).write(self.folder.join("best.safetensors"))?;
        }
        if self.keep_last > 0 {
            Weights::of(run.model).write(self.of_epoch(run.epoch))?;
            if let Some(old) = run.epoch.checked_sub(self.keep_last).filter(|old| *old > 0) {
                remove(&self.of_epoch(old))?;
            }
        }
        Ok(())
    }

    fn state(&self) -> State {
        self.monitored.state()
    }

    fn load_state(&mut self, state: &State) -> Result<()> {
        self.monitored.load(state)
    }
}
