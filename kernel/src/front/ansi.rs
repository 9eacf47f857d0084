//! Colours of a terminal, as tracebacks have them.

pub const RED: &str = "\u{1b}[31m";
pub const BOLD: &str = "\u{1b}[1m";
pub const BLUE: &str = "\u{1b}[34m";
pub const OFF: &str = "\u{1b}[0m";

/// A text without its terminal colours.
pub fn strip_ansi(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
