//! Binds the ports of a connection file and serves them until the kernel ends.

use super::connection::Connection;
use super::hub::{End, Hub};
use super::{shell, watch};
use crate::failure::{Failure, Result};
use crate::folders::Session;
use crate::toolchain;
use shell::Shell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{RepSocket, RouterSocket, SocketRecv, SocketSend};

/// Runs the kernel of a connection file until it is shut down.
pub fn run(connection_file: &Path) -> Result<()> {
    let connection = Connection::read(connection_file)?;
    if toolchain::on_path("cargo").is_none() || toolchain::on_path("rustc").is_none() {
        return Err(toolchain::no_toolchain());
    }
    let session = Session::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start threads: {error}")))?;
    let result = runtime.block_on(serve(connection, session));
    runtime.shutdown_timeout(Duration::from_millis(300));
    result
}

async fn serve(connection: Connection, session: Session) -> Result<()> {
    let heartbeat: RepSocket = connection.bind(connection.hb_port).await?;
    let shell_socket: RouterSocket = connection.bind(connection.shell_port).await?;
    let control: RouterSocket = connection.bind(connection.control_port).await?;
    let stdin: RouterSocket = connection.bind(connection.stdin_port).await?;
    let iopub = connection.bind(connection.iopub_port).await?;
    let (end, mut ends) = mpsc::channel(4);
    let hub = Arc::new(Hub::new(&connection.key, iopub));
    tokio::spawn(beat(heartbeat));
    tokio::spawn(watch::orphaned(end.clone()));
    tokio::spawn(watch::signals(end.clone()));
    tokio::task::spawn_blocking(|| crate::folders::sweep().map_or(0, |removed| removed));
    let sockets = shell::Sockets { shell: shell_socket, control, stdin };
    let shell = Shell::start(hub, sockets, &session, end)?;
    let ended = ends.recv().await;
    shell.stop();
    drop(session);
    match ended {
        Some(End::Lost(reason)) => Err(Failure::new(reason)),
        _ => {
            // The reply to a shutdown request may still be on its way.
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(())
        }
    }
}

/// Answers the heartbeat: the same bytes back.
async fn beat(mut socket: RepSocket) {
    while let Ok(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
