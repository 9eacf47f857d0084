//! A data set as the input of a run.

use super::names::check_dataset;
use super::origin::source;
use super::store::DatasetInput;
use crate::Result;
use crate::data::Dataset;
use crate::hash::Hash;
use serde_json::json;

impl DatasetInput {
    /// A data set under a name; its digest is the same for the same examples.
    pub fn new(dataset: &Dataset, name: &str, context: &str) -> Result<Self> {
        check_dataset(name)?;
        let mut hash = Hash::default();
        dataset.fingerprint_all(&mut |bytes| hash.add(bytes));
        let profile = json!({
            "num_rows": dataset.len(),
            "num_features": dataset.feature_count(),
            "num_classes": dataset.classes().len(),
        });
        let source = json!({ "tags": { "mlflow.source.name": source() } });
        Ok(Self {
            name: name.to_string(),
            digest: format!("{:016x}", hash.0),
            source: source.to_string(),
            profile: profile.to_string(),
            context: context.chars().take(500).collect(),
        })
    }
}
