//! A Jupyter client for tests: starts the real kernel and talks to it over its sockets.
#![allow(dead_code, reason = "each test file uses its own part")]

use jupyter_protocol::{
    ConnectionInfo, ExecuteReply, ExecuteRequest, ExecutionState, InterruptRequest, JupyterMessage,
    JupyterMessageContent as Content, KernelInfoRequest, MediaType, ReplyStatus,
};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, ClientShellConnection, ClientStdinConnection,
    create_client_control_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, create_client_stdin_connection_with_identity,
    peer_identity_for_session,
};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// No answer may take longer, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(1200);

pub const EXE: &str = env!("CARGO_BIN_EXE_cuaderno");

/// A folder of the test's own under the target folder.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The folder of the library.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A first cell that declares the library, and imports.
pub fn import(uses: &str) -> String {
    format!(":dep cuaderno = {{ path = {:?} }}\n{uses}", root())
}

/// The processes below one, and itself.
pub fn family(id: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let children = tasks
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()
        });
    let mut all = vec![id];
    children.for_each(|child| all.extend(family(child)));
    all
}

pub struct Kernel {
    pub child: Child,
    pub info: ConnectionInfo,
    pub shell: ClientShellConnection,
    pub iopub: ClientIoPubConnection,
    pub control: ClientControlConnection,
    pub stdin: ClientStdinConnection,
}

/// The result of a cell: its messages in order, and its reply.
pub struct Cell {
    pub messages: Vec<Content>,
    pub reply: ExecuteReply,
}

/// A kernel start: with or without the library prepared for cells.
pub async fn start(with_library: bool) -> Kernel {
    start_with(with_library, |_| {}).await
}

/// The same, of a command that is changed first.
pub async fn start_with(with_library: bool, change: impl FnOnce(&mut Command)) -> Kernel {
    start_at(&free_ports(), |file| {
        let mut command = Command::new(EXE);
        command.args(["kernel", "--connection-file"]).arg(file);
        // Jupyter starts a kernel without what cargo has set for this test.
        command.env_remove("LD_LIBRARY_PATH");
        // With the library, the user's cache: it may be prepared there already, which takes minutes.
        if !with_library {
            command.env("CUADERNO_CACHE", folder("cache")).env("CUADERNO_ROOT", "/nonexistent");
        }
        change(&mut command);
        command
    })
    .await
}

/// Ports that no system hands out by itself, so that a connection of another test cannot take one before the kernel listens.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 12_000;
static NEXT: AtomicU16 = AtomicU16::new(0);

/// A connection on free loopback ports.
pub fn free_ports() -> ConnectionInfo {
    let ports: Vec<u16> = std::iter::repeat_with(|| {
        FIRST_PORT
            + (std::process::id() as u16)
                .wrapping_mul(64)
                .wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))
                % PORTS
    })
    .filter(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
    .take(5)
    .collect();
    ConnectionInfo {
        ip: "127.0.0.1".to_string(),
        transport: jupyter_protocol::connection_info::Transport::TCP,
        shell_port: ports[0],
        iopub_port: ports[1],
        stdin_port: ports[2],
        control_port: ports[3],
        hb_port: ports[4],
        key: "a test's key".to_string(),
        signature_scheme: "hmac-sha256".to_string(),
        kernel_name: None,
    }
}

/// Starts what `command` makes of a connection file, and waits until it answers.
pub async fn start_at(info: &ConnectionInfo, command: impl FnOnce(&Path) -> Command) -> Kernel {
    let info = info.clone();
    let name = format!("{}-{}.json", std::process::id(), info.shell_port);
    let file = folder("connections").join(name);
    std::fs::write(&file, serde_json::to_string(&info).unwrap()).unwrap();
    let mut command = command(&file);
    if command.get_current_dir().is_none() {
        command.current_dir(folder("work"));
    }
    command.stdin(Stdio::null());
    let child = command.spawn().unwrap();
    let session = format!("test-{}", info.shell_port);
    let identity = peer_identity_for_session(&session).unwrap();
    let iopub = create_client_iopub_connection(&info, "", &session).await.unwrap();
    let shell = create_client_shell_connection_with_identity(&info, &session, identity.clone())
        .await
        .unwrap();
    let stdin =
        create_client_stdin_connection_with_identity(&info, &session, identity).await.unwrap();
    let control = create_client_control_connection(&info, &session).await.unwrap();
    let mut kernel = Kernel { child, info, shell, iopub, control, stdin };
    for _ in 0..60 {
        kernel.shell.send(KernelInfoRequest {}.into()).await.unwrap();
        let _ = tokio::time::timeout(Duration::from_secs(1), kernel.shell.read()).await;
        if tokio::time::timeout(Duration::from_secs(1), kernel.iopub.read()).await.is_ok() {
            return kernel;
        }
    }
    panic!("the kernel does not answer");
}

