//! Messages from the filter to the front, one JSON object a line over a private socket.

use serde_json::{Map, Value, json};

/// Something a cell did.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The filter is there; the process that runs the cells has this id.
    Hello { filter: u32, cells: u32 },
    /// Ordinary output; `name` is `stdout` or `stderr`.
    Text { name: &'static str, text: String },
    /// `display_data`, `update_display_data`, `execute_result` or `clear_output` with its content.
    Show { kind: String, content: Value },
    /// The cell failed while it ran.
    Failed { how: Failure, text: String },
    /// The cell failed, and this code takes back what it had made.
    Kept { code: String },
    /// A variable was dropped, because this item of its type, or this crate, has changed.
    Dropped { variable: String, item: String },
    /// The cell is compiled and begins to run.
    Begins,
    /// The cell waits for a line from its standard input.
    Input { prompt: String, password: bool },
    /// The cell could not be loaded beside what is loaded already, and has not run.
    Unloadable,
    /// The cell has ended; the filter waits for an answer of one byte.
    Done,
    /// The process that runs the cells has ended; the filter waits for an answer of one byte.
    Exit { status: String },
}

/// Stands before the text of an error that a `?` returned: what the cell itself printed before may come with it.
pub const ERROR_MARK: char = '\u{2}';

/// The failure of a cell while it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It panicked; the text is what the panic hook printed.
    Panic,
    /// A `?` returned early; the text is the error.
    EarlyReturn,
}

impl Event {
    /// The event as one line, with its line end.
    pub fn to_line(&self) -> String {
        let value = match self {
            Self::Hello { filter, cells } => json!({"hello": [filter, cells]}),
            Self::Text { name, text } => json!({*name: text}),
            Self::Show { kind, content } => json!({"show": kind, "content": content}),
            Self::Failed { how: Failure::Panic, text } => json!({"panic": text}),
            Self::Failed { how: Failure::EarlyReturn, text } => json!({"return": text}),
            Self::Kept { code } => json!({"kept": code}),
            Self::Dropped { variable, item } => json!({"dropped": variable, "item": item}),
            Self::Begins => json!({"begins": true}),
            Self::Input { prompt, password } => json!({"input": prompt, "password": password}),
            Self::Unloadable => json!({"unloadable": true}),
            Self::Done => json!({"done": true}),
            Self::Exit { status } => json!({"exit": status}),
        };
        format!("{value}\n")
    }

    /// The event that a line holds, if it holds one.
    pub fn from_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_string);
        let id = |i: usize| value["hello"][i].as_u64().and_then(|id| u32::try_from(id).ok());
        if let Some(text) = text("stdout") {
            return Some(Self::Text { name: "stdout", text });
        }
        if let Some(text) = text("stderr") {
            return Some(Self::Text { name: "stderr", text });
        }
        if let Some(kind) = text("show") {
            return Some(Self::Show { kind, content: value["content"].clone() });
        }
        if let Some(text) = text("panic") {
            return Some(Self::Failed { how: Failure::Panic, text });
        }
        if let Some(text) = text("return") {
            return Some(Self::Failed { how: Failure::EarlyReturn, text });
        }
        if let Some(code) = text("kept") {
            return Some(Self::Kept { code });
        }
        if let Some(variable) = text("dropped") {
            return Some(Self::Dropped { variable, item: text("item").unwrap_or_default() });
        }
        if let Some(status) = text("exit") {
            return Some(Self::Exit { status });
        }
        if value["begins"] == true {
            return Some(Self::Begins);
        }
        if let Some(prompt) = text("input") {
            return Some(Self::Input { prompt, password: value["password"] == true });
        }
        if value["unloadable"] == true {
            return Some(Self::Unloadable);
        }
        if value["done"] == true {
            return Some(Self::Done);
        }
        Some(Self::Hello { filter: id(0)?, cells: id(1)? })
    }
}

/// The MIME type of the library's own blocks: a whole message in one block, so that nothing is left to guess.
const OWN: &str = "application/vnd.cuaderno.message+json";

