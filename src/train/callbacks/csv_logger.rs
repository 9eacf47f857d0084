//! A CSV file of the epochs.

use super::super::callback::{Callback, TrainContext};
use crate::{Error, Result, files};
use std::io::Write;
use std::path::PathBuf;

/// Writes a CSV file with a row per epoch, as Keras's `CSVLogger`: the columns are `epoch`, `loss`, `val_loss`,
/// `accuracy`, the metrics, `learning_rate` and `seconds`. The file is replaced as a whole after each epoch, and holds
/// all epochs of the history, so that it is right after a resume too.
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
/// # let file = std::env::temp_dir().join(format!("cuaderno-doc-log-{}.csv", std::process::id()));
/// let config = TrainConfig { batch_size: 4, learning_rate: 0.1, ..TrainConfig::default() };
/// let mut learner = Learner::new(model, &set, &set, &config)?.with(CsvLogger::new(&file));
/// learner.fit_with(2, &mut Silent)?;
/// let log = Table::read_csv(&file)?;
/// assert_eq!((log.integers("epoch")?, log.numbers("val_loss")?.len()), (vec![1, 2], 2));
/// # std::fs::remove_file(&file).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CsvLogger {
    file: PathBuf,
}

impl CsvLogger {
    /// Writes to `file`.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }
}

impl Callback for CsvLogger {
    fn only_writes(&self) -> bool {
        true
    }

    fn on_epoch_end(&mut self, run: &mut TrainContext<'_>) -> Result<()> {
        let Some(last) = run.history.epochs.last() else { return Ok(()) };
        let names = last.names();
        let mut text = format!("epoch,{},seconds\n", names.join(","));
        for record in &run.history.epochs {
            text += &record.epoch.to_string();
            for name in &names {
                let value = record.value(name).filter(|value| !value.is_nan());
                text += &value.map_or_else(|| ",".to_string(), |value| format!(",{value}"));
            }
            text += &format!(",{:.3}\n", record.seconds);
        }
        files::replace(&self.file, |part| {
            std::fs::File::create(part).and_then(|mut file| file.write_all(text.as_bytes()))
        })
        .map_err(|error: Error| error.help("choose another file for `CsvLogger`"))
    }
}
