//! The start of the inner kernel (the wrapped `evcxr_jupyter` process): its folders and sockets, and the code that runs in it
//! before the first cell.

use super::hub::End;
use super::inner::{Inner, Place};
use super::report::says_disk_full;
use super::shell::Shell;
use crate::failure::{Failure, Result};
use crate::prepared;
use crate::wire::Message;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};

/// The code that runs in the cells' process before any cell.
pub const FLUSHER: &str = include_str!("../programs/flusher.rs");
/// Code that has rust-analyzer read what it needs to find types.
const WARM_UP: &str = include_str!("../programs/warm_up.rs");

impl Shell {
    /// Has rust-analyzer read what it needs to find types.
    pub(super) async fn make_ready(&self, inner: &Arc<Inner>) {
        let _hidden = self.hub.hide();
        inner.request_code(WARM_UP).await;
    }

    pub(super) async fn start_inner(self: Arc<Self>, folder: &Path) -> Result<Arc<Inner>> {
        let stage = Stages::new();
        let library = prepared::library();
        let (said, mut lines) = mpsc::channel::<String>(64);
        let narrator = self.clone();
        tokio::spawn(async move {
            while let Some(line) = lines.recv().await {
                narrator.narrate(&line).await;
            }
        });
        if let Some(library) = library.clone() {
            let (build, said) = (self.build.clone(), said.clone());
            let stocked = tokio::task::spawn_blocking(move || {
                let mut say = |line: &str| drop(said.blocking_send(line.to_string()));
                prepared::ensure(&library, &mut say)
                    .and_then(|folder| prepared::stock(&folder, &build))
            });
            // A session without a prepared folder is slow at first, but works.
            if let Ok(Err(failure)) = stocked.await {
                eprintln!("cuaderno: {failure}");
            }
        }
        crate::folders::create(&self.build)?;
        stage.done("build folder");
        let (socket, flush) = (folder.join("cells"), folder.join("flush"));
        let listener = UnixListener::bind(&socket).map_err(|error| Failure::io(&socket, &error))?;
        tokio::spawn(self.clone().follow(listener));
        let (asks, mut asked) = mpsc::channel::<Message>(8);
        let asker = self.clone();
        tokio::spawn(async move {
            while let Some(request) = asked.recv().await {
                asker.send_input_request(request.content).await;
            }
        });
        let (lost, is_lost) = oneshot::channel();
        let end = self.end.clone();
        tokio::spawn(async move {
            if let Ok(reason) = is_lost.await {
                let _ = end.send(End::Lost(reason)).await;
            }
        });
        let _hidden = self.hub.hide();
        let place = Place {
            folder,
            build: &self.build,
            socket: &socket,
            flush: &flush,
            interrupt: &self.interrupt,
            input: &self.input,
        };
        let inner = Inner::start(&self.hub, &place, &said, &asks, lost).await?;
        self.inner_pid.store(inner.pid(), Ordering::Relaxed);
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner.clone());
        stage.done("evcxr_jupyter");
        let flusher = inner.request_code(FLUSHER).await;
        if flusher.is_some_and(|answer| says_disk_full(&answer.errors)) {
            return Err(Failure::new("no space left on the disk: the first cell does not compile")
                .file(&self.build)
                .help("`cuaderno clean` frees what can be made again"));
        }
        stage.done("flusher");
        if let Some(library) = library {
            prepared::pin_versions(&library, &self.build)?;
            // Declares the library as the notebooks will.
            inner.request_code(&prepared::dep_line(&library)).await;
            stage.done("library");
        }
        Ok(inner)
    }

    /// Shows the user what the inner kernel compiles.
    pub(super) async fn narrate(&self, line: &str) {
        let (busy, hidden) = {
            let running = self.hub.running();
            (running.busy, running.hidden)
        };
        if busy && !hidden && line.trim_start().starts_with("Compiling ") {
            let content = json!({"name": "stderr", "text": format!("{line}\n")});
            self.hub.publish_running("stream", content).await;
        } else {
            eprintln!("{line}");
        }
    }
}

/// Prints the time of each stage of the start on standard error, if `CUADERNO_TRACE` is set.
struct Stages(Option<Instant>);

impl Stages {
    fn new() -> Self {
        Self(std::env::var_os("CUADERNO_TRACE").map(|_| Instant::now()))
    }

    fn done(&self, what: &str) {
        if let Some(start) = self.0 {
            eprintln!("cuaderno: {what} ready after {:.2} s", start.elapsed().as_secs_f64());
        }
    }
}
