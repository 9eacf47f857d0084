// Where cells keep their variables between them, in the place of evcxr's own module of the same interface: evcxr's
// hash map, compiled anew with each cell, costs half of the cell's compilation. This text is a crate, compiled once
// (`store.rs`); what depends on a variable's type is compiled with each cell, and so is short.
#![allow(dead_code)]

use std::any::{Any, TypeId};

pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";
/// Comes before the code that takes back what a cell that failed has kept.
pub const KEPT: &str = "CUADERNO_KEPT ";

pub struct VariableStore {
    variables: Vec<(String, Box<dyn Any>)>,
    /// The code that takes back what was kept under a type that may not be named so.
    unsure: Vec<String>,
}

impl VariableStore {
    pub fn new() -> VariableStore {
        VariableStore { variables: Vec::new(), unsure: Vec::new() }
    }

    pub fn put_variable<T: 'static>(&mut self, name: &str, value: T) {
        self.put(name, Box::new(Some(value)));
    }

    pub fn check_variable<T: 'static>(&mut self, name: &str) -> bool {
        self.check(name, TypeId::of::<Option<T>>())
    }

    pub fn take_variable<T: 'static>(&mut self, name: &str) -> T {
        // A `downcast` of the box itself would bring in what drops it.
        let mut kept = self.take(name);
        match kept.downcast_mut::<Option<T>>().and_then(Option::take) {
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

    /// Keeps one that the cell was to make anew, if its type is still the same.
    pub fn keep_stored<T: 'static>(&mut self, name: &str) {
        self.rename(name, TypeId::of::<Option<T>>());
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

    /// Tells the front by which code a cell takes back what was kept, of these names; what may not compile stands alone.
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
    fn rename(&mut self, name: &str, kind: TypeId) {
        if let Some(at) = self.position(&of_kept(name)) {
            self.variables.swap_remove(at);
        }
        if let Some(at) = self.position(name) {
            let (_, value) = self.variables.swap_remove(at);
            if (*value).type_id() == kind {
                self.put(&of_kept(name), value);
            }
        }
    }

    pub fn merge(&mut self, other: VariableStore) {
        for (name, value) in other.variables {
            self.put(&name, value);
        }
    }

    #[inline(never)]
    fn position(&self, name: &str) -> Option<usize> {
        let mut at = 0;
        while at < self.variables.len() {
            if self.variables[at].0 == name {
                return Some(at);
            }
            at += 1;
        }
        None
    }

    #[inline(never)]
    fn put(&mut self, name: &str, value: Box<dyn Any>) {
        match self.position(name) {
            Some(at) => self.variables[at].1 = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }

    #[inline(never)]
    fn check(&mut self, name: &str, kind: TypeId) -> bool {
        match self.position(name) {
            Some(at) if (*self.variables[at].1).type_id() != kind => {
                eprintln!(
                    "the type of `{name}` was defined anew, so that its value is lost; run the cell that makes it again"
                );
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
    fn take(&mut self, name: &str) -> Box<dyn Any> {
        match self.position(name) {
            Some(at) => self.variables.swap_remove(at).1,
            None => missing(name),
        }
    }
}

/// The end of a statement that nothing stopped. A type of its own, so that no `return` of the cell is taken for it.
pub struct Whole;

/// What stops a cell in the middle.
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

/// The code by which a cell takes back what was kept.
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
