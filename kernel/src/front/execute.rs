//! Execution: a cell's shell lines, its code in the inner kernel, and what becomes of both.

use super::cells::{Cell, makes};
use super::hub::Running;
use super::inner::{Answer, Inner};
use super::lost::Lost;
use super::magic::Magic;
use super::report::{Compiled, Report};
use super::rewrite::{Rewritten, Wishes};
use super::shell::Shell;
use super::startup::FLUSHER;
use super::unkept::{self, Why};
use super::{clash, shell_line, unfinished};
use crate::cell::graph::Scope;
use crate::cell::{added, cargo, compile};
use crate::prepared;
use crate::run::parameters;
use crate::wire::Message;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Instant;

/// The number of times a cell is compiled again without a variable that cannot be kept.
const ATTEMPTS: usize = 12;

/// The outcome of a cell.
#[derive(Default)]
struct Outcome {
    failed: Option<Report>,
    /// The code that the inner kernel got, if it ran.
    rewritten: Option<Rewritten>,
    /// The variables that the cell could not keep.
    unkept: BTreeMap<String, Why>,
    /// The heads of earlier `impl` blocks in whose place stand some of the cell's.
    replaced: BTreeSet<String>,
}

impl Shell {
    /// Answers an `execute_request`.
    pub(super) async fn execute(&self, inner: &Arc<Inner>, message: Message) {
        let content = &message.content;
        let code = content["code"].as_str().unwrap_or_default().to_string();
        let silent = content["silent"] == true;
        let store = content["store_history"] != false && !silent;
        let stop_on_error = content["stop_on_error"] != false;
        let count = self.begin(&message, &code, store);
        if store && !code.trim().is_empty() {
            self.history().add(count, &code);
        }
        let _ = tokio::fs::remove_file(&self.interrupt).await;
        self.hub.status(&message.header, "busy").await;
        if !silent {
            let content = json!({"code": code, "execution_count": count});
            self.hub.publish("execute_input", &message.header, content).await;
        }
        let start = Instant::now();
        let magic = Magic::read(&code);
        let outcome = self.run_cell(inner, &message, &magic, count).await;
        self.report_dropped(outcome.failed.is_none()).await;
        self.report_notes(&magic, &outcome, start).await;
        let failed = &outcome.failed;
        let reply = match failed {
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
        if magic.adds_crates
            && failed.is_none()
            && let Some(library) = prepared::library()
        {
            let build = self.build.clone();
            // At worst, the next session compiles them again.
            tokio::task::spawn_blocking(move || prepared::keep_crates(&library, &build));
        }
        let _hidden = self.hub.hide();
        if restarted {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).ended(count);
            inner.request_code(FLUSHER).await;
        }
        if magic.clears && failed.is_none() {
            self.begin_again(inner, restarted).await;
        }
        if restarted {
            return;
        }
        // evcxr has forgotten these variables with the cell.
        for code in kept.iter().filter(|code| !code.is_empty()) {
            inner.request_code(code).await;
        }
    }

    /// Makes the cell the running one; gives its number.
    fn begin(&self, message: &Message, code: &str, store: bool) -> u64 {
        let mut running = self.hub.running();
        let count = running.count + u64::from(store && !code.trim().is_empty());
        let turn = running.turn + 1;
        *running = Running {
            parent: message.header.clone(),
            client: message.identities.clone(),
            busy: true,
            turn,
            silent: message.content["silent"] == true,
            allow_stdin: message.content["allow_stdin"] == true,
            count,
            code: code.to_string(),
            ..Default::default()
        };
        count
    }

    /// After `:clear`: what a session starts with.
    async fn begin_again(&self, inner: &Arc<Inner>, restarted: bool) {
        if !restarted {
            inner.request_code(FLUSHER).await;
        }
        if let Some(library) = prepared::library() {
            inner.request_code(&prepared::dep_line(&library)).await;
        }
        *self.impls.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
        let count = self.hub.running().count;
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = Lost::cleared(count);
    }

