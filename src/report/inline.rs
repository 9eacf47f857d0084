//! Inline markup of paragraphs: emphasis, code and references to figures, tables and numbers.

/// A piece of a paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Text(String),
    Bold(String),
    Italic(String),
    Code(String),
    /// A reference as written: what it points to, and its name.
    Reference(Target, String),
    /// A resolved reference: its text, such as "figura 3", and the anchor in the document.
    Link(String, String),
}

/// The kind of target of a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Figure,
    Table,
    Number,
    Section,
}

impl Target {
    /// The word in front of the colon.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Figure => "figure",
            Self::Table => "table",
            Self::Number => "number",
            Self::Section => "section",
        }
    }
}

const TARGETS: [Target; 4] = [Target::Figure, Target::Table, Target::Number, Target::Section];

/// Splits `text` at `**bold**`, `*italic*`, `` `code` `` and `[figure: title]`. Marks without their
/// counterpart, or with space on their inner side, are ordinary characters.
pub(super) fn parse(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((span, length)) = markup(rest) {
            if !plain.is_empty() {
                spans.push(Span::Text(std::mem::take(&mut plain)));
            }
            spans.push(span);
            rest = &rest[length..];
        } else {
            plain.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    if !plain.is_empty() {
        spans.push(Span::Text(plain));
    }
    spans
}

/// The markup that `text` begins with, and how many bytes it takes.
fn markup(text: &str) -> Option<(Span, usize)> {
    for (mark, make) in
        [("**", Span::Bold as fn(String) -> Span), ("*", Span::Italic), ("`", Span::Code)]
    {
        if let Some(after) = text.strip_prefix(mark) {
            let end = after.find(mark)?;
            let inner = &after[..end];
            let open = inner.is_empty() || inner.trim() != inner;
            return (!open).then(|| (make(inner.to_string()), end + 2 * mark.len()));
        }
    }
    let after = text.strip_prefix('[')?;
    let end = after.find(']')?;
    let (keyword, name) = after[..end].split_once(':')?;
    let target = TARGETS.into_iter().find(|target| target.keyword() == keyword.trim())?;
    Some((Span::Reference(target, name.trim().to_string()), end + 2))
}

/// The text alone, without markup.
#[cfg(test)]
pub(super) fn plain(spans: &[Span]) -> String {
    let text = |span: &Span| match span {
        Span::Text(text) | Span::Bold(text) | Span::Italic(text) | Span::Code(text) => text.clone(),
        Span::Reference(_, text) | Span::Link(text, _) => text.clone(),
    };
    spans.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_found_and_lone_marks_are_text() {
        assert_eq!(
            parse("La **mejor** es *B* (`fit`), ver [figure: Curvas]."),
            [
                Span::Text("La ".into()),
                Span::Bold("mejor".into()),
                Span::Text(" es ".into()),
                Span::Italic("B".into()),
                Span::Text(" (".into()),
                Span::Code("fit".into()),
                Span::Text("), ver ".into()),
                Span::Reference(Target::Figure, "Curvas".into()),
                Span::Text(".".into()),
            ]
        );
        for text in ["3 * 4 * 5", "a [1] b", "[foo: x]", "lone ` and ** end", "[figure Curvas]"] {
            assert_eq!(parse(text), [Span::Text(text.into())], "{text}");
        }
    }
}
