//! Reasons to end that come from outside: Jupyter is gone, or a signal of the terminal.

use super::hub::End;
use std::os::unix::process::parent_id;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Ends the kernel when the Jupyter that started it has ended. Jupyter sets `JPY_PARENT_PID`; a kernel
/// started by hand may outlive its shell.
pub async fn orphaned(end: mpsc::Sender<End>) {
    if std::env::var_os("JPY_PARENT_PID").is_none() {
        return;
    }
    let parent = parent_id();
    while parent_id() == parent {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let _ = end.send(End::Asked).await;
}

/// Ends the kernel in order at SIGTERM and SIGHUP. SIGINT reaches a kernel when someone presses Ctrl-C in the
/// terminal of the server; Jupyter interrupts by message.
pub async fn signals(end: mpsc::Sender<End>) {
    let (Ok(mut terminate), Ok(mut hang_up), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
        signal(SignalKind::interrupt()),
    ) else {
        return;
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = hang_up.recv() => break,
            _ = interrupt.recv() => {}
        }
    }
    let _ = end.send(End::Asked).await;
}