/// The type of the value of a cell's last expression, as our store of variables prints it: a result for certain, however long
/// the cell goes on, as while its variables are dropped.
const RESULT: &str = "text/vnd.cuaderno.result";

/// Joins the rich blocks of one display into one bundle.
///
/// Other crates print one block per MIME type: a text and an image that follow each other are parts of one display,
/// and so are the same image's formats; a type that comes again, or is another's image, begins the next one.
#[derive(Default)]
pub struct Bundler {
    parts: Map<String, Value>,
}

impl Bundler {
    /// Takes a block; returns what is now complete.
    pub fn block(&mut self, mime: String, content: String) -> Vec<Event> {
        let mut events = Vec::new();
        if mime == OWN {
            events.extend(self.flush());
            events.extend(own(&content));
            return events;
        }
        if mime == RESULT {
            events.extend(self.flush());
            self.parts.insert("text/plain".to_string(), content.into());
            events.extend(self.end());
            return events;
        }
        let parts = |other: &String| {
            let (one, other) = (family(&mime), family(other));
            one.zip(other).is_some_and(|(one, other)| one != other)
        };
        if self.parts.contains_key(&mime) || self.parts.keys().any(parts) {
            events.extend(self.flush());
        }
        let json = mime == "application/json" || mime.ends_with("+json");
        let value = json.then(|| serde_json::from_str(&content).ok()).flatten();
        self.parts.insert(mime, value.unwrap_or(Value::String(content)));
        events
    }

