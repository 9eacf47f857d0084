//! The standard input of cells. Between cells it is evcxr's, by which it sends commands; while one runs, its place is taken by a
//! socket of the filter's, where each line, or the end of the input, is one message.

use crate::roles;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// The number of the system call `read`.
#[cfg(target_arch = "x86_64")]
const READ: &str = "0";
#[cfg(not(target_arch = "x86_64"))]
const READ: &str = "63";

/// The time that a cell must have waited to be taken for one that reads a line.
const SETTLE: Duration = Duration::from_millis(30);

/// The cells' standard input.
pub struct Input {
    ours: UnixDatagram,
    theirs: UnixDatagram,
    /// The name by which the system lists the cells' end.
    name: String,
    /// The file of the front's answer.
    answer: PathBuf,
    asked: bool,
    since: Option<Instant>,
}

impl Input {
    /// Gives the process that is to run the cells its end. `None` where that cannot be had: the input ends at once then.
    pub fn new(command: &mut Command) -> Option<Self> {
        let answer = PathBuf::from(std::env::var_os(roles::INPUT)?);
        let (ours, theirs) = UnixDatagram::pair().ok()?;
        fcntl_setfd(&theirs, FdFlags::empty()).ok()?;
        let _ = std::fs::remove_file(&answer);
        let file = theirs.as_raw_fd();
        command.env(roles::INPUT_FILE, file.to_string());
        let inode = std::fs::metadata(format!("/proc/self/fd/{file}")).ok()?.ino();
        let name = format!("socket:[{inode}]");
        Some(Self { ours, theirs, name, answer, asked: false, since: None })
    }

    /// Returns `true` if a line was requested from the front that has not come.
    pub fn is_waiting(&self) -> bool {
        self.asked || self.since.is_some()
    }

    /// Returns `true` if a cell of the process has come to wait for a line; passes on the answer to the last such question.
    pub fn is_wanted(&mut self, cells: u32) -> bool {
        if self.asked {
            if let Ok(line) = std::fs::read(&self.answer) {
                let _ = std::fs::remove_file(&self.answer);
                let _ = self.ours.send(&line);
                self.asked = false;
            }
            return false;
        }
        if !self.reads(cells) || self.is_queued() {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() < SETTLE {
            return false;
        }
        self.since = None;
        self.asked = true;
        true
    }

    /// Returns `true` if a line lies in the socket.
    fn is_queued(&self) -> bool {
        let mut files = [PollFd::new(&self.theirs, PollFlags::IN)];
        poll(&mut files, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }

    /// Returns `true` if a thread of the process is in a call that reads our socket as its standard input.
    fn reads(&self, cells: u32) -> bool {
        let is_ours = std::fs::read_link(format!("/proc/{cells}/fd/0"))
            .is_ok_and(|link| link.to_str() == Some(&self.name));
        is_ours && {
            let tasks =
                std::fs::read_dir(format!("/proc/{cells}/task")).into_iter().flatten().flatten();
            let start = format!("{READ} 0x0 ");
            tasks
                .filter_map(|task| std::fs::read_to_string(task.path().join("syscall")).ok())
                .any(|call| call.starts_with(&start))
        }
    }
}
