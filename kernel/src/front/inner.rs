//! The inner kernel: `evcxr_jupyter` in a child of the same executable, on ports and a key of its own.

use super::connection::Connection;
use super::hub::Hub;
use crate::cell::cargo;
use crate::failure::{Failure, Result};
use crate::folders;
use crate::loader;
use crate::prepared;
use crate::rerun;
use crate::roles;
use crate::wire::{Message, Signer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use zeromq::util::PeerIdentity;
use zeromq::{DealerSocket, Socket, SocketOptions, SocketRecv, SocketSend, SubSocket, ZmqMessage};

/// The number of times it is started before the kernel gives up.
const STARTS: usize = 5;

/// The connection to the inner kernel.
pub struct Inner {
    signer: Signer,
    shell: mpsc::Sender<ZmqMessage>,
    stdin: mpsc::Sender<ZmqMessage>,
    waiting: Mutex<HashMap<String, Waiting>>,
    session: String,
    pid: u32,
}

/// A request on its way: its reply, its errors, and whether the kernel is done with it.
#[derive(Default)]
struct Waiting {
    reply: Option<Message>,
    errors: Vec<Value>,
    idle: bool,
    done: Option<oneshot::Sender<Answer>>,
}

/// The result of a request.
pub struct Answer {
    pub reply: Message,
    /// The contents of its `error` messages.
    pub errors: Vec<Value>,
}

/// The environment and places of the inner kernel.
pub struct Place<'a> {
    pub folder: &'a Path,
    pub build: &'a Path,
    pub socket: &'a Path,
    pub flush: &'a Path,
    pub interrupt: &'a Path,
    pub input: &'a Path,
}

impl Inner {
    /// Starts it and connects to it; returns when it is ready. `said` gets its lines on standard error, `asks`
    /// its requests for input, `lost` gets the reason when it has ended.
    pub async fn start(
        hub: &Arc<Hub>,
        place: &Place<'_>,
        said: &mpsc::Sender<String>,
        asks: &mpsc::Sender<Message>,
        lost: oneshot::Sender<String>,
    ) -> Result<Arc<Self>> {
        // Another program may take a free port before it listens there.
        for _ in 1..STARTS {
            if let Ok(started) = Self::attempt(hub, place, said, asks).await {
                return Ok(started.watch(lost));
            }
        }
        Ok(Self::attempt(hub, place, said, asks).await?.watch(lost))
    }

