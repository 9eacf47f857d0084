//! Slurm's own programs, each with a limit of time: they wait for ever when the cluster is down.

use crate::{Error, ErrorKind, Result};
use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(60);

/// What a program prints.
pub(super) fn run(program: &str, arguments: &[&OsStr]) -> Result<String> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            let problem = format!("cannot run `{program}`: {error}");
            return Err(Error::new(ErrorKind::Cluster, problem)
                .caused_by(error)
                .help("run this on a machine from which jobs are submitted to Slurm"));
        }
    };
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let status = wait(&mut child, program)?;
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    if status {
        return Ok(out);
    }
    let message = if err.trim().is_empty() { out } else { err };
    let problem = format!("`{program}` failed: {}", message.trim().replace('\n', "; "));
    Err(Error::new(ErrorKind::Cluster, problem).help("check the options of the job, and `sinfo`"))
}

/// Returns `true` if the error is that there is no such program.
pub(super) fn tool_missing(error: &Error) -> bool {
    std::error::Error::source(error).is_some()
}

/// Reads in a thread, so that a full pipe does not stop the program.
fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read until an error is all there is to report.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Returns `true` if the program ends well.
fn wait(child: &mut Child, program: &str) -> Result<bool> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                let problem = format!("`{program}` has not answered in {} s", LIMIT.as_secs());
                return Err(Error::new(ErrorKind::Cluster, problem)
                    .help("check with `sinfo` that the cluster is up"));
            }
            Err(error) => {
                let problem = format!("cannot wait for `{program}`: {error}");
                return Err(Error::new(ErrorKind::Cluster, problem));
            }
        }
    }
}
