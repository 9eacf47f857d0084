//! Completion and inspection. The inner kernel answers when it is idle; while a cell runs it cannot, and the answer comes
//! from the state that the front has of the session.
//!
//! A cursor is counted in code points, and in graphemes by the inner kernel.

use super::inner::Inner;
use super::rewrite::MARK;
use super::shell::Shell;
use crate::wire::Message;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use unicode_segmentation::UnicodeSegmentation;

impl Shell {
    pub(super) async fn complete_request(&self, message: Message) {
        if !self.hub.running().busy {
            return self.enqueue(message);
        }
        let (code, cursor) = code_and_cursor(&message.content);
        let content = {
            let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.complete(code, cursor)
        };
        self.answer(&message, content).await;
    }

    pub(super) async fn inspect_request(&self, message: Message) {
        if !self.hub.running().busy {
            return self.enqueue(message);
        }
        let (code, cursor) = code_and_cursor(&message.content);
        let content = {
            let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            names.inspect(code, cursor)
        };
        self.answer(&message, content).await;
    }

    /// Passes a request on to the inner kernel, and its reply back.
    pub(super) async fn pass(&self, inner: &Arc<Inner>, message: Message) {
        self.hub.status(&message.header, "busy").await;
        match message.kind() {
            "complete_request" => {
                let code = message.content["code"].as_str().unwrap_or_default().to_string();
                let mut request = message.clone();
                let cursor = code_and_cursor(&message.content).1;
                request.content["cursor_pos"] = graphemes_before(&code, cursor).into();
                if let Some(answer) = inner.request(request).await {
                    let content = completed(answer.reply.content, &code);
                    {
                        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
                        names.note_members(&code, &content);
                    }
                    self.send_reply(&message, content).await;
                }
            }
            "inspect_request" => {
                let (code, cursor) = code_and_cursor(&message.content);
                let mut request = message.clone();
                request.content["cursor_pos"] =
                    graphemes_before(code, word_end(code, cursor)).into();
                if let Some(answer) = inner.request(request).await {
                    self.send_reply(&message, answer.reply.content).await;
                }
            }
            // Messages of comms have no reply.
            _ => inner.send(&message).await,
        }
        self.hub.status(&message.header, "idle").await;
    }
}

/// The code of a request, and the place of its cursor in bytes.
fn code_and_cursor(content: &Value) -> (&str, usize) {
    let code = content["code"].as_str().unwrap_or_default();
    let points = content["cursor_pos"].as_u64().and_then(|at| usize::try_from(at).ok());
    (code, points.map_or(code.len(), |points| byte_at(code, points)))
}

fn byte_at(code: &str, points: usize) -> usize {
    code.char_indices().nth(points).map_or(code.len(), |(at, _)| at)
}

/// The graphemes up to a place in bytes.
fn graphemes_before(code: &str, at: usize) -> usize {
    code.grapheme_indices(true).take_while(|(start, _)| *start < at).count()
}

/// The code points before a grapheme.
fn points_before(code: &str, graphemes: u64) -> usize {
    let graphemes = usize::try_from(graphemes).unwrap_or(usize::MAX);
    let at = code.grapheme_indices(true).nth(graphemes).map_or(code.len(), |(at, _)| at);
    code[..at].chars().count()
}

/// The end of the word that a place lies in.
fn word_end(code: &str, at: usize) -> usize {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    at + code[at..].find(|c| !is_of_name(c)).unwrap_or(code.len() - at)
}

/// A reply with its places in code points, without the kernel's own names.
fn completed(mut content: Value, code: &str) -> Value {
    for key in ["cursor_start", "cursor_end"] {
        if let Some(at) = content[key].as_u64() {
            content[key] = points_before(code, at).into();
        }
    }
    let is_ours = |text: &Value| {
        text.as_str().is_some_and(|text| text.starts_with(MARK) || text.starts_with("cuaderno_let"))
    };
    if let Some(matches) = content["matches"].as_array_mut() {
        matches.retain(|text| !is_ours(text));
    }
    if let Some(types) = content["metadata"]["_jupyter_types_experimental"].as_array_mut() {
        types.retain(|entry| !is_ours(&entry["text"]));
        for entry in types {
            for key in ["start", "end"] {
                if let Some(at) = entry[key].as_u64() {
                    entry[key] = points_before(code, at).into();
                }
            }
        }
    }
    if content["status"] != "ok" {
        return json!({"status": "ok", "matches": [], "cursor_start": 0, "cursor_end": 0, "metadata": {}});
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_counted_in_code_points() {
        let code = "let r = \"👩‍🔬\"; learner.le";
        let (_, at) = code_and_cursor(&json!({"code": code, "cursor_pos": 25}));
        assert_eq!(at, code.len());
        let start = graphemes_before(code, code.len() - 2) as u64;
        assert_eq!(start, 21);
        let content = json!({"status": "ok", "cursor_start": start, "cursor_end": start + 2,
            "matches": ["len", "CUADERNO_IMPL_0"]});
        let content = completed(content, code);
        assert_eq!((&content["cursor_start"], &content["cursor_end"]), (&json!(23), &json!(25)));
        assert_eq!(content["matches"], json!(["len"]));
        assert_eq!(word_end("año.b", 0), 4);
        assert_eq!(word_end("a.b", 3), 3);
    }
}
