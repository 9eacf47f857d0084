//! Cooperative interruption: long-running functions check a flag between steps and return an error, so variables are kept.

use crate::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Shortest time between two checks of the flag, a file: a check costs about a microsecond.
const INTERVAL: Duration = Duration::from_millis(50);

struct Flag {
    files: Vec<PathBuf>,
    start: Instant,
    /// Time of the last check, in nanoseconds after `start`.
    checked: AtomicU64,
}

fn flag() -> Option<&'static Flag> {
    static FLAG: OnceLock<Option<Flag>> = OnceLock::new();
    let find = || {
        // The kernel's file, and that of a cluster's task, in which a notebook may run.
        let names = ["CUADERNO_INTERRUPT", "CUADERNO_TASK_STOP"];
        let files: Vec<PathBuf> =
            names.iter().filter_map(std::env::var_os).map(PathBuf::from).collect();
        let flag = Flag { files, start: Instant::now(), checked: AtomicU64::new(0) };
        (!flag.files.is_empty()).then_some(flag)
    };
    FLAG.get_or_init(find).as_ref()
}

impl Flag {
    fn raised(&self) -> bool {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let last = self.checked.load(Ordering::Relaxed);
        if now.saturating_sub(last) < INTERVAL.as_nanos() as u64 && last != 0 {
            return false;
        }
        self.checked.store(now.max(1), Ordering::Relaxed);
        let raised = self.files.iter().any(|file| file.exists());
        if raised {
            // The next check must not wait for the interval.
            self.checked.store(0, Ordering::Relaxed);
        }
        raised
    }
}

/// Returns `true` if the user has interrupted the running cell, or the time of a cluster's task is nearly over. Cheap enough
/// for every batch, image or block of rows; always `false` elsewhere.
pub fn interrupted() -> bool {
    flag().is_some_and(Flag::raised)
}

/// Returns an error when the user has interrupted the running cell. Call it between the steps of a long loop:
///
/// ```
/// # fn main() -> cuaderno::Result<()> {
/// for batch in 0..3 {
///     cuaderno::notebook::check()?;
///     // … work on the batch …
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ErrorKind::Interrupted`] when the user has interrupted the running cell.
pub fn check() -> Result<()> {
    if interrupted() { Err(stopped()) } else { Ok(()) }
}

fn stopped() -> Error {
    Error::new(ErrorKind::Interrupted, "stopped at your request")
        .help("variables made so far are kept; run the cell again to start over")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_interrupted_outside_a_notebook() {
        assert!(!interrupted());
        assert_eq!(check(), Ok(()));
    }

    #[test]
    fn a_raised_flag_is_seen_by_every_check_and_a_lowered_one_by_none() {
        let file = std::env::temp_dir().join(format!("cuaderno-flag-{}", std::process::id()));
        let flag =
            Flag { files: vec![file.clone()], start: Instant::now(), checked: AtomicU64::new(0) };
        assert!(!flag.raised());
        std::fs::write(&file, "").unwrap();
        std::thread::sleep(2 * INTERVAL);
        assert!(flag.raised());
        assert!(flag.raised());
        std::fs::remove_file(&file).unwrap();
        assert!(!flag.raised());
    }

    #[test]
    fn the_error_reads_as_an_interruption() {
        assert_eq!(stopped().kind(), ErrorKind::Interrupted);
        assert!(stopped().to_string().starts_with("Interrupted: "));
    }
}
