//! The process that evcxr takes for its cell process: it runs the real one and reads all that it writes.
//!
//! A process of its own, rather than a thread beside the cells, so that nothing a cell wrote is lost
//! when the cell brings its process down.

use super::event::{Bundler, Event, Failure};
use super::held::Held;
use super::input::Input;
use super::splitter::{Control, Piece, Splitter};
use crate::roles;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The time that the cells' flusher may take to answer.
const FLUSH_WAIT: Duration = Duration::from_millis(500);
/// The time that an unfinished line or a bundle may wait for its continuation.
const SETTLE: Duration = Duration::from_millis(30);
/// Text alone waits longer: it is shown as the cell's result if the cell ends with it.
const RESULT_WAIT: Duration = Duration::from_secs(1);

/// The markers with which `evcxr_input` requests a line, and a secret one.
const ASKS: &str = "EVCXR_INPUT_REQUEST";
const ASKS_SECRET: &str = "EVCXR_INPUT_REQUEST_PASSWORD";

/// The start and a part of the message of evcxr's part in the cell process before it ends because a cell's shared object
/// does not go with those that are loaded.
const UNLOADABLE: &str = "While processing instruction `Ok(\"LOAD_AND_RUN";
const DLOPEN: &str = "dlopen failed";

/// Runs the cell process under the filter until it ends; returns the exit code to end with.
pub fn main() -> io::Result<i32> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(std::env::args_os().skip(1))
        .env(roles::CELLS, "1")
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    roles::restore(&mut command);
    let input = Input::new(&mut command);
    // evcxr turns backtraces on; a notebook shows them only on request.
    if std::env::var_os(roles::BACKTRACE).is_none() {
        command.env("RUST_BACKTRACE", "0");
    }
    let flush = match std::env::var_os(roles::FLUSH) {
        Some(path) => {
            let _ = std::fs::remove_file(&path);
            Some(UnixListener::bind(path)?)
        }
        None => None,
    };
    let front = UnixStream::connect(std::env::var_os(roles::SOCKET).unwrap_or_default())?;
    front.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut child = command.spawn()?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("no pipes to the cell process"));
    };
    let mut filter = Filter::new(front, flush, child, out, err)?;
    filter.input = input;
    filter.run()
}

struct Filter {
    front: UnixStream,
    flush_listener: Option<UnixListener>,
    flusher: Option<UnixStream>,
    child: Child,
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
    splitter: Splitter,
    bundler: Bundler,
    held: Held,
    /// When standard output was last read.
    last_read: Instant,
    /// The number and deadline of the flush that the end of a cell waits for.
    ending: Option<(u64, Instant)>,
    flushes: u64,
    input: Option<Input>,
    /// The question that the cell has put for the line that it reads next, and whether it is secret.
    prompt: (String, bool),
    parent: Option<u32>,
}

impl Filter {
    fn new(
        front: UnixStream,
        flush_listener: Option<UnixListener>,
        child: Child,
        out: ChildStdout,
        err: ChildStderr,
    ) -> io::Result<Self> {
        set_nonblocking(&out)?;
        set_nonblocking(&err)?;
        let parent = Some(std::os::unix::process::parent_id());
        Ok(Self {
            front,
            flush_listener,
            flusher: None,
            child,
            out: Some(out),
            err: Some(err),
            splitter: Splitter::default(),
            bundler: Bundler::default(),
            held: Held::default(),
            last_read: Instant::now(),
            ending: None,
            flushes: 0,
            input: None,
            prompt: Default::default(),
            parent,
        })
    }

    fn run(mut self) -> io::Result<i32> {
        self.send(&Event::Hello { filter: std::process::id(), cells: self.child.id() })?;
        while self.out.is_some() || self.err.is_some() {
            self.wait()?;
            // evcxr is gone: nobody can use the cells any more.
            if Some(std::os::unix::process::parent_id()) != self.parent {
                let _ = self.child.kill();
                return Ok(0);
            }
            self.accept_flusher();
            let cells = self.child.id();
            if self.input.as_mut().is_some_and(|input| input.is_wanted(cells)) {
                self.settle_input()?;
                let (prompt, password) = std::mem::take(&mut self.prompt);
                self.send(&Event::Input { prompt, password })?;
            }
            let read = self.read_out()?;
            self.read_err()?;
            if !read {
                self.settle()?;
            }
            if let Some((_, deadline)) = self.ending
                && Instant::now() > deadline
            {
                self.end_cell()?;
            }
            if self.child.try_wait()?.is_some() {
                // A process that the cell started may still hold the pipes.
                while self.read_out()? {}
                self.read_err()?;
                break;
            }
        }
        self.leave()
    }