    /// One start, on ports that are free now.
    async fn attempt(
        hub: &Arc<Hub>,
        place: &Place<'_>,
        said: &mpsc::Sender<String>,
        asks: &mpsc::Sender<Message>,
    ) -> Result<Started> {
        let connection = Connection::private()?;
        let file = place.folder.join("inner.json");
        folders::write_private(&file, connection.to_json().as_bytes())?;
        let mut child = spawn(&file, place)?;
        let pid = child.id();
        if let Some(stderr) = child.stderr.take() {
            let said = said.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(std::result::Result::ok) {
                    let _ = said.blocking_send(line);
                }
            });
        }
        let (gone, mut is_gone) = mpsc::channel::<String>(1);
        std::thread::spawn(move || {
            let status = child.wait().map_or_else(|e| e.to_string(), |status| status.to_string());
            let reason = format!("the inner kernel (evcxr_jupyter) ended: {status}");
            let _ = gone.blocking_send(reason);
        });
        let ready = async {
            let sockets = connect(&connection).await?;
            let (shell, shell_out) = mpsc::channel(64);
            let (stdin, stdin_out) = mpsc::channel(8);
            let inner = Arc::new(Self {
                signer: Signer::new(&connection.key),
                shell,
                stdin,
                waiting: Mutex::default(),
                session: uuid::Uuid::new_v4().to_string(),
                pid,
            });
            let tasks = inner.pump(hub.clone(), sockets, shell_out, stdin_out, asks.clone());
            inner.await_ready().await?;
            Ok((inner, tasks))
        };
        let (inner, tasks) = tokio::select! {
            ready = ready => ready?,
            reason = is_gone.recv() => return Err(Failure::new(reason.unwrap_or_default())),
        };
        Ok(Started { inner, tasks, is_gone })
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a request and waits for its reply and the end of its work.
    pub async fn request(&self, mut message: Message) -> Option<Answer> {
        let (done, answer) = oneshot::channel();
        let id = message.id().to_string();
        self.waiting().insert(id, Waiting { done: Some(done), ..Waiting::default() });
        message.identities.clear();
        self.shell.send(self.signer.seal(&message)).await.ok()?;
        answer.await.ok()
    }

    /// Sends a message that has no reply.
    pub async fn send(&self, message: &Message) {
        let mut message = message.clone();
        message.identities.clear();
        let _ = self.shell.send(self.signer.seal(&message)).await;
    }

    /// Runs code of the kernel's own.
    pub async fn request_code(&self, code: &str) -> Option<Answer> {
        let content = json!({
            "code": code, "silent": false, "store_history": false,
            "user_expressions": {}, "allow_stdin": false, "stop_on_error": true,
        });
        self.request(Message::child("execute_request", &self.session, &json!({}), content)).await
    }

    /// Passes on what the user typed.
    pub async fn input_reply(&self, mut message: Message) {
        message.identities.clear();
        let _ = self.stdin.send(self.signer.seal(&message)).await;
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes something about a request; when both reply and end are there, it is answered.
    fn note(&self, id: &str, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting();
        let Some(request) = waiting.get_mut(id) else { return };
        change(request);
        if request.idle
            && request.reply.is_some()
            && let Some(mut request) = waiting.remove(id)
            && let (Some(done), Some(reply)) = (request.done.take(), request.reply.take())
        {
            let _ = done.send(Answer { reply, errors: request.errors });
        }
    }

    /// Repeats a request until an answer and its status messages come: then the subscription to iopub stands as well.
    async fn await_ready(&self) -> Result<()> {
        for attempt in 0..260 {
            let message =
                Message::child("kernel_info_request", &self.session, &json!({}), json!({}));
            // The first answers come before the subscription stands, or not at all while it is busy starting.
            let patience = Duration::from_millis((50 << attempt.min(5)).min(1500));
            match tokio::time::timeout(patience, self.request(message)).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => {
                    return Err(Failure::new("the inner kernel (evcxr_jupyter) did not start"));
                }
                Err(_) => {}
            }
        }
        Err(Failure::new("the inner kernel (evcxr_jupyter) does not answer"))
    }

    /// Starts the tasks that carry messages in both directions; they end when the set is dropped.
    fn pump(
        self: &Arc<Self>,
        hub: Arc<Hub>,
        sockets: Sockets,
        shell_out: mpsc::Receiver<ZmqMessage>,
        stdin_out: mpsc::Receiver<ZmqMessage>,
        asks: mpsc::Sender<Message>,
    ) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let Sockets { shell, stdin, mut iopub } = sockets;
        let (shell_send, mut shell_recv) = shell.split();
        let (stdin_send, mut stdin_recv) = stdin.split();
        tasks.spawn(carry(shell_out, shell_send));
        tasks.spawn(carry(stdin_out, stdin_send));
        let inner = self.clone();
        tasks.spawn(async move {
            while let Ok(frames) = shell_recv.recv().await {
                if let Ok(reply) = inner.signer.open(frames) {
                    let id = reply.parent_id().to_string();
                    inner.note(&id, |request| request.reply = Some(reply));
                }
            }
        });
        let inner = self.clone();
        tasks.spawn(async move {
            while let Ok(frames) = stdin_recv.recv().await {
                if let Ok(request) = inner.signer.open(frames) {
                    let _ = asks.send(request).await;
                }
            }
        });
        let inner = self.clone();
        tasks.spawn(async move {
            while let Ok(frames) = iopub.recv().await {
                if let Ok(message) = inner.signer.open(frames) {
                    inner.published(&hub, message).await;
                }
            }
        });
        tasks
    }

    /// Handles a message that the inner kernel published; the front publishes most of it itself.
    async fn published(&self, hub: &Hub, message: Message) {
        let id = message.parent_id().to_string();
        match message.kind() {
            "status" if message.content["execution_state"] == "idle" => {
                self.note(&id, |request| request.idle = true);
            }
            "status" | "execute_input" => {}
            "error" => self.note(&id, |request| request.errors.push(message.content)),
            "execute_result" | "display_data" | "stream" => {
                let kind = message.kind().to_string();
                hub.publish_running(&kind, message.content).await;
            }
            _ => hub.relay(message).await,
        }
    }
}

