//! State that all parts of the front share: the way to iopub, and the running cell.

use super::report::Report;
use crate::wire::{Message, Signer};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use zeromq::{PubSocket, SocketRecv, SocketSend};

/// Why the kernel ends.
pub enum End {
    /// Requested by a client or the terminal.
    Asked,
    /// The inner kernel ended or did not start.
    Lost(String),
}

/// Between two attempts to read from a socket that fails: a broken client must not keep a processor busy.
const PAUSE: Duration = Duration::from_millis(10);

/// Publishes messages for the client whose cell runs.
pub struct Hub {
    pub signer: Signer,
    pub session: String,
    outbox: mpsc::Sender<Message>,
    running: Mutex<Running>,
    rejected: AtomicU64,
}

/// The cell that runs, or ran last.
#[derive(Default)]
pub struct Running {
    /// The header of the request.
    pub parent: Value,
    /// The routing identities of the client that sent it.
    pub client: Vec<Bytes>,
    /// Whether it still runs.
    pub busy: bool,
    /// Counts all requests, so that a late timer finds whether its cell still runs.
    pub turn: u64,
    /// A cell of the kernel's own, of which nothing is published.
    pub hidden: bool,
    /// A silent request: no value is shown, and no error.
    pub silent: bool,
    /// The execution count that the user sees.
    pub count: u64,
    /// The failure of the cell while it ran.
    pub failed: Option<Report>,
    /// The code that takes back what a cell that failed had made; each part compiles or not by itself.
    pub kept: Vec<String>,
    /// The variables that were dropped before it, and why.
    pub dropped: Vec<super::lost::Dropped>,
    /// Why the process that runs the cells ended during this cell.
    pub exit: Option<String>,
    /// The cell does not go with what is loaded, and has not run.
    pub unloadable: bool,
    /// The user has interrupted the cell.
    pub interrupted: bool,
    /// Its compilation was ended for that.
    pub build_stopped: bool,
    /// The kernel has ended the cell's process because it did not stop.
    pub killed: bool,
    /// The shell command that runs, by its process.
    pub command: Option<u32>,
    /// Whether the client answers requests for input.
    pub allow_stdin: bool,
    /// Whether the cell waits for a line that was requested from the client.
    pub asks: bool,
    /// When the cell's code began to run.
    pub began: Option<Instant>,
    pub code: String,
    /// Displays go here, not to the clients: the code is an expression of theirs, evaluated after the cell.
    pub captured: Option<Vec<Value>>,
}

/// Keeps what runs hidden until it is dropped.
pub struct Hidden<'a> {
    hub: &'a Hub,
    before: bool,
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        self.hub.running().hidden = self.before;
    }
}

impl Hub {
    pub fn new(key: &str, mut iopub: PubSocket) -> Self {
        let signer = Signer::new(key);
        let (outbox, mut messages) = mpsc::channel::<Message>(1024);
        let sealer = signer.clone();
        tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                let _ = iopub.send(sealer.seal(&message)).await;
            }
        });
        Self {
            signer,
            session: uuid::Uuid::new_v4().to_string(),
            outbox,
            running: Mutex::default(),
            rejected: AtomicU64::new(0),
        }
    }

    /// The state of the running cell; held for moments only.
    pub fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Hides what runs until the guard is dropped.
    pub fn hide(&self) -> Hidden<'_> {
        let before = std::mem::replace(&mut self.running().hidden, true);
        Hidden { hub: self, before }
    }

    pub async fn publish(&self, kind: &str, parent: &Value, content: Value) {
        let mut message = Message::child(kind, &self.session, parent, content);
        message.identities = vec![format!("kernel.{}.{kind}", self.session).into_bytes().into()];
        let _ = self.outbox.send(message).await;
    }

    /// Publishes a message that another kernel made, with its buffers and metadata.
    pub async fn relay(&self, mut message: Message) {
        let kind = message.kind().to_string();
        message.identities = vec![format!("kernel.{}.{kind}", self.session).into_bytes().into()];
        let _ = self.outbox.send(message).await;
    }

    pub async fn status(&self, parent: &Value, state: &str) {
        self.publish("status", parent, json!({"execution_state": state})).await;
    }

    /// Publishes for the cell that runs, unless it is a hidden one.
    pub async fn publish_running(&self, kind: &str, mut content: Value) {
        let parent = {
            let mut running = self.running();
            if running.hidden {
                return;
            }
            if let Some(captured) = &mut running.captured
                && matches!(kind, "execute_result" | "display_data")
            {
                captured.push(content);
                return;
            }
            if kind == "execute_result" && running.silent {
                return;
            }
            if kind == "execute_result" {
                content["execution_count"] = running.count.into();
            }
            running.parent.clone()
        };
        if parent.is_object() {
            self.publish(kind, &parent, content).await;
        }
    }

    /// Publishes what the cells' process printed, to the cell that ran last: a thread of it may print at any time, also
    /// while code of the kernel's own runs.
    pub async fn publish_text(&self, content: Value) {
        let parent = self.running().parent.clone();
        if parent.is_object() {
            self.publish("stream", &parent, content).await;
        }
    }

    /// The next message of a socket; `None` for one that is dropped, or for a client's failure.
    pub async fn receive(&self, socket: &mut impl SocketRecv) -> Option<Message> {
        let Ok(frames) = socket.recv().await else {
            tokio::time::sleep(PAUSE).await;
            return None;
        };
        let message = self.signer.open(frames);
        if message.is_err() {
            self.reject();
        }
        message.ok()
    }

    /// Counts a message that was dropped for its signature or form.
    fn reject(&self) {
        let count = self.rejected.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_power_of_two() {
            eprintln!("cuaderno: dropped {count} message(s) with a wrong signature or form");
        }
    }
}
