//! Private folders: the cache, and one session folder for each running kernel.

use crate::failure::{Failure, Result};
use crate::roles;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// The folder where everything that can be made again lies.
pub fn cache() -> Result<PathBuf> {
    let folder = if let Some(folder) = std::env::var_os("CUADERNO_CACHE") {
        PathBuf::from(folder)
    } else if let Some(folder) = std::env::var_os("XDG_CACHE_HOME").filter(|f| !f.is_empty()) {
        PathBuf::from(folder).join("cuaderno")
    } else {
        let home = std::env::var_os("HOME").ok_or_else(|| {
            Failure::new("neither CUADERNO_CACHE, XDG_CACHE_HOME nor HOME says where to keep files")
        })?;
        PathBuf::from(home).join(".cache/cuaderno")
    };
    let folder = std::path::absolute(&folder).map_err(|e| Failure::io(&folder, &e))?;
    create(&folder)?;
    Ok(folder)
}

/// Free bytes that a session must find, for its build folder and its first cells.
const ROOM: u64 = 64 << 20;

/// Bytes that are free where a folder lies; `None` where the system does not report it.
pub fn free(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Makes a folder that only the user can enter.
pub fn create(folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| Failure::io(folder, &error))
}

/// Writes a file that only the user can read.
pub fn write_private(path: &Path, content: &[u8]) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .map_err(|error| Failure::io(path, &error))
}

/// Holds a lock until it is dropped, or until its process ends.
pub struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Lock {
    /// Waits until nobody else holds `path`.
    pub fn wait(path: &Path) -> Result<Self> {
        let file = Self::open(path)?;
        file.lock().map_err(|error| Failure::io(path, &error))?;
        Ok(Self(file))
    }

    /// Takes `path` if nobody else holds it.
    pub fn attempt(path: &Path) -> Option<Self> {
        let file = Self::open(path).ok()?;
        file.try_lock().ok()?;
        Some(Self(file))
    }

    fn open(path: &Path) -> Result<File> {
        let open =
            OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        open.map_err(|error| Failure::io(path, &error))
    }
}

/// The folder of one running kernel; removed with the kernel, or by its heir if that was killed.
pub struct Session {
    folder: PathBuf,
    _lock: Lock,
    heir: Option<Child>,
}

const LOCK: &str = "lock";
/// The time that the heir goes on removing files that ending processes still write.
const REMOVAL: Duration = Duration::from_secs(60);

impl Session {
    /// Makes a new folder for this process.
    pub fn new() -> Result<Self> {
        let sessions = sessions()?;
        if let Some(free) = free(&sessions).filter(|free| *free < ROOM) {
            let problem = format!(
                "no space left on the disk: {} MB free, and a session needs {}",
                free >> 20,
                ROOM >> 20
            );
            return Err(Failure::new(problem)
                .file(&sessions)
                .help("`cuaderno clean` frees what can be made again"));
        }
        let name = uuid::Uuid::new_v4().simple().to_string();
        let folder = sessions.join(&name[..12]);
        create(&folder)?;
        let lock = Lock::attempt(&folder.join(LOCK))
            .ok_or_else(|| Failure::new("cannot lock the new session folder").file(&folder))?;
        // Without an heir, the next kernel removes what a killed one leaves.
        let heir = heir(&folder).ok();
        Ok(Self { folder, _lock: lock, heir })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder where evcxr builds.
    pub fn build(&self) -> PathBuf {
        self.folder.join("build")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        if let Some(mut heir) = self.heir.take() {
            // Its pipe is closed first.
            let _ = heir.wait();
        }
    }
}

/// Starts a process that outlives this one, even if all of its group are killed: it sees by the end of a pipe, which
/// this process alone holds, when to remove the folder.
fn heir(folder: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(roles::INHERIT)
        .arg(folder)
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Waits for the end of standard input, then removes a session's folder.
pub fn inherit(folder: &Path) {
    if !folder.join(LOCK).is_file() {
        return;
    }
    let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    let end = Instant::now() + REMOVAL;
    while folder.exists() && Instant::now() < end {
        let _ = fs::remove_dir_all(folder);
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn sessions() -> Result<PathBuf> {
    let folder = cache()?.join("sessions");
    create(&folder)?;
    Ok(folder)
}

/// Removes the folders of kernels that are no more; returns how many there were.
pub fn sweep() -> Result<usize> {
    let sessions = sessions()?;
    let entries = fs::read_dir(&sessions).map_err(|error| Failure::io(&sessions, &error))?;
    let mut removed = 0;
    for folder in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()) {
        let lock = folder.join(LOCK);
        // Between making a folder and its lock lies a moment.
        let fresh = fs::metadata(&folder).and_then(|m| m.modified()).is_ok_and(|t| {
            SystemTime::now().duration_since(t).is_ok_and(|age| age < Duration::from_secs(30))
        });
        if !lock.exists() && fresh {
            continue;
        }
        if Lock::attempt(&lock).is_some() && fs::remove_dir_all(&folder).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Bytes that a folder takes on the disk; files that several folders share count once.
pub fn size(folder: &Path) -> u64 {
    fn add(folder: &Path, seen: &mut std::collections::HashSet<(u64, u64)>) -> u64 {
        use std::os::unix::fs::MetadataExt;
        let Ok(entries) = fs::read_dir(folder) else { return 0 };
        entries
            .flatten()
            .map(|entry| match entry.metadata() {
                Ok(meta) if meta.is_dir() => add(&entry.path(), seen),
                Ok(meta) if seen.insert((meta.dev(), meta.ino())) => meta.blocks() * 512,
                _ => 0,
            })
            .sum()
    }
    add(folder, &mut std::collections::HashSet::new())
}
