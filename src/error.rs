//! The crate's error type: what went wrong, where, why, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The result type of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error with its place (file, row, column, layer), what to do about it, and its cause.
///
/// `Debug` prints the same sentence as `Display`, since a notebook shows it for a cell that ends through `?`. Two errors
/// are equal when they read the same; the causes are not compared.
///
/// ```
/// use cuaderno::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Table, "`many` is not a number")
///     .file("poi.csv").row(12).column("Visits").help("write a number or leave the cell empty");
/// assert_eq!(
///     error.to_string(),
///     "poi.csv, row 12, column `Visits`: `many` is not a number; write a number or leave the cell empty",
/// );
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    problem: String,
    file: Option<PathBuf>,
    row: Option<usize>,
    column: Option<String>,
    layer: Option<String>,
    help: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// The kind of an [`Error`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A file or folder could not be read or written.
    File,
    /// A table lacks a column or row, or a value has another type than expected.
    Table,
    /// An image could not be decoded, or has an unexpected size.
    Image,
    /// The shapes of tensors do not fit together.
    Shape,
    /// A setting or argument is outside its range.
    Parameter,
    /// Weights are missing, unexpected, of another shape, or not finite.
    Weights,
    /// A number is NaN or infinite where it must be finite.
    Numeric,
    /// The device of the tensors is not available.
    Device,
    /// A figure could not be drawn.
    Figure,
    /// A server could not be reached, or refused the request.
    Network,
    /// A checkpoint is damaged, or belongs to another network, data set or version.
    Checkpoint,
    /// A batch system or a group of processes failed.
    Cluster,
    /// The user interrupted the work; everything done so far is kept.
    Interrupted,
}

impl Error {
    /// An error of `kind`; `problem` is a clause that states what was expected and what was found, such as "`batch_size` must
    /// be at least 1, found 0".
    pub fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            problem: problem.into(),
            file: None,
            row: None,
            column: None,
            layer: None,
            help: None,
            source: None,
        }))
    }

    /// An error of kind [`ErrorKind::File`]: an operation on `file` failed with `source`.
    pub fn io(file: impl AsRef<Path>, source: &std::io::Error) -> Self {
        let problem = match source.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
            _ => source.to_string(),
        };
        // An `io::Error` cannot be cloned; the copy has the same code or message.
        let cause = match source.raw_os_error() {
            Some(code) => std::io::Error::from_raw_os_error(code),
            None => std::io::Error::new(source.kind(), source.to_string()),
        };
        Self::new(ErrorKind::File, problem).file(file).caused_by(cause)
    }

    /// Adds the file or folder.
    pub fn file(mut self, file: impl AsRef<Path>) -> Self {
        self.0.file = Some(file.as_ref().to_path_buf());
        self
    }

    /// Adds the row: the line of a CSV file, counted from 1 with the header as row 1.
    pub fn row(mut self, row: usize) -> Self {
        self.0.row = Some(row);
        self
    }

    /// Adds the column.
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.0.column = Some(column.into());
        self
    }

    /// Adds the layer of a network.
    pub fn layer(mut self, layer: impl Into<String>) -> Self {
        self.0.layer = Some(layer.into());
        self
    }

    /// Adds what to do, as a clause in the imperative.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Adds the error that caused this one, for [`source`](std::error::Error::source).
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// Returns `true` if the error names a layer.
    pub(crate) fn has_layer(&self) -> bool {
        self.0.layer.is_some()
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, problem, file, row, column, layer, help, source: _ } = &*self.0;
        let mut place = Vec::new();
        if let Some(file) = file {
            place.push(file.display().to_string());
        }
        if let Some(row) = row {
            place.push(format!("row {row}"));
        }
        if let Some(column) = column {
            place.push(format!("column `{column}`"));
        }
        if let Some(layer) = layer {
            place.push(format!("layer `{layer}`"));
        }
        if *kind == ErrorKind::Interrupted {
            f.write_str("Interrupted: ")?;
        }
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        f.write_str(problem)?;
        if let Some(help) = help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as _)
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.to_string() == other.to_string()
    }
}

impl Eq for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn the_cause_is_kept_and_not_compared() {
        let refused = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = Error::io("a.csv", &refused);
        assert_eq!(error.to_string(), "a.csv: permission denied");
        let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        assert_eq!(cause.map(std::io::Error::kind), Some(std::io::ErrorKind::PermissionDenied));
        assert_eq!(error, Error::new(ErrorKind::File, "permission denied").file("a.csv"));
        assert!(error.clone().source().is_some());
        assert!(Error::new(ErrorKind::Network, "the server does not answer").source().is_none());
    }
}
