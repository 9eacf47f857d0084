//! A Jupyter client: starts the kernel as a process of its own and runs cells in it.

use super::outputs::Outputs;
use crate::failure::{Failure, Result};
use crate::folders;
use crate::front::Connection;
use crate::rerun;
use crate::roles;
use jupyter_protocol::{
    ExecuteRequest, ExecutionState, InterruptRequest, JupyterMessage,
    JupyterMessageContent as Content, KernelInfoRequest, ReplyStatus, ShutdownRequest,
};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, ClientShellConnection, ConnectionInfo,
    create_client_control_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, peer_identity_for_session,
};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Most starts of a kernel whose ports others take.
const ATTEMPTS: usize = 5;

/// A running kernel and the sockets to it.
pub struct Client {
    child: Child,
    shell: ClientShellConnection,
    iopub: ClientIoPubConnection,
    control: ClientControlConnection,
    file: std::path::PathBuf,
}

/// The result of a cell.
pub struct Ran {
    pub count: i32,
    pub seconds: f64,
    /// Name, message and traceback of the error.
    pub error: Option<(String, String, Vec<String>)>,
}

impl Client {
    /// Starts a kernel that works in `folder`; figures that the library saves go to `out`, and `rerun` is the command line
    /// that runs the notebook again.
    pub async fn start(folder: &Path, out: Option<&Path>, rerun: &str) -> Result<Self> {
        for _ in 1..ATTEMPTS {
            let connection = Connection::private()?;
            match Self::start_on(&connection, folder, out, rerun).await {
                // Another process has taken a port before the kernel listened there, as tasks of a job array that start at
                // the same moment do.
                Err(_) if !connection.is_free() => eprintln!("starting the kernel on other ports"),
                started => return started,
            }
        }
        Self::start_on(&Connection::private()?, folder, out, rerun).await
    }

    async fn start_on(
        connection: &Connection,
        folder: &Path,
        out: Option<&Path>,
        rerun: &str,
    ) -> Result<Self> {
        let text = connection.to_json();
        let runtime = folders::cache()?.join("runtime");
        folders::create(&runtime)?;
        let file = runtime.join(format!("kernel-{}.json", uuid::Uuid::new_v4().simple()));
        folders::write_private(&file, text.as_bytes())?;
        let exe = std::env::current_exe().map_err(|error| Failure::new(error.to_string()))?;
        let mut command = Command::new(exe);
        command
            .args(["kernel", "--connection-file"])
            .arg(&file)
            .current_dir(folder)
            .stdin(Stdio::null())
            // The kernel ends when the runner has been killed.
            .env("JPY_PARENT_PID", std::process::id().to_string())
            .env(rerun::RERUN, rerun)
            // Ctrl-C reaches the runner, which then ends the kernel in order.
            .process_group(0);
        if let Some(out) = out {
            command.env(roles::OUTPUT, out);
        }
        let mut child =
            command.spawn().map_err(|e| Failure::new(format!("cannot start the kernel: {e}")))?;
        let connected = tokio::select! {
            connected = Self::connect(&text) => connected,
            failure = end_of(&mut child) => Err(failure),
        };
        let (shell, iopub, control) = match connected {
            Ok(sockets) => sockets,
            Err(failure) => {
                let _ = std::fs::remove_file(&file);
                return Err(failure);
            }
        };
        let mut client = Self { child, shell, iopub, control, file };
        client.await_ready().await?;
        Ok(client)
    }

    async fn connect(
        connection: &str,
    ) -> Result<(ClientShellConnection, ClientIoPubConnection, ClientControlConnection)> {
        let failed = |error: jupyter_zmq_client::RuntimeError| {
            Failure::new(format!("cannot connect to the kernel: {error}"))
        };
        let info: ConnectionInfo =
            serde_json::from_str(connection).map_err(|error| Failure::new(error.to_string()))?;
        let session = uuid::Uuid::new_v4().to_string();
        let identity = peer_identity_for_session(&session).map_err(failed)?;
        let iopub = create_client_iopub_connection(&info, "", &session).await.map_err(failed)?;
        let shell = create_client_shell_connection_with_identity(&info, &session, identity)
            .await
            .map_err(failed)?;
        let control = create_client_control_connection(&info, &session).await.map_err(failed)?;
        Ok((shell, iopub, control))
    }

