// Where cells keep their variables between them, in the place of evcxr's own module of the same interface: evcxr's
// hash map, compiled again with each cell, costs half of the cell's compilation. This text is a crate, compiled once
// (`store.rs`); what depends on a variable's type is compiled with each cell, and so is short.
#![allow(dead_code)]

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;

pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";
/// The marker before the code that takes back the variables of a cell that failed.
pub const KEPT: &str = "CUADERNO_KEPT ";

/// Comes before the name of a variable that was dropped, and of what was redefined, with a tab between them.
pub const DROPPED: &str = "CUADERNO_DROPPED ";

/// An item of the session, or a crate, by name and hash.
pub type Part = (&'static str, u64);
/// A variable of a program, what its type is made of, whether it may hold values of types that it does not name, and, if
/// so, the types of which the cell may make values.
pub type Known = (&'static str, &'static [Part], bool, &'static [Part]);

pub struct VariableStore {
    variables: Vec<Variable>,
    /// The code that takes back a variable stored under a type that may not be named so.
    unsure: Vec<String>,
    /// The variables in scope of the running cell.
    known: &'static [Known],
    /// Parts of the types of the variables that it has taken.
    taken: Vec<Part>,
    /// What an interrupt raises, in all cells that were loaded.
    flags: Option<&'static Flags>,
}

/// A value between two cells.
struct Variable {
    name: String,
    value: Box<dyn Any>,
    /// The compiler's name for its type, and its size.
    kind: (&'static str, usize),
    /// Parts of its type, as defined in the cell that stored it.
    parts: &'static [Part],
    /// Parts of the types that it may hold besides.
    hidden: Vec<Part>,
}

/// Identity, name and size of a type.
type Kind = (TypeId, &'static str, usize);

fn kind_of<T: 'static>() -> Kind {
    (TypeId::of::<Option<T>>(), std::any::type_name::<T>(), size_of::<Option<T>>())
}

impl Variable {
    /// Returns `true` if a cell may take the value under this type. The identity of a cell's own type changes whenever any
    /// of them is redefined; its name and what it is made of stay, and `begin_cell` has compared those.
    fn fits(&self, (id, name, size): Kind) -> bool {
        let is_own = self.parts.iter().any(|(part, _)| !part.starts_with("crate "));
        (*self.value).type_id() == id || is_own && self.kind == (name, size)
    }
}

impl VariableStore {
    pub fn new() -> VariableStore {
        VariableStore {
            variables: Vec::new(),
            unsure: Vec::new(),
            known: &[],
            taken: Vec::new(),
            flags: None,
        }
    }

    /// Drops what was made with items that are not what they were, before a cell with these variables in scope.
    #[inline(never)]
    pub fn begin_cell(&mut self, items: &'static [Part], known: &'static [Known]) -> bool {
        self.known = known;
        self.taken.clear();
        self.flags = self.flags.or_else(watch);
        if let Some(flags) = self.flags {
            lower(flags);
        }
        println!("CUADERNO_BEGINS");
        self.drop_stale(items, &[])
    }

    #[inline(never)]
    fn drop_stale(&mut self, items: &[Part], made: &[&str]) -> bool {
        let mut whole = true;
        let mut at = 0;
        while at < self.variables.len() {
            let variable = &self.variables[at];
            let mut changed = None;
            for part in variable.parts.iter().chain(&variable.hidden) {
                if !items.contains(part) {
                    changed = Some(part.0);
                    break;
                }
            }
            // The type may have come to be made of more, as when an item hides one of the same name.
            for known in self.known {
                if changed.is_none() && known.0 == variable.name {
                    for part in known.1 {
                        if !part.0.starts_with("crate ") && !variable.parts.contains(part) {
                            changed = Some(part.0);
                        }
                    }
                }
            }
            match changed {
                Some(part) => {
                    let gone = self.variables.swap_remove(at);
                    if !gone.name.starts_with("kept ") {
                        println!("{DROPPED}{}\t{part}", gone.name);
                        // evcxr would forget the new value of one that the cell makes again.
                        if !made.contains(&gone.name.as_str()) {
                            println!("{VARIABLE_CHANGED_TYPE}{}", gone.name);
                        }
                    }
                    whole = false;
                    // The drop runs code of the cell that made it, and may panic.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(gone)));
                }
                None => at += 1,
            }
        }
        whole
    }

    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(Some(value)), kind_of::<T>());
    }

    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, kind_of::<T>())
    }

    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        // A `downcast` of the box itself would bring in what drops it.
        let mut kept = self.take(name, kind_of::<T>());
        // SAFETY: `take` gives a value of this type alone: one of the same identity, or one of a cell's own type of the same
        // name and size whose items, down to the last one that its text reaches, have the same text as then, so that
        // the same compiler lays it out alike.
        let value = unsafe { &mut *(&raw mut *kept).cast::<Option<T>>() };
        match value.take() {
            Some(value) => value,
            None => missing(name),
        }
    }

    pub fn lazy_arc<T: 'static, F: FnOnce() -> T>(
        &mut self,
        name: &str,
        create: F,
    ) -> std::sync::Arc<T> {
        if self.position(name).is_none() {
            self.put_variable(name, std::sync::Arc::new(create()));
        }
        let value: std::sync::Arc<T> = self.take_variable(name);
        self.put_variable(name, value.clone());
        value
    }

    /// Keeps a variable of a cell that fails, where no cell looks for it.
    pub fn keep<T: 'static>(&mut self, name: &str, value: T) {
        self.put_variable(&of_kept(name), value);
    }

    /// Keeps one that the cell was to make again, if its type is still the same.
    pub fn keep_stored<T: 'static>(&mut self, name: &str) {
        self.rename(name, kind_of::<T>());
    }

    /// Keeps a value whose type the program does not name, or names `kind` at another place, for a variable that is declared
    /// as `declared`.
    pub fn keep_unnamed<K: 'static, T: 'static>(
        &mut self,
        name: &str,
        declared: &str,
        kind: &str,
        value: T,
    ) {
        let named = TypeId::of::<K>() == TypeId::of::<T>();
        let kind = if named { kind.to_owned() } else { nameable(std::any::type_name::<T>()) };
        self.put_variable(&of_kept(name), value);
        self.unsure.push(taking(name, declared, &kind));
    }

    pub fn take_kept<T: 'static>(&mut self, name: &str) -> T {
        self.take_variable(&of_kept(name))
    }

    /// Sends the front the code by which a cell takes back the stored variables of these names. Code that may not compile is a
    /// message of its own.
    #[inline(never)]
    pub fn tell_kept(&mut self, codes: &[(&str, &str)]) {
        let mut told = String::new();
        for (name, code) in codes {
            if self.position(&of_kept(name)).is_some() {
                told.push_str(code);
            }
        }
        for code in std::iter::once(told).chain(self.unsure.drain(..)) {
            println!("{KEPT}{code}");
        }
    }

    #[inline(never)]
    fn rename(&mut self, name: &str, kind: Kind) {
        if let Some(at) = self.position(&of_kept(name)) {
            self.variables.swap_remove(at);
        }
        if let Some(at) = self.position(name) {
            let mut variable = self.variables.swap_remove(at);
            if variable.fits(kind) {
                variable.name = of_kept(name);
                self.variables.push(variable);
            }
        }
    }

    pub fn merge(&mut self, other: VariableStore) {
        for variable in other.variables {
            if let Some(at) = self.position(&variable.name) {
                self.variables.swap_remove(at);
            }
            self.variables.push(variable);
        }
    }

    #[inline(never)]
    fn position(&self, name: &str) -> Option<usize> {
        let mut at = 0;
        while at < self.variables.len() {
            if self.variables[at].name == name {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    #[inline(never)]
    fn put(&mut self, name: &str, value: Box<dyn Any>, kind: Kind) {
        let mut parts: &'static [Part] = &[];
        let mut hidden = Vec::new();
        let plain = name.strip_prefix("kept ").unwrap_or(name);
        for known in self.known {
            if known.0 == plain {
                parts = known.1;
                if known.2 {
                    add_new(&mut hidden, known.3);
                    add_new(&mut hidden, &self.taken);
                }
            }
        }
        let variable =
            Variable { name: name.to_owned(), value, kind: (kind.1, kind.2), parts, hidden };
        match self.position(name) {
            Some(at) => self.variables[at] = variable,
            None => self.variables.push(variable),
        }
    }

    #[inline(never)]
    fn check(&mut self, name: &str, kind: Kind) -> bool {
        match self.position(name) {
            Some(at) if !self.variables[at].fits(kind) => {
                println!("{DROPPED}{name}\t");
                println!("{VARIABLE_CHANGED_TYPE}{name}");
                false
            }
            // The cell was left before it came to make the variable.
            None => {
                println!("{VARIABLE_CHANGED_TYPE}{name}");
                false
            }
            _ => true,
        }
    }

    #[inline(never)]
    fn take(&mut self, name: &str, kind: Kind) -> Box<dyn Any> {
        match self.position(name) {
            Some(at) if self.variables[at].fits(kind) => {
                let Variable { value, parts, hidden, .. } = self.variables.swap_remove(at);
                add_new(&mut self.taken, parts);
                add_new(&mut self.taken, &hidden);
                value
            }
            _ => missing(name),
        }
    }
}

/// Adds the parts that a list does not have: variables that hold each other's would double theirs in every cell.
#[inline(never)]
fn add_new(list: &mut Vec<Part>, more: &[Part]) {
    for part in more {
        if !list.contains(part) {
            list.push(*part);
        }
    }
}

/// Drops stale variables before a cell that redefines types, and has evcxr compile that cell again, without them.
///
/// # Safety
///
/// The pointer must be null or that of the session's store.
pub unsafe fn remove_stale(store: *mut VariableStore, items: &'static [Part], made: &[&str]) {
    // SAFETY: the caller's.
    if let Some(store) = unsafe { store.as_mut() } {
        store.known = &[];
        store.drop_stale(items, made);
    }
    // evcxr runs a cell again only if some variable has changed its type; this is the name of none.
    println!("{VARIABLE_CHANGED_TYPE}cuaderno items");
}

/// Whether the loops of a cell are to end, and the thread that runs it. Every cell's shared object has the two as its own.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static THREAD: OnceLock<ThreadId> = OnceLock::new();

type Flags = Mutex<Vec<&'static AtomicBool>>;

/// Raises the flags while there is the file by which the front interrupts. A cell's code stays loaded, and its flag with it.
#[inline(never)]
fn watch() -> Option<&'static Flags> {
    let file = std::path::PathBuf::from(std::env::var_os("CUADERNO_INTERRUPT")?);
    let flags: &Flags = Box::leak(Box::default());
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(std::time::Duration::from_millis(100));
            if file.exists() {
                for flag in flags.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    flag.store(true, Ordering::Relaxed);
                }
            }
        }
    });
    Some(flags)
}

