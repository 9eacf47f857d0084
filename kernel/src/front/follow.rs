//! Events of the cells' process, as the filter around it reports them.

use super::place::{ASKS_FOR_BACKTRACE, in_cells};
use super::report::Report;
use super::shell::Shell;
use crate::cell::added;
use crate::cell::event::Event;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

impl Shell {
    /// Listens to the processes that run the cells, one after the other.
    pub(super) async fn follow(self: Arc<Self>, listener: UnixListener) {
        while let Ok((stream, _)) = listener.accept().await {
            self.clone().follow_one(stream).await;
        }
    }

    pub(super) async fn follow_one(self: Arc<Self>, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            match Event::from_line(&line) {
                Some(Event::Hello { filter, cells }) => {
                    *self.cells.lock().unwrap_or_else(PoisonError::into_inner) = (filter, cells);
                }
                Some(Event::Text { name, text }) => {
                    let marks = [" panicked at ", "[src/lib.rs:", ASKS_FOR_BACKTRACE];
                    let has_place = marks.iter().any(|mark| text.contains(mark));
                    let text = if name == "stderr" && has_place {
                        let text = added::places_without(&text, &self.compiled());
                        in_cells(&text, &self.cells_so_far(), &self.program())
                    } else {
                        text
                    };
                    let content = json!({"name": name, "text": text});
                    self.hub.publish_text(content).await;
                }
                Some(Event::Show { kind, content }) => {
                    let content = with_alternative_text(content);
                    self.hub.publish_running(&kind, content).await;
                }
                Some(Event::Failed { how, text }) => {
                    let text = added::places_without(&text, &self.compiled());
                    let report = Report::failed(how, &text, &self.cells_so_far(), &self.program());
                    self.hub.running().failed = Some(report);
                }
                Some(Event::Kept { code }) => self.hub.running().kept.push(code),
                Some(Event::Dropped { variable, item }) => {
                    self.hub.running().dropped.push((variable, item));
                }
                Some(Event::Begins) => self.hub.running().began = Some(Instant::now()),
                Some(Event::Input { prompt, password }) => {
                    self.ask_for_line(&prompt, password).await
                }
                Some(Event::Unloadable) => self.hub.running().unloadable = true,
                Some(Event::Done) => drop(write.write_all(b"\n").await),
                Some(Event::Exit { status }) => {
                    self.hub.running().exit = Some(status);
                    let _ = write.write_all(b"\n").await;
                }
                None => {}
            }
        }
    }
}

/// A display whose images have a text for readers who do not see them, in the metadata of each, as nbconvert looks for it: the
/// first line of the text beside them.
fn with_alternative_text(mut content: Value) -> Value {
    let Some(data) = content["data"].as_object() else { return content };
    let images: Vec<String> =
        data.keys().filter(|kind| kind.starts_with("image/")).cloned().collect();
    let text = data.get("text/plain").and_then(Value::as_str).unwrap_or_default();
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("Figure").trim();
    let first: String = first.chars().take(200).collect();
    for kind in images {
        if content["metadata"][&kind]["alt"].is_null() {
            content["metadata"][&kind]["alt"] = first.clone().into();
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_an_alternative_text() {
        let shown = json!({"data": {"image/png": "x", "text/plain": "\nLoss by epoch\nmore"}, "metadata": {}});
        assert_eq!(with_alternative_text(shown)["metadata"]["image/png"]["alt"], "Loss by epoch");
        let own = json!({"data": {"image/png": "x"}, "metadata": {"image/png": {"alt": "own", "width": 3}}});
        assert_eq!(with_alternative_text(own.clone()), own);
        let text = json!({"data": {"text/plain": "1"}, "metadata": {}});
        assert_eq!(with_alternative_text(text.clone()), text);
    }
}