    /// Returns `true` if blocks wait to become a display.
    pub fn waiting(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Returns `true` if the waiting blocks can be the value of a cell's last expression, which evcxr prints as text alone.
    pub fn may_be_result(&self) -> bool {
        self.parts.len() == 1 && self.parts.contains_key("text/plain")
    }

    /// The waiting blocks, as a display.
    pub fn flush(&mut self) -> Option<Event> {
        self.take("display_data")
    }

    /// The waiting blocks when the cell ends: text alone is the value of its last expression.
    pub fn end(&mut self) -> Option<Event> {
        // A last expression without a value, such as a `println!` without its semicolon.
        if self.may_be_result() && self.parts["text/plain"] == "()" {
            self.parts.clear();
        }
        let kind = if self.may_be_result() { "execute_result" } else { "display_data" };
        self.take(kind)
    }

    fn take(&mut self, kind: &str) -> Option<Event> {
        let mut data = std::mem::take(&mut self.parts);
        // A front end without the means to show such a type would show nothing at all.
        if let Some(kind) = data.keys().next()
            && data.keys().all(|kind| kind.starts_with("application/"))
        {
            let text = format!("a figure of the type {kind}, which is not shown here");
            data.insert("text/plain".to_string(), text.into());
        }
        (!data.is_empty()).then(|| Event::Show {
            kind: kind.to_string(),
            content: json!({"data": data, "metadata": {}}),
        })
    }
}

/// The group of types of which a display has one: `None` for plain text, which goes with all.
fn family(mime: &str) -> Option<&str> {
    match mime {
        "text/plain" => None,
        image if image.starts_with("image/") => Some("image/"),
        other => Some(other),
    }
}

/// The event of one of the library's own blocks.
fn own(content: &str) -> Option<Event> {
    let mut value: Value = serde_json::from_str(content).ok()?;
    let kind = value.get("kind")?.as_str()?.to_string();
    const KINDS: [&str; 4] =
        ["display_data", "update_display_data", "execute_result", "clear_output"];
    if !KINDS.contains(&kind.as_str()) {
        return None;
    }
    let content = value.get_mut("content")?.take();
    content.is_object().then_some(Event::Show { kind, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(events: &[Event]) -> Vec<&str> {
        events
            .iter()
            .map(|event| match event {
                Event::Show { kind, .. } => kind.as_str(),
                _ => "",
            })
            .collect()
    }

    #[test]
    fn events_survive_the_journey() {
        for event in [
            Event::Hello { filter: 7, cells: 8 },
            Event::Text { name: "stderr", text: "¡ay!\n\r\"".to_string() },
            Event::Show { kind: "display_data".to_string(), content: json!({"data": {"a": "b"}}) },
            Event::Failed { how: Failure::Panic, text: "boom".to_string() },
            Event::Failed { how: Failure::EarlyReturn, text: "no".to_string() },
            Event::Kept { code: "let ñ: u8 = 1;".to_string() },
            Event::Dropped { variable: "a".to_string(), item: "A".to_string() },
            Event::Begins,
            Event::Input { prompt: "¿?".to_string(), password: true },
            Event::Unloadable,
            Event::Done,
            Event::Exit { status: "signal: 9".to_string() },
        ] {
            let line = event.to_line();
            assert_eq!(line.matches('\n').count(), 1);
            assert_eq!(Event::from_line(&line), Some(event));
        }
        assert_eq!(Event::from_line("{}"), None);
        assert_eq!(Event::from_line("nonsense"), None);
    }

    #[test]
    fn blocks_of_different_types_join_and_a_repeated_type_parts() {
        let mut bundler = Bundler::default();
        assert!(bundler.block("text/plain".into(), "a".into()).is_empty());
        assert!(bundler.block("image/png".into(), "b".into()).is_empty());
        let events = bundler.block("text/plain".into(), "c".into());
        let [Event::Show { content, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(content["data"], json!({"text/plain": "a", "image/png": "b"}));
        assert!(bundler.may_be_result());
        assert_eq!(kinds(&[bundler.end().unwrap()]), ["execute_result"]);
        assert_eq!(bundler.end(), None);
    }

    #[test]
    fn a_value_is_a_result_at_once_and_none_is_nothing() {
        let mut bundler = Bundler::default();
        bundler.block("text/plain".into(), "before".into());
        let events = bundler.block(RESULT.into(), "5".into());
        assert_eq!(kinds(&events), ["display_data", "execute_result"]);
        assert!(bundler.block(RESULT.into(), "()".into()).is_empty());
        assert!(!bundler.waiting());
    }

    #[test]
    fn images_of_several_crates_are_displays_of_their_own() {
        let mut bundler = Bundler::default();
        let types = [
            "application/vnd.plotly.v1+json",
            "text/html",
            "text/plain",
            "image/png",
            "image/svg+xml",
        ];
        let mut shown = Vec::new();
        for mime in types {
            shown.extend(bundler.block(mime.into(), "{}".into()));
        }
        shown.extend(bundler.flush());
        let types: Vec<Vec<&str>> = shown
            .iter()
            .map(|event| {
                let Event::Show { content, .. } = event else { panic!("{event:?}") };
                content["data"].as_object().unwrap().keys().map(String::as_str).collect()
            })
            .collect();
        let expected: [&[&str]; 3] = [
            &["application/vnd.plotly.v1+json", "text/plain"],
            &["text/html", "text/plain"],
            &["image/png", "image/svg+xml"],
        ];
        assert_eq!(types, expected);
    }

    #[test]
    fn json_types_become_json() {
        let mut bundler = Bundler::default();
        bundler.block("application/vnd.plotly.v1+json".into(), "{\"x\": [1]}".into());
        let Some(Event::Show { content, .. }) = bundler.flush() else { panic!() };
        assert_eq!(content["data"]["application/vnd.plotly.v1+json"]["x"][0], 1);
    }

    #[test]
    fn own_blocks_pass_whole_and_unknown_kinds_are_dropped() {
        let mut bundler = Bundler::default();
        bundler.block("text/plain".into(), "before".into());
        let clear = r#"{"kind": "clear_output", "content": {"wait": true}}"#;
        let events = bundler.block(OWN.into(), clear.into());
        assert_eq!(kinds(&events), ["display_data", "clear_output"]);
        for bad in
            [r#"{"kind": "execute_reply", "content": {}}"#, "{", r#"{"kind": "clear_output"}"#]
        {
            assert!(bundler.block(OWN.into(), bad.into()).is_empty(), "{bad}");
        }
    }
}