/// Lowers the flags, and adds that of this shared object.
#[inline(never)]
fn lower(flags: &Flags) {
    let _ = THREAD.set(std::thread::current().id());
    let mut flags = flags.lock().unwrap_or_else(PoisonError::into_inner);
    if !flags.iter().any(|flag| std::ptr::eq(*flag, &INTERRUPTED)) {
        flags.push(&INTERRUPTED);
    }
    for flag in flags.iter() {
        flag.store(false, Ordering::Relaxed);
    }
}

/// Ends a loop that was typed in a cell if the user has interrupted it.
#[inline(always)]
#[track_caller]
pub fn cuaderno_poll() {
    if INTERRUPTED.load(Ordering::Relaxed) {
        end_loop();
    }
}

/// Threads that a cell has started go on, as in Python, and a panic within a panic would end the process.
#[cold]
#[inline(never)]
#[track_caller]
fn end_loop() {
    if THREAD.get() == Some(&std::thread::current().id()) && !std::thread::panicking() {
        panic!("Interrupted: stopped at your request; variables made so far are kept");
    }
}

/// The longest text, in bytes, that is shown as the value of a cell's last expression.
const SHOWN: usize = 190_000;

/// A text that takes what fits, and counts the rest.
struct Cut {
    text: String,
    left_out: usize,
}

