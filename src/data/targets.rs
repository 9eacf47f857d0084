//! The targets of the examples: one class, several classes, or numbers.

use crate::{Error, ErrorKind, Result};
use ndarray::{Array2, Axis};

/// The targets of a data set or of a batch, one row per example.
///
/// ```
/// use cuaderno::data::{Dataset, Targets};
/// # fn main() -> cuaderno::Result<()> {
/// let set = Dataset::multi_label(&[vec![0, 2], vec![], vec![1]], &["history", "art", "nature"])?;
/// let Targets::MultiLabel(targets) = set.targets().select(&[0, 1])? else { unreachable!() };
/// assert_eq!(targets, ndarray::array![[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// One class per example, as an index into the classes: cross-entropy.
    Classes(Vec<usize>),
    /// Any number of classes per example, `[examples, classes]` of 0 and 1: binary cross-entropy.
    MultiLabel(Array2<f32>),
    /// Numbers, `[examples, outputs]`: mean squared error.
    Values(Array2<f32>),
}

impl Targets {
    /// Number of examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(labels) => labels.len(),
            Self::MultiLabel(values) | Self::Values(values) => values.nrows(),
        }
    }

    /// Returns `true` if there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The targets of the examples `rows`, in that order.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a row is past the end.
    pub fn select(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|row| **row >= self.len()) {
            let problem =
                format!("expected rows below {}, the number of examples, found {row}", self.len());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        Ok(match self {
            Self::Classes(labels) => Self::Classes(rows.iter().map(|row| labels[*row]).collect()),
            Self::MultiLabel(values) => Self::MultiLabel(values.select(Axis(0), rows)),
            Self::Values(values) => Self::Values(values.select(Axis(0), rows)),
        })
    }

    /// Checks single labels against the number of classes.
    pub(super) fn classes(labels: &[usize], classes: usize) -> Result<Self> {
        check_labels(labels.iter().copied().enumerate(), classes)?;
        Ok(Self::Classes(labels.to_vec()))
    }

    /// Turns lists of labels into `[examples, classes]` of 0 and 1; a label listed twice counts once.
    pub(super) fn multi_label(labels: &[Vec<usize>], classes: usize) -> Result<Self> {
        let pairs = labels.iter().enumerate();
        check_labels(
            pairs.flat_map(|(row, labels)| labels.iter().map(move |label| (row, *label))),
            classes,
        )?;
        let mut values = Array2::zeros((labels.len(), classes));
        for (row, labels) in labels.iter().enumerate() {
            for label in labels {
                values[(row, *label)] = 1.0;
            }
        }
        Ok(Self::MultiLabel(values))
    }

    /// Checks that every number is finite.
    pub(super) fn values(values: &Array2<f32>, names: &[&str]) -> Result<Self> {
        if values.ncols() != names.len() || names.is_empty() {
            let problem = format!(
                "expected one name per target column, found {} names for {} columns",
                names.len(),
                values.ncols()
            );
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        match values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            Some(((row, column), value)) => Err(Error::new(
                ErrorKind::Numeric,
                format!("expected a finite target for example {row}, found {value}"),
            )
            .column(names[column])
            .help("drop rows without a target")),
            None => Ok(Self::Values(values.clone())),
        }
    }
}

fn check_labels(mut labels: impl Iterator<Item = (usize, usize)>, classes: usize) -> Result<()> {
    match labels.find(|(_, label)| *label >= classes) {
        Some((row, label)) => Err(Error::new(
            ErrorKind::Parameter,
            format!(
                "expected labels below {classes}, the number of classes, \
                 found {label} for example {row}"
            ),
        )
        .help("number the classes from 0 in the order of their names")),
        None => Ok(()),
    }
}