    async fn run_cell(
        &self,
        inner: &Arc<Inner>,
        message: &Message,
        magic: &Magic,
        count: u64,
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let cells = self.cells_so_far();
        let earlier: Vec<&str> = cells.iter().map(|(_, code)| code.as_str()).collect();
        let code = parameters::typed(&magic.code, &earlier[..earlier.len().saturating_sub(1)]);
        let split = shell_line::split(&code, &cells);
        for command in &split.commands {
            if let Some(report) = self.run_command(command).await {
                outcome.failed = Some(report);
                return outcome;
            }
        }
        if magic.variables {
            self.show_variables(inner).await;
        }
        if split.code.trim().is_empty() {
            return outcome;
        }
        if let Some(problem) = unfinished::find(&split.code) {
            outcome.failed = Some(Report::unfinished(&problem, &(count, split.code)));
            return outcome;
        }
        let mut request = message.clone();
        let mut wishes = Wishes::default();
        for _ in 0..ATTEMPTS {
            wishes.held = outcome.unkept.keys().cloned().collect();
            let rewritten = self.impls().rewrite(&split.code, &wishes, count);
            request.content["code"] = rewritten.code.clone().into();
            for (name, why) in &rewritten.unkept {
                outcome.unkept.entry(name.clone()).or_insert(*why);
            }
            let answer = self.request(inner, &request).await;
            let moved = rewritten.code != split.code;
            let is_doubtful = rewritten.is_doubtful;
            outcome.rewritten = Some(rewritten);
            let Some(answer) = answer else {
                outcome.failed = Some(Report::died("evcxr_jupyter ended"));
                return outcome;
            };
            let has_run = {
                let running = self.hub.running();
                running.failed.is_some() || running.exit.is_some() || running.build_stopped
            };
            if !has_run && answer.reply.content["status"] == "error" {
                let said = self.said();
                let found = unkept::find(&answer.errors, &said);
                let new = found.into_iter().filter(|(name, _)| !wishes.held.contains(name));
                let before = outcome.unkept.len();
                outcome.unkept.extend(new);
                if outcome.unkept.len() > before {
                    continue;
                }
                let before = wishes.dropped.len();
                let held = |name: &String| wishes.held.contains(name);
                wishes.dropped.extend(unkept::to_drop(&said).into_iter().filter(held));
                if wishes.dropped.len() > before {
                    continue;
                }
                let is_own = |name: &str| {
                    outcome.rewritten.as_ref().is_some_and(|own| own.defines.contains_key(name))
                };
                let clash = clash::find(&said, &self.compiled(), is_own);
                let before = wishes.replaced.len();
                wishes.replaced.extend(clash.keys().cloned());
                outcome.replaced.extend(clash.into_values());
                if wishes.replaced.len() > before {
                    continue;
                }
                if is_doubtful && !wishes.without_doubtful {
                    wishes.without_doubtful = true;
                    continue;
                }
            }
            outcome.failed = self.judge(&answer.reply, &answer.errors, moved);
            break;
        }
        if outcome.failed.is_none()
            && let Some(rewritten) = &outcome.rewritten
        {
            self.impls().commit(rewritten);
        }
        self.names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(&split.code, &self.program());
        outcome
    }

    /// Has the inner kernel run code, with more crates in rust-analyzer, or in a new process, where it needs that.
    async fn request(&self, inner: &Arc<Inner>, request: &Message) -> Option<Answer> {
        for file in [compile::SAID, cargo::CRATES_SAID] {
            let _ = std::fs::remove_file(self.build.join(file));
        }
        let mut answer = inner.request(request.clone()).await;
        while answer.as_ref().is_some_and(is_type_unknown)
            && let Some(scope) = self.widen()
        {
            self.tell_crates(inner, scope).await;
            answer = inner.request(request.clone()).await;
            if scope == Scope::All && answer.as_ref().is_some_and(is_type_unknown) {
                self.tell_crates(inner, Scope::Shown).await;
            }
        }
        if std::mem::take(&mut self.hub.running().unloadable) {
            self.renew_process(inner).await;
            answer = inner.request(request.clone()).await;
        }
        answer
    }

    fn impls(&self) -> MutexGuard<'_, super::rewrite::Impls> {
        self.impls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The compiler's messages on the last program that did not compile.
    fn said(&self) -> String {
        std::fs::read_to_string(self.build.join(compile::SAID)).unwrap_or_default()
    }

    /// Reports which variables the cell's items have made stale, and why.
    /// One that the cell has made again is not worth a word.
    async fn report_dropped(&self, has_run: bool) {
        let mut dropped = std::mem::take(&mut self.hub.running().dropped);
        let text = {
            let code = self.hub.running().code.clone();
            let cells = self.cells_so_far();
            let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            lost.made_again(&code);
            dropped.retain(|(name, _)| !has_run || !makes(&code, name));
            lost.note(&dropped, &cells)
        };
        self.report(text.unwrap_or_default()).await;
    }