impl std::fmt::Write for Cut {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let room = SHOWN.saturating_sub(self.text.len());
        if self.left_out == 0 && part.len() <= room {
            self.text.push_str(part);
            return Ok(());
        }
        let mut end = if self.left_out == 0 { room } else { 0 };
        while !part.is_char_boundary(end) {
            end -= 1;
        }
        self.text.push_str(&part[..end]);
        self.left_out += part.len() - end;
        Ok(())
    }
}

/// Shows the value of a cell's last expression, cut if it is too long.
#[inline(never)]
pub fn show(value: std::fmt::Arguments) {
    let mut cut = Cut { text: String::new(), left_out: 0 };
    let _ = std::fmt::Write::write_fmt(&mut cut, value);
    if cut.left_out > 0 {
        let (shown, all) = (cut.text.len(), cut.text.len() + cut.left_out);
        let note = format!(
            "... ({shown} of {all} bytes are shown, {} are left out; printing shows all)",
            cut.left_out
        );
        cut.text.push_str(&note);
    }
    let kind = if std::env::var_os("CUADERNO_KERNEL").is_some() {
        "text/vnd.cuaderno.result"
    } else {
        "text/plain"
    };
    println!("EVCXR_BEGIN_CONTENT {kind}\n{}\nEVCXR_END_CONTENT", cut.text);
}

