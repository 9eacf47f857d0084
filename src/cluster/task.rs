//! The side of a task: which one this process is, and how it ends.

use super::script::{AGAIN, ARRAY, STATUS};
use crate::{Error, ErrorKind, Result};
use std::path::Path;

/// What this process is to an array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// It submits the array.
    None,
    /// Its task of this number.
    Number(usize),
    /// A task of another array, further on in the program.
    Other,
}

/// What this process is to the array whose records lie in `folder`.
pub(crate) fn task(folder: &Path) -> Result<Task> {
    let Some(array) = std::env::var_os(ARRAY) else { return Ok(Task::None) };
    let folder = std::path::absolute(folder).map_err(|error| Error::io(folder, &error))?;
    if Path::new(&array) != folder {
        return Ok(Task::Other);
    }
    let number = std::env::var("SLURM_ARRAY_TASK_ID").unwrap_or_default();
    number.parse().map(Task::Number).map_err(|_| {
        let problem =
            format!("expected the number of a task in `SLURM_ARRAY_TASK_ID`, found `{number}`");
        Error::new(ErrorKind::Cluster, problem).help(format!("unset `{ARRAY}` outside of a job"))
    })
}

/// Ends the process of a task: status 0 when it is done, 75 when it has saved itself for another time, 1 after an error.
pub(crate) fn end_task<T>(outcome: Result<T>) -> ! {
    let code = match outcome {
        Ok(_) => 0,
        Err(error) => {
            eprintln!("{error}");
            if error.kind() == ErrorKind::Interrupted { i32::from(AGAIN) } else { 1 }
        }
    };
    if let Some(file) = std::env::var_os(STATUS) {
        // The script takes the status of the process where there is none.
        let _ = std::fs::write(file, code.to_string());
    }
    std::process::exit(code)
}