    /// Prints the notes for the reader of a cell that ran.
    async fn report_notes(&self, magic: &Magic, outcome: &Outcome, start: Instant) {
        if outcome.failed.is_none() {
            let cells = self.cells_so_far();
            let mut text = String::new();
            for (name, why) in &outcome.unkept {
                text += &why.note(name);
                self.lost.lock().unwrap_or_else(PoisonError::into_inner).unkept(name, *why, &cells);
            }
            for head in &outcome.replaced {
                text += &format!("the earlier `{head}` was replaced\n");
            }
            text += &magic.notes();
            self.report(text).await;
        }
        if magic.times {
            let began = self.hub.running().began;
            let compiled = began.map_or_else(|| start.elapsed(), |began| began - start);
            let ran = began.map(|began| began.elapsed()).unwrap_or_default();
            let text = format!(
                "compiled in {:.2} s, ran in {:.2} s\n",
                compiled.as_secs_f64(),
                ran.as_secs_f64()
            );
            self.report(text).await;
        }
    }

    /// Publishes a text of the kernel's own beside the running cell.
    pub(super) async fn report(&self, text: String) {
        if !text.is_empty() {
            self.hub.publish_running("stream", json!({"name": "stderr", "text": text})).await;
        }
    }

    /// Goes on in a new process for cells: the old one has ended over a cell that it could not load, because a crate
    /// that was added has had others compiled again that are loaded already.
    async fn renew_process(&self, inner: &Arc<Inner>) {
        let text = "a crate that was added has had others compiled again, so that all variables are lost: \
                    run the cells that define them again, and add crates before them\n";
        self.report(text.to_string()).await;
        self.hub.running().exit = None;
        let _hidden = self.hub.hide();
        inner.request_code(FLUSHER).await;
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

    pub(super) async fn evaluate_one(
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
            Some(answer) => self.judge(&answer.reply, &answer.errors, false),
        };
        if let Some(report) = report {
            return Err(report);
        }
        let shown = shown.into_iter().next_back().unwrap_or_else(|| json!({"data": {}}));
        Ok(json!({"status": "ok", "data": shown["data"], "metadata": {}}))
    }

    /// The next larger scope of crates for rust-analyzer, once each in a session.
    fn widen(&self) -> Option<Scope> {
        let mut widened = self.widened.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match *widened {
            Scope::Common => Scope::Shown,
            Scope::Shown => Scope::All,
            Scope::All => return None,
        };
        *widened = next;
        Some(next)
    }

    /// Gives rust-analyzer the crates of a scope from the next cell on.
    async fn tell_crates(&self, inner: &Arc<Inner>, scope: Scope) {
        if cargo::set_scope(&self.build, scope) {
            // rust-analyzer reloads when the manifest has changed. This changes its text alone: the level that holds
            // comes from the environment.
            let _hidden = self.hub.hide();
            let level = match scope {
                Scope::Common => ":opt 2",
                Scope::Shown => ":opt 1",
                Scope::All => ":opt 3",
            };
            inner.request_code(level).await;
        }
    }

    /// The failure of the cell, if any: its own messages count more than evcxr's reply.
    fn judge(&self, reply: &Message, errors: &[Value], moved: bool) -> Option<Report> {
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
        let of_crates = std::fs::read_to_string(self.build.join(cargo::CRATES_SAID));
        if let Ok(said) = of_crates
            && let Some(report) = Report::of_crate(&said)
        {
            return Some(report);
        }
        let said = self.said();
        let lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        let (cells, source) = (self.cells_so_far(), self.program());
        Some(Report::compilation(
            errors,
            &Compiled { cells: &cells, said: &said, source: &source, lost: &lost, moved },
        ))
    }

    /// The program that evcxr has made of the last cell.
    pub(super) fn program(&self) -> String {
        added::without(&self.compiled())
    }

    /// The program as it was last compiled.
    pub(super) fn compiled(&self) -> String {
        std::fs::read_to_string(self.build.join("src/lib.rs")).unwrap_or_default()
    }

    /// The cells of this session up to the one that runs.
    pub(super) fn cells_so_far(&self) -> Vec<Cell> {
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
}

/// Returns `true` if a cell failed, before it ran, because rust-analyzer cannot find a type. A type that the compiler
/// cannot find either comes as an error of compilation.
fn is_type_unknown(answer: &Answer) -> bool {
    let says = |value: &Value| {
        value.as_str().is_some_and(|text| text.contains("Couldn't automatically determine type"))
    };
    answer.errors.iter().any(|error| says(&error["ename"]) || says(&error["evalue"]))
}
