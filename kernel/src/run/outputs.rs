//! Collects what cells show into a notebook's outputs.

use jupyter_protocol::{JupyterMessageContent as Content, Stdio};
use nbformat::v4::{DisplayData, ErrorOutput, ExecuteResult, MultilineString, Output};

/// The outputs of a notebook's cells while they run.
///
/// All cells are kept together: an `update_display_data` may change what an earlier cell showed.
#[derive(Default)]
pub struct Outputs {
    cells: Vec<Cell>,
}

#[derive(Default)]
struct Cell {
    outputs: Vec<Shown>,
    /// `clear_output(wait)`: clear when the next output comes.
    clear: bool,
}

struct Shown {
    output: Output,
    display_id: Option<String>,
}

impl Outputs {
    /// Begins the next cell; returns its number, from 0.
    pub fn begin(&mut self) -> usize {
        self.cells.push(Cell::default());
        self.cells.len() - 1
    }

    /// The outputs of one cell, as a notebook stores them.
    pub fn of(&self, cell: usize) -> Vec<Output> {
        self.cells
            .get(cell)
            .map(|cell| cell.outputs.iter().map(|shown| shown.output.clone()).collect())
            .unwrap_or_default()
    }

    /// Takes a message of the running cell.
    pub fn take(&mut self, content: Content) {
        match content {
            Content::UpdateDisplayData(update) => {
                let id = update.transient.display_id.clone();
                let new = DisplayData { data: update.data, metadata: update.metadata };
                for shown in self.cells.iter_mut().flat_map(|cell| &mut cell.outputs) {
                    if shown.display_id.is_some() && shown.display_id == id {
                        match &mut shown.output {
                            Output::DisplayData(old) => *old = new.clone(),
                            Output::ExecuteResult(old) => {
                                old.data = new.data.clone();
                                old.metadata = new.metadata.clone();
                            }
                            _ => {}
                        }
                    }
                }
            }
            Content::ClearOutput(clear) => {
                if let Some(cell) = self.cells.last_mut() {
                    if clear.wait {
                        cell.clear = true;
                    } else {
                        cell.outputs.clear();
                    }
                }
            }
            Content::StreamContent(stream) => {
                let name = match stream.name {
                    Stdio::Stdout => "stdout",
                    Stdio::Stderr => "stderr",
                };
                self.stream(name, &stream.text);
            }
            Content::DisplayData(display) => {
                let id = display.transient.and_then(|transient| transient.display_id);
                let output = Output::DisplayData(DisplayData {
                    data: display.data,
                    metadata: display.metadata,
                });
                self.add(output, id);
            }
            Content::ExecuteResult(result) => {
                let id = result.transient.and_then(|transient| transient.display_id);
                let output = Output::ExecuteResult(ExecuteResult {
                    execution_count: result.execution_count,
                    data: result.data,
                    metadata: result.metadata,
                });
                self.add(output, id);
            }
            Content::ErrorOutput(error) => {
                let output = Output::Error(ErrorOutput {
                    ename: error.ename,
                    evalue: error.evalue,
                    traceback: error.traceback,
                });
                self.add(output, None);
            }
            _ => {}
        }
    }

    /// Adds text to the stream, joined to text of the same stream before it.
    fn stream(&mut self, stream: &str, text: &str) {
        let Some(cell) = self.cells.last_mut() else { return };
        cell.clear_if_due();
        if let Some(Shown { output: Output::Stream { name, text: before }, .. }) =
            cell.outputs.last_mut()
            && name == stream
        {
            before.0 = carriage_returns(&(std::mem::take(&mut before.0) + text));
            return;
        }
        let text = MultilineString(carriage_returns(text));
        let output = Output::Stream { name: stream.to_string(), text };
        cell.outputs.push(Shown { output, display_id: None });
    }

    fn add(&mut self, output: Output, display_id: Option<String>) {
        if let Some(cell) = self.cells.last_mut() {
            cell.clear_if_due();
            cell.outputs.push(Shown { output, display_id });
        }
    }
}

impl Cell {
    fn clear_if_due(&mut self) {
        if std::mem::take(&mut self.clear) {
            self.outputs.clear();
        }
    }
}

/// Keeps of each line what a terminal would show after carriage returns.
fn carriage_returns(text: &str) -> String {
    if !text.contains('\r') {
        return text.to_string();
    }
    let shown = |line: &str| {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let (line, cr) = line.strip_suffix('\r').map_or((line, ""), |line| (line, "\r"));
        let last = line.rsplit('\r').next().unwrap_or_default();
        // A return at the very end keeps the line until something is written over it.
        format!("{last}{}{end}", if end.is_empty() { cr } else { "" })
    };
    text.split_inclusive('\n').map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn message(kind: &str, content: Value) -> Content {
        Content::from_type_and_content(kind, content).unwrap()
    }

    fn stored(outputs: &Outputs, cell: usize) -> Value {
        serde_json::to_value(outputs.of(cell)).unwrap()
    }

    #[test]
    fn streams_merge_and_updates_reach_earlier_cells() {
        let mut outputs = Outputs::default();
        outputs.begin();
        let show =
            json!({"data": {"text/plain": "1"}, "metadata": {}, "transient": {"display_id": "a"}});
        outputs.take(message("display_data", show));
        outputs.begin();
        for text in ["uno\n", "dos"] {
            outputs.take(message("stream", json!({"name": "stdout", "text": text})));
        }
        outputs.take(message("stream", json!({"name": "stderr", "text": "!"})));
        let update =
            json!({"data": {"text/plain": "2"}, "metadata": {}, "transient": {"display_id": "a"}});
        outputs.take(message("update_display_data", update));
        assert_eq!(stored(&outputs, 0)[0]["data"]["text/plain"], json!(["2"]));
        let second = stored(&outputs, 1);
        assert_eq!(second[0]["text"], json!(["uno\n", "dos"]));
        assert_eq!(second[1]["name"], "stderr");
        assert_eq!(second.as_array().unwrap().len(), 2);
    }

    #[test]
    fn clearing_waits_when_asked_to() {
        let mut outputs = Outputs::default();
        outputs.begin();
        outputs.take(message("stream", json!({"name": "stdout", "text": "a"})));
        outputs.take(message("clear_output", json!({"wait": true})));
        assert_eq!(outputs.of(0).len(), 1);
        outputs.take(message("stream", json!({"name": "stdout", "text": "b"})));
        assert_eq!(stored(&outputs, 0)[0]["text"], json!(["b"]));
        outputs.take(message("clear_output", json!({"wait": false})));
        assert!(outputs.of(0).is_empty());
    }

    #[test]
    fn carriage_returns_leave_what_a_terminal_shows() {
        assert_eq!(carriage_returns("a\r50 %\r100 %\nb\r\nc\r"), "100 %\nb\nc\r");
        let mut outputs = Outputs::default();
        outputs.begin();
        for text in ["\r1 %", "\r2 %", "\r3 %\n", "done\n"] {
            outputs.take(message("stream", json!({"name": "stdout", "text": text})));
        }
        assert_eq!(stored(&outputs, 0)[0]["text"], json!(["3 %\n", "done\n"]));
    }
}
