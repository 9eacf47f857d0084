//! Lines that begin with `!`: shell commands, whose output is published while they run.

use super::cells::{Cell, defines, made_in};
use super::complete;
use super::report::Report;
use super::shell::Shell;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::sync::mpsc;

/// The time for output after a command has ended: a process that it has left may hold the pipe.
const DRAIN: Duration = Duration::from_millis(300);
/// The time that a command may take to end after an interrupt, before it is killed.
const INTERRUPT_GRACE: Duration = Duration::from_secs(1);

/// A cell's commands, and its code without them, every line at its place.
pub struct Split {
    pub commands: Vec<String>,
    pub code: String,
}

/// Takes the commands out of a cell's code. A line such as `!ready`, where `ready` is a name of the session, is code.
pub fn split(code: &str, cells: &[Cell]) -> Split {
    let mut split = Split { commands: Vec::new(), code: String::new() };
    let mut in_head = true;
    for line in code.split_inclusive('\n') {
        let bare = line.trim();
        if in_head && line.starts_with('!') {
            if is_code(bare, cells) {
                // evcxr takes what begins a line with `!` for a command.
                split.code.push(' ');
                split.code += line;
                in_head = false;
            } else {
                split.commands.push(bare.trim_start_matches('!').trim().to_string());
                split.code += if line.ends_with('\n') { "\n" } else { "" };
            }
            continue;
        }
        in_head &= bare.is_empty() || bare.starts_with(':') || bare.starts_with("//");
        split.code += line;
    }
    split
}

fn is_code(line: &str, cells: &[Cell]) -> bool {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let rest = line.trim_start_matches(|c: char| c == '!' || c == '(' || c.is_whitespace());
    let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
    let known = made_in(name, cells).is_some() || cells.iter().any(|(_, code)| defines(code, name));
    // `ready --now` would be a subtraction.
    let has_option = line.split_whitespace().skip(1).any(|word| {
        word.strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|c: char| c == '-' || c.is_alphabetic()))
    });
    !name.is_empty() && known && !has_option && complete::is_expression(line.trim_end_matches(';'))
}

impl Shell {
    /// Runs a command; gives how it failed, if it did.
    pub(super) async fn run_command(&self, command: &str) -> Option<Report> {
        let child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => return Some(Report::command(&format!("cannot start `sh`: {error}"))),
        };
        self.hub.running().command = Some(child.id());
        let (send, mut texts) = mpsc::channel::<(&str, String)>(16);
        let pipes: [(&str, Option<Box<dyn Read + Send>>); 2] = [
            ("stdout", child.stdout.take().map(|pipe| Box::new(pipe) as _)),
            ("stderr", child.stderr.take().map(|pipe| Box::new(pipe) as _)),
        ];
        for (name, pipe) in pipes {
            let send = send.clone();
            if let Some(pipe) = pipe {
                std::thread::spawn(move || {
                    forward(pipe, |text| send.blocking_send((name, text)).is_ok())
                });
            }
        }
        drop(send);
        let mut ended = tokio::task::spawn_blocking(move || child.wait());
        let status = loop {
            tokio::select! {
                text = texts.recv() => match text {
                    Some((name, text)) => self.publish_text(name, text).await,
                    None => break (&mut ended).await,
                },
                status = &mut ended => break status,
            }
        };
        while let Ok(Some((name, text))) = tokio::time::timeout(DRAIN, texts.recv()).await {
            self.publish_text(name, text).await;
        }
        let interrupted = {
            let mut running = self.hub.running();
            running.command = None;
            running.interrupted
        };
        if interrupted {
            return Some(Report::interrupted_command());
        }
        match status {
            Ok(Ok(status)) if status.success() => None,
            Ok(Ok(status)) => Some(Report::command(&format!("the command ended with {status}"))),
            _ => Some(Report::command("the command's end is not known")),
        }
    }

    async fn publish_text(&self, name: &str, text: String) {
        self.hub.publish_running("stream", json!({"name": name, "text": text})).await;
    }
}

/// Interrupts a command with all its children, and kills those that do not end.
pub fn interrupt(group: u32) {
    let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return };
    let _ = kill_process_group(group, Signal::INT);
    std::thread::spawn(move || {
        std::thread::sleep(INTERRUPT_GRACE);
        let _ = kill_process_group(group, Signal::KILL);
    });
}

/// Gives out what comes through a pipe, in whole characters.
fn forward(mut pipe: impl Read, mut give: impl FnMut(String) -> bool) {
    let mut buffer = [0; 16_384];
    let mut rest = Vec::new();
    while let Ok(n @ 1..) = pipe.read(&mut buffer) {
        rest.extend_from_slice(&buffer[..n]);
        let end = match std::str::from_utf8(&rest) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => rest.len(),
        };
        let text: Vec<u8> = rest.drain(..end).collect();
        if end > 0 && !give(String::from_utf8_lossy(&text).into_owned()) {
            return;
        }
    }
    if !rest.is_empty() {
        give(String::from_utf8_lossy(&rest).into_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_code() {
        let cells = [(1, "let ready = false; fn is_ok() -> bool { true }".to_string())];
        let commands = |code: &str| split(code, &cells).commands;
        assert_eq!(commands("!ls -l\n// c\n!echo a\nlet x = !ready;"), ["ls -l", "echo a"]);
        assert_eq!(commands("let x = 1;\n!ready"), [""; 0]);
        for code in ["!ready", "!(ready && is_ok())", "!is_ok()"] {
            assert!(commands(code).is_empty(), "{code}");
            assert_eq!(split(code, &cells).code, format!(" {code}"));
        }
        assert_eq!(commands("!ready --now"), ["ready --now"]);
        assert_eq!(split("!a\nb\n", &cells).code, "\nb\n");
    }

    #[test]
    fn text_comes_in_whole_characters() {
        struct Bytes(Vec<u8>);
        impl Read for Bytes {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let Some(byte) = self.0.pop() else { return Ok(0) };
                buffer[0] = byte;
                Ok(1)
            }
        }
        let mut bytes = "añ".as_bytes().to_vec();
        bytes.reverse();
        let mut texts = Vec::new();
        forward(Bytes(bytes), |text| {
            texts.push(text);
            true
        });
        assert_eq!(texts, ["a", "ñ"]);
    }
}
