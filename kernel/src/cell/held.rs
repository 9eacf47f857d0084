//! Standard error, held for a moment: a panic's message and the error of a `?` come there before the
//! line on standard output that identifies them.

use super::event::ERROR_MARK;
use std::time::{Duration, Instant};

/// The time that text waits for the line that may claim it.
const WAIT: Duration = Duration::from_millis(40);
/// A panic message waits longer: unwinding comes between it and its line.
const PANIC_WAIT: Duration = Duration::from_secs(2);

/// More text than this, in bytes, does not wait.
const LONG: usize = 1 << 20;

/// Text of standard error that may turn out to be an error's message.
#[derive(Default)]
pub struct Held {
    text: Vec<u8>,
    since: Option<Instant>,
    panic: Option<(String, Instant)>,
    last: String,
}

impl Held {
    /// Takes what was read.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.panic {
            Some((message, _)) if !is_whole(message) => {
                message.push_str(&String::from_utf8_lossy(bytes));
            }
            _ => {
                self.text.extend_from_slice(bytes);
                self.since = Some(Instant::now());
            }
        }
        self.find_panic();
    }

    /// Returns `true` if so much waits that it is no error's message.
    pub fn is_long(&self) -> bool {
        self.text.len() > LONG
    }

    /// Returns `true` if anything waits.
    pub fn waiting(&self) -> bool {
        self.since.is_some() || self.panic.is_some()
    }

    /// Text that has waited long enough, or all of it if `now`.
    pub fn release(&mut self, now: bool) -> Option<String> {
        let mut out = String::new();
        if self.panic.as_ref().is_some_and(|(_, since)| now || since.elapsed() > PANIC_WAIT) {
            out.extend(self.panic.take().map(|(text, _)| text));
        }
        if self.since.is_some_and(|since| now || since.elapsed() > WAIT) {
            out.push_str(&self.take_text());
        }
        self.given_out(out)
    }

    /// The text that is no panic message, as it stands.
    pub fn release_text(&mut self) -> Option<String> {
        let text = self.take_text();
        self.given_out(text)
    }

    /// A text for the user, kept for an error that may still claim it.
    fn given_out(&mut self, text: String) -> Option<String> {
        if text.is_empty() {
            return None;
        }
        let shown = text.replace(ERROR_MARK, "");
        self.last = text;
        Some(shown)
    }

    /// The message of the panic that has just been reported, and text before it.
    pub fn claim_panic(&mut self) -> (Option<String>, String) {
        let before = self.release_text();
        let message = self.panic.take().map_or_else(|| self.last.clone(), |(text, _)| text);
        (before, message)
    }

    /// The text of the error by which a `?` has just returned.
    pub fn claim_error(&mut self) -> String {
        let text = self.take_text();
        if text.trim().is_empty() { self.last.clone() } else { text }
    }

    /// Forgets the text kept from the last cell.
    pub fn next_cell(&mut self) {
        self.last.clear();
    }

    fn take_text(&mut self) -> String {
        self.since = None;
        String::from_utf8_lossy(&std::mem::take(&mut self.text)).into_owned()
    }

    /// Moves a panic message from the text to its own place. A message goes on until its last line has come, or
    /// the next one begins: the last one is the one that counts.
    fn find_panic(&mut self) {
        let mut text = String::from_utf8_lossy(&self.text).into_owned();
        if let Some((message, since)) = self.panic.take() {
            match last_panic(&message) {
                // The message that was there, and the start of another.
                Some(at) if at > 0 => {
                    text.push_str(&message[..at]);
                    self.panic = Some((message[at..].to_string(), since));
                }
                _ => match last_panic(&text) {
                    Some(_) => text.insert_str(0, &message),
                    None => self.panic = Some((message, since)),
                },
            }
        }
        if let Some(at) = last_panic(&text) {
            self.panic = Some((text.split_off(at), Instant::now()));
            // The hook begins with an empty line.
            if text.ends_with("\n\n") || text == "\n" {
                text.pop();
            }
        }
        if text.len() != self.text.len() {
            self.since = (!text.is_empty()).then(Instant::now);
        }
        self.text = text.into_bytes();
    }
}

/// The start of the last panic message in a text.
fn last_panic(text: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let line_start = *at == 0 || text.as_bytes().get(*at - 1) == Some(&b'\n');
        line_start && text[*at..].lines().next().is_some_and(|line| line.contains(" panicked at "))
    };
    text.match_indices("thread '").map(|(at, _)| at).filter(begins).last()
}

/// Returns `true` if a panic message has come to its last line.
fn is_whole(message: &str) -> bool {
    message.split_once("note: run with `RUST_BACKTRACE").is_some_and(|(_, end)| end.contains('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANIC: &str = "\nthread 'main' (12) panicked at src/lib.rs:3:5:\nboom\nagain\n\
                         note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";

    #[test]
    fn a_panic_is_told_from_the_text_before_it_however_it_comes() {
        let all = format!("loading\n{PANIC}");
        for size in [1, 7, 30, all.len()] {
            let mut held = Held::default();
            all.as_bytes().chunks(size).for_each(|chunk| held.push(chunk));
            let (before, message) = held.claim_panic();
            assert_eq!(before.unwrap_or_default().trim_end(), "loading", "chunks of {size}");
            assert_eq!(message.trim_end(), PANIC.trim(), "chunks of {size}");
            assert!(!held.waiting());
        }
    }

    #[test]
    fn text_is_released_in_time_and_stays_claimable() {
        let mut held = Held::default();
        held.push(b"no such file\n");
        assert_eq!(held.release(false), None);
        assert_eq!(held.release(true).as_deref(), Some("no such file\n"));
        assert_eq!(held.claim_error(), "no such file\n");
        held.push(b"second\n");
        assert_eq!(held.claim_error(), "second\n");
        assert_eq!(held.release(true), None);
    }
}
