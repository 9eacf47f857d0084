//! Interruption: of a compilation, of a shell command, of a cell that runs.

use super::shell::Shell;
use super::{builds, shell_line};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// The time that a cell may go on after an interrupt, before its process is ended.
const INTERRUPT_GRACE: Duration = Duration::from_secs(10);

impl Shell {
    /// Interrupts the running cell, and ends its process if it does not stop or gets a second interrupt.
    pub(super) fn interrupt(self: Arc<Self>) {
        let (turn, again) = {
            let mut running = self.hub.running();
            if !running.busy {
                return;
            }
            (running.turn, std::mem::replace(&mut running.interrupted, true))
        };
        if let Some(command) = self.hub.running().command {
            shell_line::interrupt(command);
            return;
        }
        if self.stop_build() {
            self.hub.running().build_stopped = true;
            // evcxr may compile once more, to find out what was wrong.
            tokio::spawn(async move {
                while self.is_running(turn) {
                    self.stop_build();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            return;
        }
        if again {
            self.end_cell(turn);
            return;
        }
        // As in a terminal, what the cell waits for is interrupted with it.
        let (_, cells) = *self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        builds::interrupt_children(cells);
        let _ = crate::folders::write_private(&self.interrupt, b"");
        if self.hub.running().asks {
            self.give_line(None);
        }
        tokio::spawn(async move {
            tokio::time::sleep(INTERRUPT_GRACE).await;
            self.end_cell(turn);
        });
    }

    pub(super) fn stop_build(&self) -> bool {
        builds::stop(self.inner_pid.load(Ordering::Relaxed))
    }

    pub(super) fn is_running(&self, turn: u64) -> bool {
        let running = self.hub.running();
        running.busy && running.turn == turn
    }

    pub(super) fn end_cell(&self, turn: u64) {
        let mut running = self.hub.running();
        if running.busy && running.turn == turn {
            running.killed = true;
            let (_, cells) = *self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            builds::end_tree(cells);
        }
    }
}