impl Kernel {
    pub async fn run(&mut self, code: &str) -> Cell {
        self.send(code).await;
        self.finish().await
    }

    pub async fn send(&mut self, code: &str) -> String {
        let request: JupyterMessage = ExecuteRequest::new(code.to_string()).into();
        let id = request.header.msg_id.clone();
        self.shell.send(request).await.unwrap();
        id
    }

    /// Waits for the next execute reply and the messages up to the idle status that belongs to it.
    pub async fn finish(&mut self) -> Cell {
        let end = Instant::now() + PATIENCE;
        let mut collected = std::pin::pin!(Self::collect(&mut self.shell, &mut self.iopub));
        loop {
            if let Ok(cell) = tokio::time::timeout(Duration::from_secs(5), &mut collected).await {
                return cell;
            }
            // Its last messages may still be on their way when it has ended: the next round is too late for them.
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the kernel ended ({ended:?}) without an answer");
            assert!(Instant::now() < end, "no answer in time");
        }
    }

    async fn collect(shell: &mut ClientShellConnection, iopub: &mut ClientIoPubConnection) -> Cell {
        let (id, reply) = loop {
            let message = shell.read().await.unwrap();
            if let Content::ExecuteReply(reply) = message.content {
                break (message.parent_header.unwrap().msg_id, reply);
            }
        };
        let mut messages = Vec::new();
        loop {
            let message = iopub.read().await.unwrap();
            if message.parent_header.as_ref().is_none_or(|parent| parent.msg_id != id) {
                continue;
            }
            match message.content {
                Content::Status(status) if status.execution_state == ExecutionState::Idle => break,
                Content::Status(_) | Content::ExecuteInput(_) => {}
                content => messages.push(content),
            }
        }
        Cell { messages, reply }
    }

    /// Runs a cell that must succeed.
    pub async fn good(&mut self, code: &str) -> Cell {
        let cell = self.run(code).await;
        assert_eq!(cell.reply.status, ReplyStatus::Ok, "{code}\n{:?}", cell.messages);
        cell
    }

    /// Interrupts the cell that runs, which must end with the error of that name; gives the message, and how long it took.
    pub async fn interrupted(&mut self) -> (String, Duration) {
        let asked = Instant::now();
        self.control.send(InterruptRequest {}.into()).await.unwrap();
        let (name, value, _) = self.finish().await.error();
        assert_eq!(name, "Interrupted", "{value}");
        (value, asked.elapsed())
    }

    /// Runs a cell that must fail; gives name, message and traceback, the same in reply and on iopub.
    pub async fn bad(&mut self, code: &str) -> (String, String, String) {
        self.run(code).await.error()
    }

    /// The next reply on the shell socket.
    pub async fn answer(&mut self) -> Content {
        let reply = tokio::time::timeout(PATIENCE, self.shell.read());
        reply.await.expect("no answer in time").unwrap().content
    }

    /// The next message on iopub of a kind.
    pub async fn wait_for(&mut self, wanted: impl Fn(&Content) -> bool) -> Content {
        let search = async {
            loop {
                let message = self.iopub.read().await.unwrap();
                if wanted(&message.content) {
                    return message.content;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("no such message in time")
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Cell {
    /// The text of its result.
    pub fn result(&self) -> String {
        let text = |message: &Content| match message {
            Content::ExecuteResult(result) => {
                result.data.content.iter().find_map(|part| match part {
                    MediaType::Plain(text) => Some(text.clone()),
                    _ => None,
                })
            }
            _ => None,
        };
        self.messages.iter().find_map(text).unwrap_or_default()
    }

    /// All text of a stream.
    pub fn text(&self, stderr: bool) -> String {
        use jupyter_protocol::Stdio::{Stderr, Stdout};
        self.messages
            .iter()
            .filter_map(|message| match message {
                Content::StreamContent(stream) => match (&stream.name, stderr) {
                    (Stdout, false) | (Stderr, true) => Some(stream.text.as_str()),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    /// The failure, after checking that reply and iopub agree.
    pub fn error(&self) -> (String, String, String) {
        assert_eq!(self.reply.status, ReplyStatus::Error, "{:?}", self.messages);
        let errors: Vec<_> = self
            .messages
            .iter()
            .filter_map(|message| match message {
                Content::ErrorOutput(error) => Some(error),
                _ => None,
            })
            .collect();
        assert_eq!(errors.len(), 1, "{:?}", self.messages);
        let reply = self.reply.error.as_ref().expect("the reply names the error");
        assert_eq!((&reply.ename, &reply.evalue), (&errors[0].ename, &errors[0].evalue));
        assert_eq!(reply.traceback, errors[0].traceback);
        (reply.ename.clone(), reply.evalue.clone(), plain(&reply.traceback.join("\n")))
    }
}

/// A text without colours.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => inside = true,
            c if inside => inside = !c.is_ascii_alphabetic(),
            c => out.push(c),
        }
    }
    out
}
