//! Answers requests: what the front knows it answers at once; cells, completions and the like it passes
//! to the kernel behind, one after the other.

use super::End;
use super::history::History;
use super::hub::Hub;
use super::inner::{Answer, Inner, Place};
use super::place::in_cells;
use super::report::{Cell, Report, says_disk_full};
use crate::cell::event::Event;
use crate::cell::{cargo, compile, keep};
use crate::failure::{Failure, Result};
use crate::folders::Session;
use crate::prepared;
use crate::wire::Message;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use zeromq::{RouterRecvHalf, RouterSendHalf, RouterSocket, SocketSend};

/// How long a cell may go on after it has been asked to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs in the cells' process before anything else: text without a line end stands in the buffer of that
/// process, where only its own code can reach it. The thread flushes ten times a second, and at the end of a cell
/// on request. The `?` has evcxr allow it from now on: the first one costs a cell a second compilation, and a last
/// expression its way of showing itself.
const FLUSHER: &str = r#"
std::thread::spawn(|| {
    use std::io::{BufRead, Write};
    let Some(path) = std::env::var_os("CUADERNO_FLUSH") else { return };
    let Ok(stream) = std::os::unix::net::UnixStream::connect(path) else { return };
    let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(100)));
    let mut requests = std::io::BufReader::new(stream);
    let mut request = String::new();
    loop {
        match requests.read_line(&mut request) {
            Ok(0) => return,
            Ok(_) => {
                let mut out = std::io::stdout().lock();
                let _ = out.flush();
                let _ = write!(out, "CUADERNO_FLUSHED {request}");
                request.clear();
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                let _ = std::io::stdout().flush();
            }
            Err(_) => return,
        }
    }
});
Ok::<(), String>(())?;
"#;

/// After a start that took less, there is time to make ready for what comes before the first cell.
const PROMPT: Duration = Duration::from_secs(5);
/// A kernel that nobody has asked for this long makes itself ready for what comes.
const IDLE: Duration = Duration::from_millis(150);

/// Asks for the type of a variable, and leaves none: the first such question takes rust-analyzer seconds.
const WARM_UP: &str = "let cuaderno_warm = cuaderno::Error::new(cuaderno::ErrorKind::File, \"\"); drop(cuaderno_warm);";

/// The sockets on which requests come.
pub struct Sockets {
    pub shell: RouterSocket,
    pub control: RouterSocket,
    pub stdin: RouterSocket,
}

/// The part of the kernel that answers.
pub struct Shell {
    hub: Arc<Hub>,
    shell: RouterSendHalf,
    stdin: RouterSendHalf,
    queue: mpsc::UnboundedSender<Message>,
    build: PathBuf,
    interrupt: PathBuf,
    inner: Mutex<Option<Arc<Inner>>>,
    inner_pid: AtomicU32,
    /// The filter and the process that runs the cells.
    cells: Mutex<(u32, u32)>,
    /// Execute requests with this number or a lower one are not to be run any more.
    abort_until: AtomicU64,
    received: AtomicU64,
    history: Mutex<History>,
    /// Whether a cell needed more types than rust-analyzer was told of.
    widened: AtomicBool,
    end: mpsc::Sender<End>,
}