    fn wait(&self) -> io::Result<()> {
        let mut fds = Vec::with_capacity(3);
        if let Some(out) = &self.out {
            fds.push(PollFd::new(out, PollFlags::IN));
        }
        if let Some(err) = &self.err {
            fds.push(PollFd::new(err, PollFlags::IN));
        }
        if let (Some(listener), None) = (&self.flush_listener, &self.flusher) {
            fds.push(PollFd::new(listener, PollFlags::IN));
        }
        let busy = self.held.waiting()
            || self.bundler.waiting()
            || self.ending.is_some()
            || self.input.as_ref().is_some_and(Input::is_waiting)
            || self.last_read.elapsed() < 2 * SETTLE;
        let wait = if busy { Duration::from_millis(10) } else { Duration::from_millis(100) };
        let timeout = Timespec { tv_sec: 0, tv_nsec: wait.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn accept_flusher(&mut self) {
        if self.flusher.is_none()
            && let Some(listener) = &self.flush_listener
            && listener.set_nonblocking(true).is_ok()
            && let Ok((stream, _)) = listener.accept()
            && stream.set_nonblocking(false).is_ok()
        {
            self.flusher = Some(stream);
        }
    }

    /// Reads standard output once; returns whether there was anything.
    fn read_out(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 65_536];
        match read(&mut self.out, &mut buffer)? {
            0 => Ok(false),
            n => {
                self.last_read = Instant::now();
                for piece in self.splitter.push(&buffer[..n]) {
                    self.piece(piece)?;
                }
                Ok(true)
            }
        }
    }

    /// Reads all that standard error has.
    fn read_err(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        loop {
            match read(&mut self.err, &mut buffer)? {
                0 => return Ok(()),
                n => self.held.push(&buffer[..n]),
            }
            self.release_long()?;
        }
    }

    fn release_long(&mut self) -> io::Result<()> {
        if self.held.is_long()
            && let Some(text) = self.held.release_text()
        {
            self.send(&Event::Text { name: "stderr", text })?;
        }
        Ok(())
    }

    fn piece(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Text(text) => {
                self.show_bundle()?;
                if let Some(text) = self.held.release_text() {
                    self.send(&Event::Text { name: "stderr", text })?;
                }
                self.send(&Event::Text { name: "stdout", text })
            }
            Piece::Block { mime, content } => {
                for event in self.bundler.block(mime, content) {
                    self.send(&event)?;
                }
                Ok(())
            }
            Piece::Control(Control::Complete) => self.begin_end(),
            Piece::Control(Control::Other(line))
                if self.input.is_some() && line.starts_with(ASKS) =>
            {
                let prompt = line.split_once(':').map(|(_, prompt)| prompt.to_string());
                self.prompt = (prompt.unwrap_or_default(), line.starts_with(ASKS_SECRET));
                Ok(())
            }
            Piece::Control(control) => {
                self.show_bundle()?;
                self.read_err()?;
                match control {
                    Control::Panic => {
                        let (before, text) = self.held.claim_panic();
                        if let Some(text) = before {
                            self.send(&Event::Text { name: "stderr", text })?;
                        }
                        self.send(&Event::Failed { how: Failure::Panic, text })?;
                    }
                    Control::EarlyReturn => {
                        let text = self.held.claim_error();
                        self.send(&Event::Failed { how: Failure::EarlyReturn, text })?;
                    }
                    _ => {}
                }
                to_evcxr(control.line())
            }
            Piece::Flushed(number) if self.ending.is_some_and(|(n, _)| n == number) => {
                self.end_cell()
            }
            Piece::Flushed(_) => Ok(()),
            Piece::Kept(code) => self.send(&Event::Kept { code }),
            Piece::Stderr(text) => {
                self.show_bundle()?;
                self.held.push(text.as_bytes());
                self.release_long()
            }
            Piece::Begins => self.send(&Event::Begins),
            Piece::Dropped { variable, item } => self.send(&Event::Dropped { variable, item }),
        }
    }

