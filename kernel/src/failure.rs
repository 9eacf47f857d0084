//! Errors for the person at the terminal.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of everything the command does.
pub type Result<T> = std::result::Result<T, Failure>;

/// An error: the problem, the file, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    problem: String,
    file: Option<PathBuf>,
    help: Option<String>,
}

impl Failure {
    pub fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), file: None, help: None }
    }

    /// An operation on `file` failed for the reason that the system gave.
    pub fn io(file: &Path, error: &std::io::Error) -> Self {
        let problem = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_string(),
            std::io::ErrorKind::StorageFull => "no space left on the disk".to_string(),
            _ => error.to_string(),
        };
        let failure = Self::new(problem).file(file);
        match error.kind() {
            std::io::ErrorKind::StorageFull => {
                failure.help("`cuaderno clean` frees what can be made again")
            }
            _ => failure,
        }
    }

    pub fn file(mut self, file: &Path) -> Self {
        self.file = Some(file.to_path_buf());
        self
    }

    /// Adds the remedy, as a clause in the imperative.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        f.write_str(&self.problem)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}
