//! The file of a checkpoint: tensors in the safetensors format, and the rest as JSON in its metadata.

use crate::nn::{StoredTensor, Weights};
use crate::{Error, ErrorKind, Result, files};
use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The key of the state among the metadata.
const KEY: &str = "cuaderno";

/// Named tensors and a state.
#[derive(Debug, Default)]
pub(super) struct CheckpointFile {
    pub tensors: BTreeMap<String, StoredTensor>,
    pub state: Value,
}

impl CheckpointFile {
    /// Adds a vector of values.
    pub fn add(&mut self, name: &str, values: Vec<f32>) -> Result<()> {
        let shape = vec![values.len()];
        self.tensors.insert(name.to_string(), StoredTensor { shape, values });
        Ok(())
    }

    /// Adds weights under a prefix.
    pub fn add_weights(&mut self, prefix: &str, weights: &Weights) -> Result<()> {
        for name in weights.names() {
            if let Some(tensor) = weights.get(name) {
                self.tensors.insert(format!("{prefix}.{name}"), tensor.clone());
            }
        }
        Ok(())
    }

    /// The weights under a prefix.
    pub fn weights(&self, prefix: &str) -> Weights {
        let mut weights = Weights::default();
        for (name, tensor) in &self.tensors {
            if let Some(name) = name.strip_prefix(prefix).and_then(|name| name.strip_prefix('.')) {
                // The values fill their shape, since the file was read.
                let _ = weights.insert(name, tensor.clone());
            }
        }
        weights
    }

    /// The values of a tensor.
    pub fn values(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self.tensors.get(name);
        tensor.map(|tensor| tensor.values.clone()).ok_or_else(|| {
            Error::new(ErrorKind::Weights, format!("the checkpoint has no tensor `{name}`"))
        })
    }

    /// Writes the file, which takes the place of an old one once it is on disk.
    pub fn write(&self, path: &Path) -> Result<()> {
        let metadata = HashMap::from([(KEY.to_string(), self.state.to_string())]);
        files::replace_synced(path, |part| {
            let written = safetensors::serialize_to_file(&self.tensors, Some(metadata), part);
            written.map_err(|error| match error {
                safetensors::SafeTensorError::IoError(error) => error,
                other => std::io::Error::other(other.to_string()),
            })
        })
    }

    /// Reads a file that [`Self::write`] wrote.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, &error))?;
        let broken = |problem: String| {
            Error::new(ErrorKind::Weights, format!("this is not a whole checkpoint: {problem}"))
                .file(path)
                .help("remove the file to start the run afresh")
        };
        let (_, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| broken(error.to_string()))?;
        let text = metadata.metadata().as_ref().and_then(|all| all.get(KEY));
        let text = text.ok_or_else(|| broken("it holds no state".to_string()))?;
        let state = serde_json::from_str(text).map_err(|error| broken(error.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| broken(error.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            let (chunks, _) = view.data().as_chunks::<4>();
            let values = chunks.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
            tensors.insert(name, StoredTensor { shape: view.shape().to_vec(), values });
        }
        Ok(Self { tensors, state })
    }
}

/// A number as JSON, which has no NaN and no infinity: those are texts.
pub(super) fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
}

/// A number that [`number`] wrote.
pub(super) fn read_number(value: &Value) -> Result<f64> {
    let found = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    found.ok_or_else(|| damaged("a number", value))
}

/// The error of a value that is not what it should be.
pub(super) fn damaged(expected: &str, found: &Value) -> Error {
    let problem = format!("the checkpoint is damaged: expected {expected}, found `{found}`");
    Error::new(ErrorKind::Weights, problem).help("remove the file to start the run afresh")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_to_the_last_bit() {
        let cases =
            [0.1 + 0.2, -0.0, 5e-324, 1.797e308, f64::INFINITY, f64::NEG_INFINITY, 1.0 / 3.0];
        for value in cases {
            let text = number(value).to_string();
            let back = read_number(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(back.to_bits(), value.to_bits(), "{text}");
        }
        assert!(read_number(&number(f64::NAN)).unwrap().is_nan());
    }
}
