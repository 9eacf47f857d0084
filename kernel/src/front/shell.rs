//! Receives requests and dispatches them by message type. The front answers alone where it can; cells, completions and
//! the like wait in a queue for the inner kernel, which takes one after the other.
//!
//! The message types are those of <https://jupyter-client.readthedocs.io/en/stable/messaging.html>.

use super::busy::Names;
use super::history::History;
use super::hub::{End, Hub};
use super::info::kernel_info;
use super::inner::Inner;
use super::lost::Lost;
use super::rewrite::Impls;
use crate::cell::graph::Scope;
use crate::failure::Result;
use crate::folders::Session;
use crate::prepared;
use crate::wire::Message;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use zeromq::{RouterRecvHalf, RouterSendHalf, RouterSocket, SocketSend};

/// After a start that took less, there is time to make ready for what comes before the first cell.
const QUICK_START: Duration = Duration::from_secs(5);
/// A kernel that got no request for this long makes itself ready for what comes.
const IDLE: Duration = Duration::from_millis(150);

/// The sockets on which requests come.
pub struct Sockets {
    pub shell: RouterSocket,
    pub control: RouterSocket,
    pub stdin: RouterSocket,
}

/// The part of the kernel that answers.
pub struct Shell {
    pub(super) hub: Arc<Hub>,
    pub(super) shell: RouterSendHalf,
    pub(super) stdin: RouterSendHalf,
    pub(super) queue: mpsc::UnboundedSender<(u64, Message)>,
    pub(super) build: PathBuf,
    pub(super) interrupt: PathBuf,
    /// The file by which the filter gets a line that the cell reads from standard input.
    pub(super) input: PathBuf,
    pub(super) inner: Mutex<Option<Arc<Inner>>>,
    pub(super) inner_pid: AtomicU32,
    /// The filter and the process that runs the cells.
    pub(super) cells: Mutex<(u32, u32)>,
    /// Execute requests with this number or a lower one are not to be run any more.
    pub(super) abort_until: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) history: Mutex<History>,
    pub(super) lost: Mutex<Lost>,
    pub(super) impls: Mutex<Impls>,
    /// The names that completion offers while a cell runs.
    pub(super) names: Mutex<Names>,
    /// The crates that rust-analyzer was given, as cells needed them.
    pub(super) widened: Mutex<Scope>,
    pub(super) end: mpsc::Sender<End>,
}

impl Shell {
    /// Starts to answer; the inner kernel starts meanwhile.
    pub fn start(
        hub: Arc<Hub>,
        sockets: Sockets,
        session: &Session,
        end: mpsc::Sender<End>,
    ) -> Result<Arc<Self>> {
        let folder = session.folder().to_path_buf();
        let (shell_send, shell_recv) = sockets.shell.split();
        let (stdin_send, stdin_recv) = sockets.stdin.split();
        let (queue, queued) = mpsc::unbounded_channel();
        let shell = Arc::new(Self {
            hub,
            shell: shell_send,
            stdin: stdin_send,
            queue,
            build: session.build(),
            interrupt: folder.join("interrupt"),
            input: folder.join("input"),
            inner: Mutex::default(),
            inner_pid: AtomicU32::new(0),
            cells: Mutex::default(),
            abort_until: AtomicU64::new(0),
            received: AtomicU64::new(0),
            history: Mutex::new(History::open()),
            lost: Mutex::default(),
            impls: Mutex::default(),
            names: Mutex::default(),
            widened: Mutex::new(Scope::Common),
            end,
        });
        tokio::spawn(shell.clone().receive_shell(shell_recv));
        tokio::spawn(shell.clone().receive_control(sockets.control));
        tokio::spawn(shell.clone().receive_stdin(stdin_recv));
        tokio::spawn(shell.clone().work(folder, queued));
        Ok(shell)
    }

    /// Ends the inner kernel and the cells' processes.
    pub fn stop(&self) {
        let (filter, cells) = *self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        for id in [self.inner_pid.load(Ordering::Relaxed), cells, filter] {
            super::builds::kill(id);
        }
    }

    async fn receive_shell(self: Arc<Self>, mut socket: RouterRecvHalf) {
        loop {
            let Some(message) = self.hub.receive(&mut socket).await else { continue };
            match message.kind() {
                "kernel_info_request" => self.answer(&message, kernel_info()).await,
                "execute_request" | "comm_open" | "comm_msg" | "comm_close" => {
                    self.enqueue(message)
                }
                "complete_request" => self.complete_request(message).await,
                "inspect_request" => self.inspect_request(message).await,
                "is_complete_request" => self.is_complete_request(&message).await,
                "history_request" => self.history_request(&message).await,
                "comm_info_request" => self.comm_info_request(&message).await,
                "shutdown_request" => self.shutdown_request(&message).await,
                other => eprintln!(
                    "cuaderno: a message of the unknown type `{other}` on the shell channel"
                ),
            }
        }
    }

