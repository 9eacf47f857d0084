//! Cells as people write them, over the real kernel's sockets: each of these was lost, hung or misleading once.

mod common;

use common::start;
use jupyter_protocol::JupyterMessageContent as Content;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn statics_of_every_form_live_on() {
    let mut kernel = start(false).await;
    kernel.good("use std::{borrow::Cow, cell::Cell, sync::Mutex};\nuse std::sync::atomic::{AtomicUsize, Ordering};").await;
    // Types with lifetimes that are left out.
    kernel.good("struct View<'a>(&'a str);\nstatic GREETING: &str = \"hi\";\nstatic NAMES: [&str; 2] = [\"a\", \"b\"];\nstatic VIEW: Mutex<Option<View>> = Mutex::new(None);\nstatic COW: Mutex<Cow<str>> = Mutex::new(Cow::Borrowed(\"c\"));\nstatic CALL: Mutex<Option<fn(&str) -> usize>> = Mutex::new(None);").await;
    kernel.good("*VIEW.lock().unwrap() = Some(View(\"v\"));\n*CALL.lock().unwrap() = Some(|text| text.len());\nCOW.lock().unwrap().to_mut().push('!');").await;
    let cell = kernel.good("println!(\"{GREETING} {} {} {} {}\", NAMES[1], VIEW.lock().unwrap().as_ref().unwrap().0, COW.lock().unwrap(), CALL.lock().unwrap().unwrap()(\"four\"));").await;
    assert_eq!(cell.text(false), "hi b v c! 4\n");
    // Inside of traits, functions and modules.
    kernel.good("trait Counts { fn next(&self) -> usize { static N: AtomicUsize = AtomicUsize::new(0); N.fetch_add(1, Ordering::SeqCst) } }\nimpl Counts for u8 {}").await;
    kernel.good("fn local() -> u32 {\n    thread_local! { static N: Cell<u32> = const { Cell::new(0) }; }\n    N.set(N.get() + 1);\n    N.get()\n}\nmod inner { use std::cell::Cell; thread_local! { pub static Q: Cell<u32> = Cell::new(7); } }").await;
    kernel.good("1u8.next(); local(); inner::Q.set(8);").await;
    let cell = kernel.good("println!(\"{} {} {}\", 1u8.next(), local(), inner::Q.get());").await;
    assert_eq!(cell.text(false), "1 2 8\n");
    // `lazy_static!`, as older code has it.
    kernel.good(":dep lazy_static = \"1\"\nuse lazy_static::lazy_static;\nlazy_static! { static ref TABLE: Mutex<Vec<u8>> = Mutex::new(vec![1]); }").await;
    kernel.good("TABLE.lock().unwrap().push(2);").await;
    assert_eq!(kernel.good("TABLE.lock().unwrap().len()").await.result(), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_and_macros_are_redefined_in_any_spelling() {
    let mut kernel = start(false).await;
    kernel.good("use std::fmt;\n#[derive(Debug)]\nstruct Square(f64);\nimpl fmt::Display for Square { fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result { write!(f, \"one\") } }\nlet square = Square(3.0);").await;
    let cell = kernel.good("impl std::fmt::Display for Square {\n    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, \"two\") }\n}").await;
    assert!(
        cell.text(true).contains("`impl fmt::Display for Square` was replaced"),
        "{}",
        cell.text(true)
    );
    assert_eq!(kernel.good("println!(\"{square}\");").await.text(false), "two\n");
    kernel
        .good("struct Pair<T>(T, T);\nimpl<T: Copy> Pair<T> { fn first(&self) -> T { self.0 } }")
        .await;
    kernel.good("impl<U: Copy> Pair<U> { fn first(&self) -> U { self.1 } }").await;
    assert_eq!(kernel.good("Pair(1, 2).first()").await.result(), "2");
    // Two blocks of one cell are the user's own mistake.
    let (_, value, _) = kernel.bad("impl Clone for Square { fn clone(&self) -> Self { Square(0.0) } }\nimpl std::clone::Clone for Square { fn clone(&self) -> Self { Square(1.0) } }").await;
    assert!(value.contains("conflicting implementations"), "{value}");
    // A trait that is edited alone leaves its blocks.
    kernel.good("trait Area { fn side(&self) -> f64; fn area(&self) -> f64 { self.side() * self.side() } }\nstruct Plot(f64);\nimpl Area for Plot { fn side(&self) -> f64 { self.0 } }\nlet plot = Plot(3.0);").await;
    kernel
        .good("trait Area { fn side(&self) -> f64; fn area(&self) -> f64 { 100.0 + self.side() } }")
        .await;
    assert_eq!(kernel.good("plot.area()").await.result(), "103.0");
    // One that no longer goes with its blocks takes them along.
    kernel.good("trait Area { fn width(&self) -> f64; }").await;
    kernel.good("impl Area for Plot { fn width(&self) -> f64 { self.0 } }").await;
    assert_eq!(kernel.good("plot.width()").await.result(), "3.0");
    // Macros are known in every item, in whatever order the program has them.
    for name in ["alpha", "beta", "gamma", "delta", "zeta"] {
        kernel
            .good(&format!(
                "macro_rules! m_{name} {{\n    // twice\n    ($x:expr) => {{ $x * 2 }};\n}}"
            ))
            .await;
        kernel.good(&format!("fn f_{name}() -> i32 {{ m_{name}!(4) }}\nmod n_{name} {{ pub fn f() -> i32 {{ m_{name}!(5) }} }}")).await;
    }
    kernel.good("macro_rules! m_beta { ($x:expr) => { $x + 1 } }").await;
    let cell = kernel
        .good("println!(\"{} {} {} {}\", f_alpha(), f_beta(), f_zeta(), n_gamma::f());")
        .await;
    assert_eq!(cell.text(false), "8 5 8 10\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_does_not_fail_a_cell() {
    let mut kernel = start(false).await;
    // Boxed traits of the standard library.
    kernel.good("let joined = std::thread::spawn(|| 5).join();").await;
    assert_eq!(kernel.good("joined.is_ok()").await.result(), "true");
    kernel.good("fn load(path: &str) -> Result<String, Box<dyn std::error::Error>> { Ok(std::fs::read_to_string(path)?) }\nlet loaded = load(\"missing/file\");").await;
    let cell = kernel.good("println!(\"{}\", loaded.is_err());").await;
    assert_eq!(cell.text(false), "true\n");
    let cell = kernel.good("let lost = std::thread::spawn(|| panic!(\"in a thread\")).join();\nprintln!(\"{}\", lost.is_err());").await;
    assert_eq!(cell.text(false), "true\n");
    // A guard borrows, and says so.
    let cell = kernel.good("let lock = std::sync::Mutex::new(5);\nlet guard = lock.lock().unwrap();\nprintln!(\"{}\", *guard);").await;
    assert_eq!(cell.text(false), "5\n");
    assert!(cell.text(true).contains("`guard` is not kept"), "{}", cell.text(true));
    assert_eq!(kernel.good("*lock.lock().unwrap()").await.result(), "5");
    // All variables of one `let` are named.
    let cell = kernel
        .good("let (number, call) = (5, |x: i32| x + 1);\nprintln!(\"{}\", call(number));")
        .await;
    let said = cell.text(true);
    assert!(said.contains("`call` is not kept") && said.contains("`number` is not kept"), "{said}");
    let (_, _, traceback) = kernel.bad("number").await;
    assert!(traceback.contains("`number` lived in In["), "{traceback}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_cells_are_called_so() {
    let mut kernel = start(false).await;
    kernel.good("let kept = 3;").await;
    for (code, says) in [
        ("let s = \"unfinished", "not closed"),
        ("println!(\"a\"", "`(` is not closed"),
        ("if kept > 2 {", "`{` is not closed"),
        ("let v = vec![1, 2;", "`[` is not closed"),
        ("use std::collections::{HashMap, ", "`{` is not closed"),
        ("/* open", "comment"),
        ("}", "closes nothing"),
    ] {
        let (name, value, traceback) = kernel.bad(code).await;
        assert_eq!(name, "CompileError", "{code}");
        assert!(value.contains(says), "{code}: {value}");
        assert!(traceback.contains("line 1, column"), "{code}: {traceback}");
    }
    let (_, _, traceback) = kernel.bad("use no_such_crate::Thing;").await;
    assert!(traceback.contains("`:dep no_such_crate = \"*\"`"), "{traceback}");
    let (_, _, traceback) = kernel.bad("return 5;").await;
    assert!(!traceback.to_lowercase().contains("evcxr"), "{traceback}");
    let cell = kernel.good("#!/usr/bin/env rust-script\nprintln!(\"{kept}\");\ndbg!();").await;
    assert_eq!(cell.text(false), "3\n");
    assert_eq!(cell.text(true), "[In[11], line 3]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_waits_for_a_command_is_interrupted_with_it() {
    let mut kernel = start(false).await;
    kernel.good("let kept = 3;").await;
    kernel
        .send("println!(\"on\");\nstd::process::Command::new(\"sleep\").arg(\"600\").status()?;")
        .await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = Instant::now();
    kernel.control.send(jupyter_protocol::InterruptRequest {}.into()).await.unwrap();
    kernel.finish().await;
    assert!(asked.elapsed() < Duration::from_secs(8), "{:?}", asked.elapsed());
    assert_eq!(kernel.good("kept").await.result(), "3");
    // A process that the cell leaves behind holds nothing up when the cell's own has ended.
    let start = Instant::now();
    let (name, value, _) = kernel
        .bad("std::process::Command::new(\"sleep\").arg(\"600\").spawn()?;\nstd::process::exit(3)")
        .await;
    assert_eq!(name, "Died", "{value}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    let (_, _, traceback) = kernel.bad("kept").await;
    assert!(traceback.contains("ended in In[4]; run In[1] again"), "{traceback}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_a_result_however_long_the_cell_goes_on() {
    let mut kernel = start(false).await;
    kernel.good("struct Slow;\nimpl Drop for Slow { fn drop(&mut self) { std::thread::sleep(std::time::Duration::from_millis(2500)); } }").await;
    let cell =
        kernel.good("let call = { let slow = Slow; move || { let _ = &slow; 5 } };\ncall()").await;
    assert_eq!(cell.result(), "5", "{:?}", cell.messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crate_that_does_not_compile_is_shown_with_its_place() {
    let folder = common::folder("crates").join("broken");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\nmore = []\n\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let write = |code: &str| std::fs::write(folder.join("src/lib.rs"), code).unwrap();
    write("pub fn value() -> i32 {\n    \"text\"\n}\n");
    let mut kernel = start(false).await;
    kernel.good("let kept = 3;").await;
    let cell = format!(":dep broken = {{ path = {folder:?} }}\nbroken::value()");
    let (name, value, traceback) = kernel.bad(&cell).await;
    assert_eq!(name, "CompileError");
    assert_eq!(value, "the crate `broken` does not compile: mismatched types");
    assert!(traceback.contains("lib.rs:2:5"), "{traceback}");
    assert_eq!(kernel.good("kept").await.result(), "3");
    write("pub fn value() -> i32 { 4 }\n#[cfg(feature = \"more\")] pub fn more() -> i32 { 5 }\n");
    assert_eq!(kernel.good(&cell).await.result(), "4");
    let more = cell.replace(" }", ", features = [\"more\"] }").replace("value", "more");
    assert_eq!(kernel.good(&more).await.result(), "5");
    let (_, value, _) = kernel.bad(&more.replace("\"more\"", "\"none\"")).await;
    assert!(!value.contains("evcxr") && value.contains("does not have that feature"), "{value}");
    assert_eq!(kernel.good("kept + broken::more()").await.result(), "8");
}

#[tokio::test(flavor = "multi_thread")]
async fn boxed_values_cost_the_same_in_every_cell() {
    let mut kernel = start(false).await;
    kernel.good("struct A(u8);\ntrait T { fn f(&self) -> u8 { 1 } }\nimpl T for A {}\nlet one: Box<dyn T> = Box::new(A(1));\nlet list: Vec<Box<dyn T>> = vec![Box::new(A(2))];\nlet call: Box<dyn Fn() -> u8> = Box::new(|| A(3).0);").await;
    // What they may hold was once noted twice as often in every cell: the twentieth would have taken minutes.
    for _ in 0..24 {
        let start = Instant::now();
        let cell = kernel.good("println!(\"{} {} {}\", one.f(), list.len(), call());").await;
        assert_eq!(cell.text(false), "1 1 3\n");
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_beside_a_borrow_keeps_its_column() {
    let mut kernel = start(false).await;
    let (_, value, traceback) =
        kernel.bad("let mut a = 1; let b = &mut a; let c = &mut a; *b = 1; *c = 2;").await;
    assert!(value.contains("more than once"), "{value}");
    assert!(traceback.contains("In[1], line 1, column 40"), "{traceback}");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lines_come_whole_and_soon() {
    let mut kernel = start(false).await;
    kernel.good("1").await;
    for (code, stderr) in [
        ("print!(\"{}\", \"z\".repeat(20_000_000));", false),
        ("eprintln!(\"{}\", \"ñ\".repeat(9_999_999) + \"z\");", true),
        ("use std::io::Write;\nstd::io::stderr().write_all(&[b'e'; 20_000_000])?;", true),
    ] {
        let start = Instant::now();
        assert_eq!(kernel.good(code).await.text(stderr).len(), 20_000_000, "{code}");
        assert!(start.elapsed() < Duration::from_secs(45), "{code}: {:?}", start.elapsed());
    }
}
