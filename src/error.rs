//! One error type that says what was wrong, where, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of every function of this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What was wrong, where (file, row, column, layer), and what to do.
///
/// `Debug` prints the same sentence as `Display`: in a notebook, a cell that ends through `?` shows it.
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
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    problem: String,
    file: Option<PathBuf>,
    row: Option<usize>,
    column: Option<String>,
    layer: Option<String>,
    help: Option<String>,
}

/// What an [`Error`] is about.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A file or folder could not be read or written.
    File,
    /// A table does not hold what was asked of it.
    Table,
    /// A picture could not be decoded, or has an unexpected size.
    Image,
    /// Shapes of tensors do not fit together.
    Shape,
    /// A parameter is outside its range.
    Parameter,
    /// Weights are missing, surplus, misshapen or not finite.
    Weights,
    /// A number is NaN or infinite where it must be finite.
    Numeric,
    /// The device that tensors should live on is not there.
    Device,
    /// A figure could not be drawn.
    Figure,
    /// The user interrupted the work; everything done so far is kept.
    Interrupted,
}

impl Error {
    /// An error of `kind` whose `problem` is a short clause, such as "`many` is not a number".
    pub fn new(kind: ErrorKind, problem: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            problem: problem.into(),
            file: None,
            row: None,
            column: None,
            layer: None,
            help: None,
        }))
    }

    /// An operation on `file` failed for the reason that the system gave.
    pub fn io(file: impl AsRef<Path>, source: &std::io::Error) -> Self {
        let problem = match source.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
            _ => source.to_string(),
        };
        Self::new(ErrorKind::File, problem).file(file)
    }

    /// The file or folder where it happened.
    pub fn file(mut self, file: impl AsRef<Path>) -> Self {
        self.0.file = Some(file.as_ref().to_path_buf());
        self
    }

    /// The row where it happened: the line of a CSV file, counted from 1 with the header as row 1.
    pub fn row(mut self, row: usize) -> Self {
        self.0.row = Some(row);
        self
    }

    /// The column where it happened.
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.0.column = Some(column.into());
        self
    }

    /// The layer of a network where it happened.
    pub fn layer(mut self, layer: impl Into<String>) -> Self {
        self.0.layer = Some(layer.into());
        self
    }

    /// What to do about it, as a clause in the imperative.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Whether it already says in which layer it happened.
    pub(crate) fn has_layer(&self) -> bool {
        self.0.layer.is_some()
    }

    /// What the error is about.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, problem, file, row, column, layer, help } = &*self.0;
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

impl std::error::Error for Error {}
