//! Rust code and terminal colours as HTML.

use std::fmt::Write;

const KEYWORDS: [&str; 43] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub",
    "ref", "return", "self", "Self", "static", "struct", "super", "trait", "true", "type",
    "unsafe", "use", "where", "while", "yield", "try", "macro", "union", "box",
];

/// Text that is safe between tags and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Rust code with a span around each keyword, text, number, comment, macro and evcxr command.
pub fn rust(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    let mut line_start = true;
    while let Some(c) = rest.chars().next() {
        let (class, length) = token(rest, c, line_start);
        let (word, after) = rest.split_at(length);
        if class.is_empty() {
            out.push_str(&escape(word));
        } else {
            let _ = write!(out, "<span class=\"{class}\">{}</span>", escape(word));
        }
        line_start = if word.contains('\n') {
            word.ends_with('\n')
        } else {
            line_start && word.trim().is_empty()
        };
        rest = after;
    }
    out
}

/// The class and length in bytes of the token that begins with `c`.
fn token(rest: &str, c: char, line_start: bool) -> (&'static str, usize) {
    let to_line_end = || rest.find('\n').unwrap_or(rest.len());
    if rest.starts_with("//") {
        return ("c", to_line_end());
    }
    if rest.starts_with("/*") {
        return ("c", rest.find("*/").map_or(rest.len(), |at| at + 2));
    }
    if line_start && c == ':' && rest[1..].starts_with(|c: char| c.is_ascii_lowercase()) {
        return (
            "d",
            rest[1..]
                .find(|c: char| !c.is_ascii_lowercase() && c != '_')
                .map_or(rest.len(), |n| n + 1),
        );
    }
    if c == '"' {
        return ("s", quoted(rest, 1, '"'));
    }
    if let Some(length) = raw_string(rest) {
        return ("s", length);
    }
    if c == '\'' {
        // A character, not a lifetime: 'x' or '\n'.
        let mut inside = rest[1..].chars();
        let first = inside.next();
        if first == Some('\\') || (first.is_some() && inside.next() == Some('\'')) {
            return ("s", quoted(rest, 1, '\''));
        }
        return ("", 1);
    }
    if c.is_ascii_digit() {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            .unwrap_or(rest.len());
        // `0..3` is a range.
        let end = rest[..end].find("..").unwrap_or(end);
        return ("n", end);
    }
    if c.is_alphabetic() || c == '_' {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        let next = &rest[end..];
        if KEYWORDS.contains(&word) {
            return ("k", end);
        }
        if next.starts_with('!') && !next.starts_with("!=") {
            return ("m", end + 1);
        }
        if next.starts_with('(') {
            return ("f", end);
        }
        if word.starts_with(char::is_uppercase) {
            return ("t", end);
        }
        return ("", end);
    }
    ("", c.len_utf8())
}

/// The length of a quoted text whose opening quote ends at `from`.
fn quoted(text: &str, from: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text[from..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return from + at + 1;
        }
    }
    text.len()
}

/// The length of a raw string, if one begins here.
fn raw_string(text: &str) -> Option<usize> {
    let body = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = body.bytes().take_while(|b| *b == b'#').count();
    body[hashes..].starts_with('"').then_some(())?;
    let open = text.len() - body.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[open..].find(&close).map_or(text.len(), |at| open + at + close.len()))
}

/// Terminal text with its colours as spans.
pub fn ansi(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut open = false;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(&escape(before));
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len());
        if after[end..].starts_with('m') {
            // A new style replaces the one before.
            if std::mem::take(&mut open) {
                out.push_str("</span>");
            }
            if let Some(style) = style(&after[..end]) {
                let _ = write!(out, "<span style=\"{style}\">");
                open = true;
            }
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out.push_str(&escape(rest));
    if open {
        out.push_str("</span>");
    }
    out
}

/// The style of a colour code; `None` switches styles off.
fn style(codes: &str) -> Option<String> {
    let numbers: Vec<u16> = codes.split(';').filter_map(|code| code.parse().ok()).collect();
    let mut style = String::new();
    let mut i = 0;
    while let Some(code) = numbers.get(i) {
        let base = |n: u16| {
            ["#3e4451", "#c0392b", "#2e8b57", "#b7791f", "#2962ab", "#8e44ad", "#0f7c8a", "#7f8c8d"]
                .get(usize::from(n))
                .copied()
        };
        match code {
            1 => style.push_str("font-weight:bold;"),
            30..=37 => style.extend(base(code - 30).map(|c| format!("color:{c};"))),
            90..=97 => style.extend(base(code - 90).map(|c| format!("color:{c};"))),
            38 if numbers.get(i + 1) == Some(&5) => {
                let n = numbers.get(i + 2).copied().unwrap_or(0);
                style.push_str(&format!("color:{};", palette(n)));
                i += 2;
            }
            38 if numbers.get(i + 1) == Some(&2) => {
                let part = |k: usize| numbers.get(i + k).copied().unwrap_or(0);
                style.push_str(&format!("color:rgb({},{},{});", part(2), part(3), part(4)));
                i += 4;
            }
            _ => {}
        }
        i += 1;
    }
    (!style.is_empty()).then_some(style)
}

/// A colour of the 256-colour palette, dark enough for a white page.
fn palette(n: u16) -> String {
    match n {
        16..=231 => {
            let n = n - 16;
            let part = |v: u16| v * 40;
            format!("rgb({},{},{})", part(n / 36), part(n / 6 % 6), part(n % 6))
        }
        232..=255 => {
            let grey = ((n - 232) * 10 + 8).min(140);
            format!("rgb({grey},{grey},{grey})")
        }
        _ => "#2962ab".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_kept_to_the_last_character() {
        let code = "// ñ <b>\n:dep x = \"1\"\nlet s: &'a str = r#\"a\"b\"#; let c = '\\''; 'x'\nfor i in 0..10 { f(1.5e3, V::<T>::new())?; println!(\"\\\"{}\", a != b) } /* open";
        let html = rust(code);
        let mut plain = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' if inside => inside = false,
                c if !inside => plain.push(c),
                _ => {}
            }
        }
        let plain = plain
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        assert_eq!(plain, code);
        for expected in [
            "<span class=\"c\">// ñ &lt;b&gt;</span>",
            "<span class=\"d\">:dep</span>",
            "<span class=\"s\">r#&quot;a&quot;b&quot;#</span>",
            "<span class=\"n\">0</span>..<span class=\"n\">10</span>",
            "<span class=\"m\">println!</span>",
            "<span class=\"s\">'\\''</span>",
            "<span class=\"k\">for</span>",
        ] {
            assert!(html.contains(expected), "{expected} in {html}");
        }
    }

    #[test]
    fn colours_open_and_close_in_pairs() {
        let html = ansi("a\u{1b}[31mb\u{1b}[1;34mc\u{1b}[0md\u{1b}[38;5;249me<");
        assert_eq!(html.matches("<span").count(), html.matches("</span>").count());
        assert!(html.starts_with("a<span style=\"color:#c0392b;\">b</span><span"), "{html}");
        assert!(html.ends_with("e&lt;</span>"), "{html}");
    }
}
