//! Interruption that keeps variables: long work looks at a flag between its steps and stops by itself.

use crate::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The flag is a file; looking for it costs about a microsecond, so inner loops ask for it this often at most.
const INTERVAL: Duration = Duration::from_millis(50);

struct Flag {
    file: PathBuf,
    start: Instant,
    /// When the file was last looked for, in nanoseconds after `start`.
    looked: AtomicU64,
}

fn flag() -> Option<&'static Flag> {
    static FLAG: OnceLock<Option<Flag>> = OnceLock::new();
    let find = || {
        let file = PathBuf::from(std::env::var_os("CUADERNO_INTERRUPT")?);
        Some(Flag { file, start: Instant::now(), looked: AtomicU64::new(0) })
    };
    FLAG.get_or_init(find).as_ref()
}

impl Flag {
    fn raised(&self) -> bool {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let looked = self.looked.load(Ordering::Relaxed);
        if now.saturating_sub(looked) < INTERVAL.as_nanos() as u64 && looked != 0 {
            return false;
        }
        self.looked.store(now.max(1), Ordering::Relaxed);
        let raised = self.file.exists();
        if raised {
            // Whoever asks next must see it too, without waiting.
            self.looked.store(0, Ordering::Relaxed);
        }
        raised
    }
}

/// Whether the user has asked the running cell to stop.
///
/// Cheap enough for every batch, image or row block; always `false` outside a notebook.
pub fn interrupted() -> bool {
    flag().is_some_and(Flag::raised)
}

/// Ends long work when the user has asked for it: call it between batches, as `notebook::check()?`.
///
/// # Errors
/// [`ErrorKind::Interrupted`] when the user has asked the running cell to stop.
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
    fn a_raised_flag_is_seen_by_everyone_who_asks_and_a_lowered_one_by_none() {
        let file = std::env::temp_dir().join(format!("cuaderno-flag-{}", std::process::id()));
        let flag = Flag { file: file.clone(), start: Instant::now(), looked: AtomicU64::new(0) };
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