    /// Waits until the kernel answers and its published messages arrive here.
    async fn await_ready(&mut self) -> Result<()> {
        for _ in 0..60 {
            self.alive()?;
            let request: JupyterMessage = KernelInfoRequest {}.into();
            self.shell.send(request).await.map_err(lost)?;
            let wait = Duration::from_secs(1);
            let _ = tokio::time::timeout(wait, self.shell.read()).await;
            if tokio::time::timeout(wait, self.iopub.read()).await.is_ok() {
                return Ok(());
            }
        }
        Err(Failure::new("the kernel does not answer"))
    }

    fn alive(&mut self) -> Result<()> {
        alive(&mut self.child)
    }

    /// Runs a cell; `see` gets every message while it runs.
    pub async fn run(
        &mut self,
        code: &str,
        timeout: Option<Duration>,
        outputs: &mut Outputs,
        see: &mut dyn FnMut(&Content),
    ) -> Result<Ran> {
        let start = Instant::now();
        let request =
            ExecuteRequest { allow_stdin: false, ..ExecuteRequest::new(code.to_string()) };
        let request: JupyterMessage = request.into();
        let id = request.header.msg_id.clone();
        self.shell.send(request).await.map_err(lost)?;
        let mut asked_to_stop = false;
        let (mut reply, mut idle) = (None, false);
        while reply.is_none() || !idle {
            let over = timeout.is_some_and(|timeout| start.elapsed() > timeout);
            if over && !asked_to_stop {
                asked_to_stop = true;
                self.interrupt().await?;
            }
            let tick = tokio::time::sleep(Duration::from_millis(500));
            tokio::select! {
                message = self.iopub.read() => {
                    let message = message.map_err(lost)?;
                    if message.parent_header.as_ref().is_none_or(|parent| parent.msg_id != id) {
                        continue;
                    }
                    if let Content::Status(status) = &message.content {
                        idle |= status.execution_state == ExecutionState::Idle;
                    }
                    see(&message.content);
                    outputs.take(message.content);
                }
                message = self.shell.read(), if reply.is_none() => {
                    let message = message.map_err(lost)?;
                    let ours = message.parent_header.as_ref().is_some_and(|p| p.msg_id == id);
                    if let (Content::ExecuteReply(content), true) = (message.content, ours) {
                        reply = Some(content);
                    }
                }
                () = tick => self.alive()?,
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let Some(reply) = reply else { return Err(Failure::new("no reply from the kernel")) };
        let count = i32::try_from(reply.execution_count.value()).unwrap_or(i32::MAX);
        let error = match (reply.status, reply.error) {
            (ReplyStatus::Ok, _) => None,
            (_, Some(error)) => Some((error.ename, error.evalue, error.traceback)),
            (_, None) => {
                Some(("Error".to_string(), "the cell was not run".to_string(), Vec::new()))
            }
        };
        let error = match (error, asked_to_stop, timeout) {
            (Some((_, value, traceback)), true, Some(timeout)) => {
                let value = format!("the cell took longer than {} s: {value}", timeout.as_secs());
                Some(("Timeout".to_string(), value, traceback))
            }
            (error, _, _) => error,
        };
        Ok(Ran { count, seconds, error })
    }

    /// Interrupts the running cell.
    pub async fn interrupt(&mut self) -> Result<()> {
        self.control.send(InterruptRequest {}.into()).await.map_err(lost)
    }

    /// Ends the kernel.
    pub async fn stop(mut self) {
        let _ = self.control.send(ShutdownRequest { restart: false }.into()).await;
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn alive(child: &mut Child) -> Result<()> {
    match child.try_wait() {
        Ok(None) => Ok(()),
        Ok(Some(status)) => Err(Failure::new(format!("the kernel has ended: {status}"))),
        Err(error) => Err(Failure::new(error.to_string())),
    }
}

/// Waits until the kernel has ended; it has then reported the reason.
async fn end_of(child: &mut Child) -> Failure {
    loop {
        if let Err(failure) = alive(child) {
            return failure;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn lost(error: jupyter_zmq_client::RuntimeError) -> Failure {
    Failure::new(format!("the connection to the kernel is lost: {error}"))
}