    async fn receive_control(self: Arc<Self>, mut socket: RouterSocket) {
        loop {
            let Some(message) = self.hub.receive(&mut socket).await else { continue };
            let content = match message.kind() {
                "kernel_info_request" => kernel_info(),
                "interrupt_request" => {
                    self.clone().interrupt();
                    json!({"status": "ok"})
                }
                "shutdown_request" => shutdown_reply(&message),
                other => {
                    eprintln!(
                        "cuaderno: a message of the unknown type `{other}` on the control channel"
                    );
                    continue;
                }
            };
            self.hub.status(&message.header, "busy").await;
            let reply = self.reply_to(&message, content);
            let _ = socket.send(self.hub.signer.seal(&reply)).await;
            self.hub.status(&message.header, "idle").await;
            if message.kind() == "shutdown_request" {
                let _ = self.end.send(End::Asked).await;
            }
        }
    }

    async fn receive_stdin(self: Arc<Self>, mut socket: RouterRecvHalf) {
        loop {
            let Some(message) = self.hub.receive(&mut socket).await else { continue };
            if message.kind() == "input_reply" {
                self.input_reply(message).await;
            }
        }
    }

    /// Puts a request into the queue, with its number.
    pub(super) fn enqueue(&self, message: Message) {
        let number = self.received.fetch_add(1, Ordering::Relaxed) + 1;
        let _ = self.queue.send((number, message));
    }

    async fn is_complete_request(&self, message: &Message) {
        let code = message.content["code"].as_str().unwrap_or_default();
        self.answer(message, super::complete::judge(code).content()).await;
    }

    async fn history_request(&self, message: &Message) {
        let content = self.history().reply(&message.content);
        self.answer(message, content).await;
    }

    async fn comm_info_request(&self, message: &Message) {
        self.answer(message, json!({"status": "ok", "comms": {}})).await;
    }

    async fn shutdown_request(&self, message: &Message) {
        self.answer(message, shutdown_reply(message)).await;
        let _ = self.end.send(End::Asked).await;
    }

    /// Starts the inner kernel, then takes requests one after the other.
    async fn work(
        self: Arc<Self>,
        folder: PathBuf,
        mut queued: mpsc::UnboundedReceiver<(u64, Message)>,
    ) {
        let begin = Instant::now();
        self.hub.status(&json!({}), "starting").await;
        let inner = match self.clone().start_inner(&folder).await {
            Ok(inner) => inner,
            Err(failure) => {
                let _ = self.end.send(End::Lost(failure.to_string())).await;
                return;
            }
        };
        let mut ready = prepared::library().is_none();
        // After a slow start, a first cell that waits comes first: most only import, and need no type.
        if !ready && begin.elapsed() < QUICK_START {
            self.make_ready(&inner).await;
            ready = true;
        }
        loop {
            let wait = if ready { Duration::MAX } else { IDLE };
            let (number, message) = match tokio::time::timeout(wait, queued.recv()).await {
                Ok(Some(request)) => request,
                Ok(None) => return,
                Err(_) => {
                    self.make_ready(&inner).await;
                    ready = true;
                    continue;
                }
            };
            if message.kind() == "execute_request" {
                if number <= self.abort_until.load(Ordering::Relaxed) {
                    self.answer(&message, json!({"status": "aborted"})).await;
                } else {
                    self.execute(&inner, message).await;
                }
            } else {
                self.pass(&inner, message).await;
            }
        }
    }

    pub(super) fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn inner(&self) -> Option<Arc<Inner>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers at once, between `busy` and `idle`.
    pub(super) async fn answer(&self, request: &Message, content: Value) {
        self.hub.status(&request.header, "busy").await;
        self.send_reply(request, content).await;
        self.hub.status(&request.header, "idle").await;
    }

    pub(super) async fn send_reply(&self, request: &Message, content: Value) {
        let reply = self.reply_to(request, content);
        let _ = self.shell.clone().send(self.hub.signer.seal(&reply)).await;
    }

    pub(super) fn reply_to(&self, request: &Message, content: Value) -> Message {
        let kind = request.kind().replace("_request", "_reply");
        let mut reply = Message::child(&kind, &self.hub.session, &request.header, content);
        reply.identities.clone_from(&request.identities);
        reply
    }
}

fn shutdown_reply(message: &Message) -> Value {
    json!({"status": "ok", "restart": message.content["restart"]})
}