/// Prints on standard error by way of standard output, where it keeps its place.
#[inline(never)]
pub fn error_text(text: std::fmt::Arguments, end: &str) {
    let text = text.to_string() + end;
    if std::env::var_os("CUADERNO_KERNEL").is_none() {
        std::eprint!("{text}");
        return;
    }
    // A line of the pipe that is too long would be read again and again until it ends.
    let mut rest = text.as_str();
    loop {
        let mut end = rest.len().min(65_536);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        println!("CUADERNO_STDERR {}", rest[..end].replace('\\', "\\b").replace('\n', "\\n"));
        rest = &rest[end..];
        if rest.is_empty() {
            return;
        }
    }
}

unsafe extern "C" {
    fn dup(file: i32) -> i32;
    fn dup2(from: i32, to: i32) -> i32;
    fn close(file: i32) -> i32;
}

/// The cell's own standard input, until it is dropped; it is evcxr's before and after.
pub struct Input {
    evcxrs: i32,
}

impl Input {
    pub fn open() -> Input {
        let Some(file) =
            std::env::var("CUADERNO_INPUT_FILE").ok().and_then(|file| file.parse().ok())
        else {
            return Input { evcxrs: -1 };
        };
        // SAFETY: the calls take numbers of files, and fail for those that are none.
        let evcxrs = unsafe { dup(0) };
        if evcxrs >= 0 {
            // SAFETY: as above.
            unsafe { dup2(file, 0) };
        }
        Input { evcxrs }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        if self.evcxrs >= 0 {
            // SAFETY: the number is that of a file that `open` has made and nothing else uses.
            unsafe {
                dup2(self.evcxrs, 0);
                close(self.evcxrs);
            }
        }
    }
}

/// The end of a statement that nothing stopped. A type of its own, so that no `return` of the cell is taken for it.
pub struct Whole;

/// The reason why a cell stopped before its end.
pub enum Stopped<E> {
    Error(E),
    Panic(Box<dyn Any + Send>),
}

/// Runs a statement of a cell.
pub fn attempt<T, E>(statement: impl FnOnce() -> Result<T, E>) -> Result<T, Stopped<E>> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(statement)) {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(error)) => Err(Stopped::Error(error)),
        Err(panic) => Err(Stopped::Panic(panic)),
    }
}

/// Runs a statement of a cell that awaits.
pub async fn attempt_async<T, E>(
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, Stopped<E>> {
    use std::task::Poll;
    let mut statement = std::pin::pin!(statement);
    std::future::poll_fn(|context| {
        let poll = || statement.as_mut().poll(context);
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(Ok(made))) => Poll::Ready(Ok(made)),
            Ok(Poll::Ready(Err(error))) => Poll::Ready(Err(Stopped::Error(error))),
            Err(panic) => Poll::Ready(Err(Stopped::Panic(panic))),
        }
    })
    .await
}

/// Goes on with what stopped the cell: gives out the error, or lets the panic take its way.
pub fn stop<E>(stopped: Stopped<E>) -> E {
    match stopped {
        Stopped::Error(error) => error,
        Stopped::Panic(panic) => std::panic::resume_unwind(panic),
    }
}

#[inline(never)]
fn of_kept(name: &str) -> String {
    let mut kept = String::from("kept ");
    kept.push_str(name);
    kept
}

/// The code by which a cell takes back a stored variable.
pub fn taking(name: &str, declared: &str, kind: &str) -> String {
    format!("let {declared}: {kind} = evcxr_variable_store.take_kept::<{kind}>(\"{name}\"); ")
}

/// The compiler's name for a type as a cell may write it: the standard library shows its types one module deep, those of
/// cells have no path, and those of crates are imported where they are used.
#[inline(never)]
pub fn nameable(full: &str) -> String {
    let mut name = String::new();
    let mut rest = full;
    while let Some(c) = rest.chars().next() {
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let length = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
        if length == 0 {
            name.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let parts: Vec<&str> = rest[..length].split("::").collect();
        if parts.len() > 2 && matches!(parts[0], "std" | "core" | "alloc") {
            name.push_str("::std::");
            name.push_str(parts[1]);
            name.push_str("::");
        }
        name.push_str(parts[parts.len() - 1]);
        rest = &rest[length..];
    }
    name
}

#[inline(never)]
fn missing(name: &str) -> ! {
    panic!("Variable '{name}' has gone missing")
}

pub fn create_variable_store() -> *mut VariableStore {
    Box::into_raw(Box::new(VariableStore::new()))
}
