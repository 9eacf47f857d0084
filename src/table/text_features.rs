//! Numbers made of text: its length, and its words hashed into a fixed number of features.

use super::features::FeatureMatrix;
use super::frame::Table;
use crate::{Error, ErrorKind, Result};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// ln(1 + number of characters) of each text, a feature per column.
///
/// ```
/// use cuaderno::table::{Table, TextLengths};
/// let table = Table::from_columns(vec![("title", vec!["abc"].into())])?;
/// let length = TextLengths::new(&["title"]).transform(&table, &[0])?.to_vec()[0];
/// assert!((length - 4f32.ln()).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextLengths {
    columns: Vec<String>,
}

/// Words of a text counted in a fixed number of features: feature h(word) mod n grows by 1 for each word (Weinberger et
/// al., 2009; without signs). Words are lower-cased runs of letters and digits, and h is FNV-1a, the same everywhere.
///
/// ```
/// use cuaderno::table::{Table, TextHasher};
/// let table = Table::from_columns(vec![("title", vec!["Funda funda gel"].into())])?;
/// let counts = TextHasher::new("title", 64)?.transform(&table, &[0])?.to_vec();
/// assert_eq!(counts.iter().sum::<f32>(), 3.0);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextHasher {
    column: String,
    features: usize,
}

impl TextLengths {
    /// Lengths of the texts of these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(ToString::to_string).collect() }
    }

    /// The lengths for these rows, `[rows, columns]`; 0 for a null.
    ///
    /// # Errors
    /// `Table` when a column is missing or does not hold text; `Parameter` when a row is past the end.
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let mut values = Array2::zeros((rows.len(), self.columns.len()));
        for (index, name) in self.columns.iter().enumerate() {
            let texts = table.text_column(name)?;
            for (place, &row) in rows.iter().enumerate() {
                let length = texts.get(row).map_or(0, |text| text.chars().count());
                values[(place, index)] = (length as f32).ln_1p();
            }
        }
        let names = self.columns.iter().map(|name| format!("{name}_length")).collect();
        Ok(FeatureMatrix { values, names, unknown: Vec::new() })
    }
}

impl TextHasher {
    /// The words of one column in this many features.
    ///
    /// # Errors
    /// `Parameter` when `features` is 0.
    pub fn new(column: &str, features: usize) -> Result<Self> {
        if features == 0 {
            return Err(Error::new(ErrorKind::Parameter, "expected at least 1 feature, found 0")
                .column(column));
        }
        Ok(Self { column: column.to_string(), features })
    }

    /// The counts for these rows, `[rows, features]`.
    ///
    /// # Errors
    /// As [`TextLengths::transform`].
    pub fn transform(&self, table: &Table, rows: &[usize]) -> Result<FeatureMatrix> {
        table.check_rows(rows)?;
        let texts = table.text_column(&self.column)?;
        let mut values = Array2::zeros((rows.len(), self.features));
        for (place, &row) in rows.iter().enumerate() {
            let text = texts.get(row).unwrap_or_default().to_lowercase();
            for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
                values[(place, (fnv(word.as_bytes()) % self.features as u64) as usize)] += 1.0;
            }
        }
        let names =
            (0..self.features).map(|index| format!("{}_hash_{index}", self.column)).collect();
        Ok(FeatureMatrix { values, names, unknown: Vec::new() })
    }
}

/// FNV-1a with 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the authors of FNV.
    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