    /// The cell's function has returned; text without a line end may still stand in its buffer.
    fn begin_end(&mut self) -> io::Result<()> {
        self.flushes += 1;
        let deadline = Instant::now() + FLUSH_WAIT;
        self.ending = Some((self.flushes, deadline));
        let asked = match &mut self.flusher {
            Some(flusher) => flusher.write_all(format!("{}\n", self.flushes).as_bytes()).is_ok(),
            None => false,
        };
        if asked { Ok(()) } else { self.end_cell() }
    }

    fn end_cell(&mut self) -> io::Result<()> {
        self.ending = None;
        if let Some(piece) = self.splitter.unfinished() {
            self.piece(piece)?;
        }
        self.read_err()?;
        if let Some(event) = self.bundler.end() {
            self.send(&event)?;
        }
        if let Some(text) = self.held.release(true) {
            self.send(&Event::Text { name: "stderr", text })?;
        }
        self.held.next_cell();
        self.send(&Event::Done)?;
        self.await_front();
        to_evcxr(Control::Complete.line())
    }

    /// Shows what stands before a line is read, such as a question.
    fn settle_input(&mut self) -> io::Result<()> {
        while self.read_out()? {}
        if let Some(piece) = self.splitter.unfinished() {
            self.piece(piece)?;
        }
        Ok(())
    }

    /// Nothing more came for a while: gives out what waited.
    fn settle(&mut self) -> io::Result<()> {
        if self.ending.is_none()
            && self.last_read.elapsed() > SETTLE
            && let Some(piece) = self.splitter.unfinished()
        {
            self.piece(piece)?;
        }
        let wait = if self.bundler.may_be_result() { RESULT_WAIT } else { SETTLE };
        if self.bundler.waiting() && self.ending.is_none() && self.last_read.elapsed() > wait {
            self.show_bundle()?;
        }
        if let Some(text) = self.held.release(false) {
            self.send(&Event::Text { name: "stderr", text })?;
        }
        Ok(())
    }

    fn show_bundle(&mut self) -> io::Result<()> {
        match self.bundler.flush() {
            Some(event) => self.send(&event),
            None => Ok(()),
        }
    }

    /// The cell process has ended: reports how, and ends alike.
    fn leave(mut self) -> io::Result<i32> {
        for piece in self.splitter.finish() {
            self.piece(piece)?;
        }
        self.show_bundle()?;
        if let Some(text) = self.held.release(true) {
            self.send(&Event::Text { name: "stderr", text })?;
        }
        let status = self.child.wait()?;
        self.send(&Event::Exit { status: describe(status) })?;
        self.await_front();
        Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)))
    }

    fn send(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Text { name: "stderr", text } = event
            && let Some(at) = text.find(UNLOADABLE)
            && text[at..].contains(DLOPEN)
        {
            let text = text[..at].to_string();
            if !text.is_empty() {
                self.send(&Event::Text { name: "stderr", text })?;
            }
            return self.send(&Event::Unloadable);
        }
        self.front.write_all(event.to_line().as_bytes())
    }

    /// Waits until the front has published everything so far.
    fn await_front(&mut self) {
        let _ = self.front.read(&mut [0]);
    }
}

fn to_evcxr(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn set_nonblocking(fd: &impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?)
}

/// Reads what is there; 0 when there is nothing now, and the pipe is dropped at its end.
fn read<R: Read>(pipe: &mut Option<R>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(reader) = pipe else { return Ok(0) };
    loop {
        return match reader.read(buffer) {
            Ok(0) => {
                *pipe = None;
                Ok(0)
            }
            Ok(n) => Ok(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(error),
        };
    }
}

/// Why a process ended, in words.
fn describe(status: ExitStatus) -> String {
    let Some(signal) = status.signal() else {
        return format!("exit code {}", status.code().unwrap_or_default());
    };
    let name = match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 => " (bus error)",
        8 => " (arithmetic error)",
        9 => " (killed; often for want of memory)",
        11 => " (segmentation fault; often endless recursion)",
        15 => " (terminated)",
        _ => "",
    };
    format!("signal {signal}{name}")
}