impl Shell {
    /// Starts to answer; the kernel behind starts meanwhile.
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
            inner: Mutex::default(),
            inner_pid: AtomicU32::new(0),
            cells: Mutex::default(),
            abort_until: AtomicU64::new(0),
            received: AtomicU64::new(0),
            history: Mutex::new(History::open()),
            widened: AtomicBool::new(false),
            end,
        });
        tokio::spawn(shell.clone().receive_shell(shell_recv));
        tokio::spawn(shell.clone().receive_control(sockets.control));
        tokio::spawn(shell.clone().receive_stdin(stdin_recv));
        tokio::spawn(shell.clone().work(folder, queued));
        Ok(shell)
    }

    /// Ends the processes behind.
    pub fn stop(&self) {
        let (filter, cells) = *self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        for id in [self.inner_pid.load(Ordering::Relaxed), cells, filter] {
            kill(id);
        }
    }

    async fn receive_shell(self: Arc<Self>, mut socket: RouterRecvHalf) {
        loop {
            let Some(message) = self.hub.receive(&mut socket).await else { continue };
            match message.kind() {
                "kernel_info_request" => self.answer(&message, kernel_info()).await,
                "execute_request" | "complete_request" | "inspect_request" | "comm_open"
                | "comm_msg" | "comm_close" => {
                    let number = self.received.fetch_add(1, Ordering::Relaxed) + 1;
                    let mut message = message;
                    // The number goes with the message through the queue, and no further.
                    message.metadata["cuaderno_number"] = number.into();
                    let _ = self.queue.send(message);
                }
                "is_complete_request" => {
                    let code = message.content["code"].as_str().unwrap_or_default();
                    let content = super::complete::judge(code).content();
                    self.answer(&message, content).await;
                }
                "history_request" => {
                    let content = self.history().reply(&message.content);
                    self.answer(&message, content).await;
                }
                "comm_info_request" => {
                    self.answer(&message, json!({"status": "ok", "comms": {}})).await;
                }
                "shutdown_request" => {
                    let content = json!({"status": "ok", "restart": message.content["restart"]});
                    self.answer(&message, content).await;
                    let _ = self.end.send(End::Asked).await;
                }
                _ => {}
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
                "shutdown_request" => {
                    json!({"status": "ok", "restart": message.content["restart"]})
                }
                _ => continue,
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
            if message.kind() == "input_reply"
                && let Some(inner) = self.inner()
            {
                inner.input_reply(message).await;
            }
        }
    }

    /// Starts the kernel behind, then takes requests one after the other.
    async fn work(self: Arc<Self>, folder: PathBuf, mut queued: mpsc::UnboundedReceiver<Message>) {
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
        // After a slow start, a first cell that waits comes first: most only import, and ask for no type.
        if !ready && begin.elapsed() < PROMPT {
            self.make_ready(&inner).await;
            ready = true;
        }
        loop {
            let wait = if ready { Duration::MAX } else { IDLE };
            let mut message = match tokio::time::timeout(wait, queued.recv()).await {
                Ok(Some(message)) => message,
                Ok(None) => return,
                Err(_) => {
                    self.make_ready(&inner).await;
                    ready = true;
                    continue;
                }
            };
            let number = message.metadata["cuaderno_number"].as_u64().unwrap_or_default();
            if let Some(metadata) = message.metadata.as_object_mut() {
                metadata.remove("cuaderno_number");
            }
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

    /// Has rust-analyzer read what it needs to tell types.
    async fn make_ready(&self, inner: &Arc<Inner>) {
        self.hub.running().hidden = true;
        inner.request_code(WARM_UP).await;
        self.hub.running().hidden = false;
    }

    async fn start_inner(self: Arc<Self>, folder: &Path) -> Result<Arc<Inner>> {
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
                asker.ask(request).await;
            }
        });
        let (lost, is_lost) = oneshot::channel();
        let end = self.end.clone();
        tokio::spawn(async move {
            if let Ok(reason) = is_lost.await {
                let _ = end.send(End::Lost(reason)).await;
            }
        });
        self.hub.running().hidden = true;
        let place = Place {
            folder,
            build: &self.build,
            socket: &socket,
            flush: &flush,
            interrupt: &self.interrupt,
        };
        let inner = Inner::start(self.hub.clone(), &place, said, asks, lost).await?;
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

    /// Tells the user what the kernel behind is busy with: it says which crates it compiles.
    async fn narrate(&self, line: &str) {
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

    /// Listens to the processes that run the cells, one after the other.
    async fn follow(self: Arc<Self>, listener: UnixListener) {
        while let Ok((stream, _)) = listener.accept().await {
            self.clone().follow_one(stream).await;
        }
    }

    async fn follow_one(self: Arc<Self>, stream: UnixStream) {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            match Event::from_line(&line) {
                Some(Event::Hello { filter, cells }) => {
                    *self.cells.lock().unwrap_or_else(PoisonError::into_inner) = (filter, cells);
                }
                Some(Event::Text { name, text }) => {
                    let text = if name == "stderr" && text.contains(" panicked at ") {
                        in_cells(&text, &self.cells_so_far(), &self.program())
                    } else {
                        text
                    };
                    let content = json!({"name": name, "text": text});
                    self.hub.publish_running("stream", content).await;
                }
                Some(Event::Show { kind, content }) => {
                    self.hub.publish_running(&kind, content).await;
                }
                Some(Event::Failed { how, text }) => {
                    let report = Report::failed(how, &text, &self.cells_so_far(), &self.program());
                    self.hub.running().failed = Some(report);
                }
                Some(Event::Kept { code }) => self.hub.running().kept.push(code),
                Some(Event::Unloadable) => self.hub.running().unloadable = true,
                Some(Event::Done) => drop(write.write_all(b"\n").await),
                Some(Event::Exit { status }) => {
                    self.hub.running().exit = Some(status);
                    let _ = write.write_all(b"\n").await;
                }
                None => {}
            }
        }
    }

    async fn execute(&self, inner: &Arc<Inner>, message: Message) {
        let content = &message.content;
        let code = content["code"].as_str().unwrap_or_default().to_string();
        let silent = content["silent"] == true;
        let store = content["store_history"] != false && !silent;
        let stop_on_error = content["stop_on_error"] != false;
        let count = {
            let mut running = self.hub.running();
            let count = running.count + u64::from(store && !code.trim().is_empty());
            let turn = running.turn + 1;
            *running = super::hub::Running {
                parent: message.header.clone(),
                client: message.identities.clone(),
                busy: true,
                turn,
                hidden: false,
                silent,
                count,
                code: code.clone(),
                ..Default::default()
            };
            count
        };
        if store && !code.trim().is_empty() {
            self.history().add(count, &code);
        }
        let _ = tokio::fs::remove_file(&self.interrupt).await;
        self.hub.status(&message.header, "busy").await;
        if !silent {
            let content = json!({"code": code, "execution_count": count});
            self.hub.publish("execute_input", &message.header, content).await;
        }
        let answer = if code.trim().is_empty() {
            None
        } else {
            let mut answer = inner.request(message.clone()).await;
            if answer.as_ref().is_some_and(is_type_unknown)
                && !self.widened.swap(true, Ordering::Relaxed)
            {
                self.tell_crates(inner, true).await;
                answer = inner.request(message.clone()).await;
                if answer.as_ref().is_some_and(is_type_unknown) {
                    self.tell_crates(inner, false).await;
                }
            }
            if std::mem::take(&mut self.hub.running().unloadable) {
                self.renew_process(inner).await;
                answer = inner.request(message.clone()).await;
            }
            Some(answer)
        };
        let failed = match &answer {
            None => None,
            Some(None) => Some(Report::died("evcxr_jupyter ended")),
            Some(Some(answer)) => self.judge(&answer.reply, &answer.errors),
        };
        let reply = match &failed {
            None => json!({
                "status": "ok", "execution_count": count, "payload": [],
                "user_expressions": self.evaluate(inner, &message.content["user_expressions"]).await,
            }),
            Some(report) => {
                if !silent {
                    self.hub.publish("error", &message.header, report.content()).await;
                }
                let mut content = report.content();
                content["status"] = "error".into();
                content["execution_count"] = count.into();
                content["payload"] = json!([]);
                content["user_expressions"] = json!({});
                content
            }
        };
        let (restarted, kept) = {
            let mut running = self.hub.running();
            running.busy = false;
            (running.exit.is_some(), std::mem::take(&mut running.kept))
        };
        if failed.is_some() && stop_on_error {
            self.abort_until.store(self.received.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        self.send_reply(&message, reply).await;
        self.hub.status(&message.header, "idle").await;
        if restarted {
            self.hub.running().hidden = true;
            inner.request_code(FLUSHER).await;
            return;
        }
        // evcxr has forgotten these variables with the cell.
        for code in kept.iter().filter(|code| !code.is_empty()) {
            self.hub.running().hidden = true;
            inner.request_code(code).await;
            self.hub.running().hidden = false;
        }
    }

    /// Goes on in a new process for cells: the old one has ended over a cell that it could not load, because a crate
    /// that was added had others compiled anew that are loaded already.
    async fn renew_process(&self, inner: &Arc<Inner>) {
        let text = "a crate that was added has had others compiled anew, so that all variables are lost: \
                    run the cells that define them again, and add crates before them\n";
        self.hub.publish_running("stream", json!({"name": "stderr", "text": text})).await;
        {
            let mut running = self.hub.running();
            running.exit = None;
            running.hidden = true;
        }
        inner.request_code(FLUSHER).await;
        self.hub.running().hidden = false;
    }

    /// Evaluates the expressions that came with a cell, each by itself: the value of one, or how it failed.
    async fn evaluate(&self, inner: &Arc<Inner>, expressions: &Value) -> Value {
        let mut values = serde_json::Map::new();
        for (name, expression) in expressions.as_object().into_iter().flatten() {
            let code = expression.as_str().unwrap_or_default();
            let value = if super::complete::is_expression(code) {
                self.evaluate_one(inner, code).await
            } else {
                Err(Report::not_an_expression(code))
            };
            let content = value.unwrap_or_else(|report| {
                let mut content = report.content();
                content["status"] = "error".into();
                content
            });
            values.insert(name.clone(), content);
        }
        Value::Object(values)
    }

    async fn evaluate_one(
        &self,
        inner: &Arc<Inner>,
        code: &str,
    ) -> std::result::Result<Value, Report> {
        {
            let mut running = self.hub.running();
            running.code = code.to_string();
            running.captured = Some(Vec::new());
        }
        // Borrowed, so that the name of a variable does not take its value out of it.
        let answer = inner.request_code(&format!("&({code}\n)")).await;
        let shown = self.hub.running().captured.take().unwrap_or_default();
        let report = match &answer {
            None => Some(Report::died("evcxr_jupyter ended")),
            Some(answer) => self.judge(&answer.reply, &answer.errors),
        };
        if let Some(report) = report {
            return Err(report);
        }
        let shown = shown.into_iter().next_back().unwrap_or_else(|| json!({"data": {}}));
        Ok(json!({"status": "ok", "data": shown["data"], "metadata": {}}))
    }

    /// Has rust-analyzer told of all crates from the next cell on, or again of those that cells can meet.
    async fn tell_crates(&self, inner: &Arc<Inner>, all: bool) {
        let mark = self.build.join(cargo::WHOLE);
        let marked = if all {
            crate::folders::write_private(&mark, b"").is_ok()
        } else {
            std::fs::remove_file(&mark).is_ok()
        };
        if marked {
            // rust-analyzer asks when the manifest has changed. This changes its text alone: the level that holds
            // comes from the environment.
            self.hub.running().hidden = true;
            inner.request_code(if all { ":opt 3" } else { ":opt 2" }).await;
            self.hub.running().hidden = false;
        }
    }

    /// How the cell failed, if it did: what it said while it ran counts more than evcxr's reply.
    fn judge(&self, reply: &Message, errors: &[Value]) -> Option<Report> {
        let mut running = self.hub.running();
        if running.killed {
            return Some(Report::killed());
        }
        let terminated = errors.iter().any(|error| {
            let value = error["evalue"].as_str().unwrap_or_default();
            value.contains("Subprocess terminated") || value.contains("Subprocess didn't start")
        });
        if terminated {
            let status = running.exit.get_or_insert_with(|| "reason unknown".to_string());
            return Some(Report::died(status));
        }
        if let Some(report) = running.failed.take() {
            return Some(report);
        }
        if reply.content["status"] != "error" {
            return None;
        }
        if running.build_stopped {
            return Some(Report::not_compiled());
        }
        drop(running);
        let said = std::fs::read_to_string(self.build.join(compile::SAID)).unwrap_or_default();
        Some(Report::compilation(errors, &self.cells_so_far(), &said, &self.program()))
    }

    /// The program that evcxr has made of the last cell.
    fn program(&self) -> String {
        let source = std::fs::read_to_string(self.build.join("src/lib.rs")).unwrap_or_default();
        keep::without(&source)
    }

    /// The cells of this session up to the one that runs.
    fn cells_so_far(&self) -> Vec<Cell> {
        let (count, code) = {
            let running = self.hub.running();
            (running.count, running.code.clone())
        };
        let mut cells = self.history().of_session();
        // The one that runs may be kept there, or be one that is not to be kept.
        cells.retain(|cell| *cell != (count, code.clone()));
        cells.push((count, code));
        cells
    }

    /// Passes a request on and its reply back.
    async fn pass(&self, inner: &Arc<Inner>, message: Message) {
        self.hub.status(&message.header, "busy").await;
        let answers = matches!(message.kind(), "complete_request" | "inspect_request");
        if answers {
            if let Some(answer) = inner.request(message.clone()).await {
                self.send_reply(&message, answer.reply.content).await;
            }
        } else {
            // Messages of comms have no reply.
            inner.send(&message).await;
        }
        self.hub.status(&message.header, "idle").await;
    }

    /// The cell wants input: asks the client that sent the cell.
    async fn ask(&self, request: Message) {
        let (parent, identities) = {
            let running = self.hub.running();
            (running.parent.clone(), running.client.clone())
        };
        let mut message =
            Message::child("input_request", &self.hub.session, &parent, request.content);
        message.identities = identities;
        let _ = self.stdin.clone().send(self.hub.signer.seal(&message)).await;
    }

    /// Asks the running cell to stop, and ends its process if it does not, or is asked twice.
    fn interrupt(self: Arc<Self>) {
        let (turn, again) = {
            let mut running = self.hub.running();
            if !running.busy {
                return;
            }
            (running.turn, std::mem::replace(&mut running.interrupted, true))
        };
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
        let _ = crate::folders::write_private(&self.interrupt, b"");
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE).await;
            self.end_cell(turn);
        });
    }

    fn stop_build(&self) -> bool {
        super::builds::stop(self.inner_pid.load(Ordering::Relaxed))
    }

    fn is_running(&self, turn: u64) -> bool {
        let running = self.hub.running();
        running.busy && running.turn == turn
    }

    fn end_cell(&self, turn: u64) {
        let mut running = self.hub.running();
        if running.busy && running.turn == turn {
            running.killed = true;
            let (_, cells) = *self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            kill(cells);
        }
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner(&self) -> Option<Arc<Inner>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers at once, between `busy` and `idle`.
    async fn answer(&self, request: &Message, content: Value) {
        self.hub.status(&request.header, "busy").await;
        self.send_reply(request, content).await;
        self.hub.status(&request.header, "idle").await;
    }

    async fn send_reply(&self, request: &Message, content: Value) {
        let reply = self.reply_to(request, content);
        let _ = self.shell.clone().send(self.hub.signer.seal(&reply)).await;
    }

    fn reply_to(&self, request: &Message, content: Value) -> Message {
        let kind = request.kind().replace("_request", "_reply");
        let mut reply = Message::child(&kind, &self.hub.session, &request.header, content);
        reply.identities.clone_from(&request.identities);
        reply
    }
}

/// Whether a cell failed, before it ran, because rust-analyzer does not know a type. What the compiler does not know
/// either comes as an error of compilation.
fn is_type_unknown(answer: &Answer) -> bool {
    let says = |value: &Value| {
        value.as_str().is_some_and(|text| text.contains("Couldn't automatically determine type"))
    };
    answer.errors.iter().any(|error| says(&error["ename"]) || says(&error["evalue"]))
}

/// Says on standard error how long each stage of the start took, to someone who asks with `CUADERNO_TRACE`.
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

fn kill(id: u32) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// The languages and versions that front ends ask for.
fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": "5.4",
        "implementation": "cuaderno",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": super::language_info(),
        "banner": concat!("cuaderno ", env!("CARGO_PKG_VERSION"), ": deep learning in Rust notebooks, on evcxr_jupyter"),
        "debugger": false,
        "help_links": [
            {"text": "The Rust standard library", "url": "https://doc.rust-lang.org/std/"},
            {"text": "The Rust book", "url": "https://doc.rust-lang.org/book/"},
        ],
    })
}