/// An inner kernel that is ready.
struct Started {
    inner: Arc<Inner>,
    tasks: JoinSet<()>,
    is_gone: mpsc::Receiver<String>,
}

impl Started {
    /// Leaves its tasks running; `lost` gets the reason when it has ended.
    fn watch(mut self, lost: oneshot::Sender<String>) -> Arc<Inner> {
        self.tasks.detach_all();
        let inner = self.inner.clone();
        tokio::spawn(async move {
            let reason = self.is_gone.recv().await.unwrap_or_default();
            self.inner.waiting().clear();
            let _ = lost.send(reason);
        });
        inner
    }
}

struct Sockets {
    shell: DealerSocket,
    stdin: DealerSocket,
    iopub: SubSocket,
}

fn spawn(connection_file: &Path, place: &Place<'_>) -> Result<Child> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot start evcxr_jupyter: {error}"));
    let exe = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(&exe);
    // Without the stand-in for cargo, cells take longer to compile; nothing else changes.
    if let Ok(Some(path)) = cargo::stand_in(&place.folder.join("bin")) {
        let home = std::env::var_os("CARGO_HOME").unwrap_or_default();
        command.env("PATH", path).env(roles::CARGO_HOME, home).env("CARGO_HOME", place.folder);
    }
    if std::env::var_os(roles::LIBRARY_SOURCE).is_none()
        && let Ok(Some(source)) = cargo::library_source(&place.folder.join("library"))
    {
        command.env(roles::LIBRARY_SOURCE, source);
    }
    roles::forget_package(&mut command)
        .arg("--control_file")
        .arg(connection_file)
        .envs(prepared::profile())
        .env(roles::COMPILE, &exe)
        // A wrapper of the user's, such as sccache, takes the stand-in for no compiler.
        .env("RUSTC_WRAPPER", "")
        .env("EVCXR_TMPDIR", place.build)
        .env(roles::SOCKET, place.socket)
        .env(roles::FLUSH, place.flush)
        .env(roles::INTERRUPT, place.interrupt)
        .env(roles::INPUT, place.input)
        .env(roles::KERNEL, "1")
        .env(loader::LIBRARY_PATH, loader::library_path())
        .stdin(Stdio::null())
        // Its chatter; the cells have pipes of their own.
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal of the server must not reach the cells.
        .process_group(0);
    if let Some(words) = rerun::from_cells(&command) {
        command.env(rerun::RERUN, words);
    }
    command.spawn().map_err(failed)
}

/// Connects to its sockets, as soon as they are there. Shell and stdin share one identity, by which it
/// sends requests for input to the client that sent the cell.
async fn connect(connection: &Connection) -> Result<Sockets> {
    let failed = |error: zeromq::ZmqError| {
        Failure::new(format!("cannot connect to the inner kernel: {error}"))
    };
    let identity: PeerIdentity = "cuaderno".parse().map_err(failed)?;
    let dealer = || {
        let mut options = SocketOptions::default();
        options.peer_identity(identity.clone()).no_connect_timeout();
        DealerSocket::with_options(options)
    };
    let (mut shell, mut stdin, mut iopub) = (dealer(), dealer(), SubSocket::new());
    shell.connect(&connection.endpoint(connection.shell_port)).await.map_err(failed)?;
    stdin.connect(&connection.endpoint(connection.stdin_port)).await.map_err(failed)?;
    iopub.connect(&connection.endpoint(connection.iopub_port)).await.map_err(failed)?;
    iopub.subscribe("").await.map_err(failed)?;
    Ok(Sockets { shell, stdin, iopub })
}

async fn carry<S: SocketSend>(mut messages: mpsc::Receiver<ZmqMessage>, mut socket: S) {
    while let Some(message) = messages.recv().await {
        let _ = socket.send(message).await;
    }
}
