//! The texts of a data set, in memory or in a file.

use crate::Result;
use crate::text::TokenFile;
use ndarray::{Array2, Axis};

/// Rows that are read at a time for a hash.
const ROWS: usize = 1024;

/// Tokens of each example.
#[derive(Clone, Debug)]
pub(super) enum Tokens {
    /// `[examples, length]`.
    Memory(Array2<u32>),
    /// A file, and each example's row in it.
    File(TokenFile, Vec<usize>),
}

impl Tokens {
    /// The texts of these examples, which the caller has checked.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Memory(tokens) => Self::Memory(tokens.select(Axis(0), rows)),
            Self::File(file, own) => {
                Self::File(file.clone(), rows.iter().map(|row| own[*row]).collect())
            }
        }
    }

    /// The tokens of these examples, `[rows, length]`, which the caller has checked.
    pub(super) fn read(&self, rows: &[usize]) -> Result<Array2<u32>> {
        match self {
            Self::Memory(tokens) => Ok(tokens.select(Axis(0), rows)),
            Self::File(file, own) => {
                file.read(&rows.iter().map(|row| own[*row]).collect::<Vec<_>>())
            }
        }
    }

    /// Hands every token to a hash; of a file that cannot be read any more, none.
    pub(super) fn fingerprint(&self, add: &mut dyn FnMut(&[u8])) {
        let mut hash = |tokens: &Array2<u32>| tokens.iter().for_each(|t| add(&t.to_le_bytes()));
        match self {
            Self::Memory(tokens) => hash(tokens),
            Self::File(file, own) => {
                own.chunks(ROWS).for_each(|rows| hash(&file.read(rows).unwrap_or_default()));
            }
        }
    }
}
