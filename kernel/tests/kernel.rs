//! The real kernel over real sockets: what a cell shows, and what becomes of a cell that fails.

mod common;

use common::{folder, start};
use jupyter_protocol::media::MediaType;
use jupyter_protocol::{
    CompleteRequest, InspectRequest, InterruptRequest, JupyterMessageContent as Content,
    ReplyStatus,
};
use std::time::{Duration, Instant};

fn plain_of(media: &jupyter_protocol::media::Media) -> String {
    let find = |part: &MediaType| match part {
        MediaType::Plain(text) => Some(text.clone()),
        _ => None,
    };
    media.content.iter().find_map(find).unwrap_or_default()
}

/// A short name for each message.
fn names(messages: &[Content]) -> Vec<String> {
    messages
        .iter()
        .map(|message| match message {
            Content::StreamContent(stream) => format!("text {}", stream.text.trim()),
            Content::DisplayData(d) => format!("display {}", plain_of(&d.data)),
            Content::UpdateDisplayData(d) => format!("update {}", plain_of(&d.data)),
            Content::ExecuteResult(r) => format!("result {}", plain_of(&r.data)),
            Content::ClearOutput(c) => format!("clear {}", c.wait),
            other => other.message_type().to_string(),
        })
        .collect()
}

/// Whether a compilation runs below the kernel.
fn compiles(kernel: u32) -> bool {
    let below = |id: u32| -> Vec<u32> {
        let tasks = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        tasks
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|list| {
                list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()
            })
            .collect()
    };
    let name = |id: u32| std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    below(kernel).into_iter().flat_map(below).any(|id| matches!(name(id).trim(), "cargo" | "rustc"))
}

const OWN: &str = "application/vnd.cuaderno.message+json";

/// Code that prints one of the library's own blocks.
fn own(message: &str) -> String {
    format!(
        "println!(\"{{}}\", \"EVCXR_BEGIN_CONTENT {OWN}\\n{}\\nEVCXR_END_CONTENT\");",
        message.replace('"', "\\\"")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn output_keeps_its_order_and_shows_while_the_cell_runs() {
    let mut kernel = start(false).await;
    let show = |text: &str| {
        format!(
            "println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>x</b>\\nEVCXR_END_CONTENT\\nEVCXR_BEGIN_CONTENT text/plain\\n{text}\\nEVCXR_END_CONTENT\");"
        )
    };
    let first = own(
        r#"{"kind":"display_data","content":{"data":{"text/plain":"live 0"},"metadata":{},"transient":{"display_id":"d"}}}"#,
    );
    let update = own(
        r#"{"kind":"update_display_data","content":{"data":{"text/plain":"live 1"},"metadata":{},"transient":{"display_id":"d"}}}"#,
    );
    let clear = own(r#"{"kind":"clear_output","content":{"wait":true}}"#);
    let code = format!(
        "println!(\"uno\");\n{}\nprintln!(\"dos ñandú\");\n{}\n{first}\n{update}\nprintln!(\"tres\");\n{clear}\n6 * 7",
        show("A"),
        show("B"),
    );
    let cell = kernel.good(&code).await;
    assert_eq!(
        names(&cell.messages),
        [
            "text uno",
            "display A",
            "text dos ñandú",
            "display B",
            "display live 0",
            "update live 1",
            "text tres",
            "clear true",
            "result 42",
        ]
    );
    assert_eq!(cell.reply.execution_count.value(), 1);

    // An image is there before the cell ends.
    let code = format!("{}\nstd::thread::sleep(std::time::Duration::from_secs(4));", show("early"));
    kernel.send(&code).await;
    kernel.wait_for(|content| matches!(content, Content::DisplayData(_))).await;
    let seen = Instant::now();
    let reply = loop {
        if let Content::ExecuteReply(reply) = kernel.shell.read().await.unwrap().content {
            break reply;
        }
    };
    assert_eq!(reply.status, ReplyStatus::Ok);
    assert_eq!(reply.execution_count.value(), 2);
    assert!(
        seen.elapsed() > Duration::from_secs(2),
        "shown only {:?} before the end",
        seen.elapsed()
    );

    // Text without a line end, and text that the next cell must not inherit.
    let cell = kernel.good("print!(\"50 %\");").await;
    assert_eq!(cell.text(false), "50 %");
    let cell = kernel.good("eprintln!(\"¡ay!\");").await;
    assert_eq!((cell.text(true).as_str(), cell.text(false).as_str()), ("¡ay!\n", ""));

    // A burst stays whole, in order and fast.
    let cell = kernel.good("for i in 0..10_000 { println!(\"línea {i}\"); }").await;
    let expected: String = (0..10_000).map(|i| format!("línea {i}\n")).collect();
    assert_eq!(cell.text(false), expected);
    let start = Instant::now();
    kernel.good("for i in 0..10_000 { println!(\"otra {i}\"); }").await;
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_failure_is_an_error_and_the_next_cell_runs() {
    let mut kernel = start(false).await;
    kernel.good("let kept = vec![1, 2, 3];").await;

    let (name, value, traceback) = kernel.bad("let a = 1;\nlet b: String = a;").await;
    assert_eq!((name.as_str(), value.as_str()), ("CompileError", "mismatched types"));
    assert!(
        traceback.contains("[ In[2] ]") && traceback.contains("let b: String = a;"),
        "{traceback}"
    );

    let (name, value, traceback) =
        kernel.bad("let i = kept.len();\nlet unused = 0;\nprintln!(\"{}\", kept[i]);").await;
    assert_eq!(name, "Panic");
    assert!(value.contains("index out of bounds: the len is 3 but the index is 3"), "{value}");
    assert!(traceback.contains("In[3], line 3"), "{traceback}");
    assert!(
        !traceback.contains("stack backtrace") && !traceback.contains("RUST_BACKTRACE"),
        "{traceback}"
    );

    let code = "eprintln!(\"loading\");\nlet n: i32 = \"doce\".parse()?;\nprintln!(\"{n}\");";
    let (name, value, traceback) = kernel.bad(code).await;
    assert_eq!((name.as_str(), value.as_str()), ("Error", "invalid digit found in string"));
    assert!(traceback.contains("In[4], line 2"), "{traceback}");
    let cell = kernel.run("eprint!(\"50 % \"); Err::<(), _>(\"two problems:\\n  a\\n  b\")?").await;
    assert_eq!(cell.error().1, "two problems:\n  a\n  b");

    // Several statements on a line, and a function of an earlier cell.
    let (_, _, traceback) =
        kernel.bad("let i = 7; let none: Option<u8> = None; none.unwrap()").await;
    assert!(traceback.contains("In[6], line 1, column 46"), "{traceback}");
    kernel.good("fn pick(v: &[i32], i: usize) -> i32 {\n    v[i]\n}").await;
    let (_, _, traceback) = kernel.bad("println!(\"{}\", pick(&kept, 8));").await;
    assert!(traceback.contains("In[7], line 2, column 5"), "{traceback}");

    let (name, value, traceback) = kernel.bad("let open = 5").await;
    assert_eq!(
        (name.as_str(), value.as_str()),
        ("CompileError", "expected `;`, found the end of the cell")
    );
    assert!(!traceback.contains("evcxr"), "{traceback}");

    let cell = kernel.good("kept.len()").await;
    assert_eq!(names(&cell.messages), ["result 3"]);

    let cell = kernel
        .run("println!(\"last words\");\nprint!(\"and more\");\nstd::process::abort();")
        .await;
    let (name, value, _) = cell.error();
    assert_eq!(name, "Died");
    assert!(value.contains("signal 6 (abort)") && value.contains("variables are lost"), "{value}");
    assert!(cell.text(false).starts_with("last words\n"), "{:?}", cell.messages);

    let cell = kernel.good("print!(\"alive\");").await;
    assert_eq!(cell.text(false), "alive");
    assert_eq!(cell.reply.execution_count.value(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_shown_at_its_place_in_a_cell() {
    let mut kernel = start(false).await;
    kernel.good("struct P { x: f64 }").await;
    kernel.good("fn area(p: &P) -> f64 {\n    p.x * 2.0\n}").await;
    for (cell, says, place) in [
        // An earlier cell that the new one breaks.
        ("struct P { y: f64 }", "no field `x` on type `&P`", "In[2], line 2, column 7"),
        ("use std::{fmt, collections::Hashmap};", "unresolved import", "In[4], line 1, column 29"),
        ("let s = \"ñandú\"; let n: u8 = s;", "mismatched types", "In[5], line 1, column 30"),
        ("let v = [1, 2]; println!(\"{}\", v[7]);", "this operation will panic", "In[6]"),
        ("let a = 5;\nlet b = a / (a - 5);", "divide by zero", "In[7]"),
        ("#[deny(unused_variables)]\nfn f() { let unused = 1; }", "unused variable", "In[8]"),
    ] {
        let (_, value, traceback) = kernel.bad(cell).await;
        assert!(value.contains(says) || traceback.contains(says), "{cell}: {value}");
        assert!(traceback.contains(place), "{cell}: {traceback}");
        assert!(!traceback.contains("lib.rs"), "{cell}: {traceback}");
    }
    // A warning is no error, and not shown beside one.
    let (_, value, _) = kernel.bad("fn g() { let unused = 1; }\nlet n: u8 = \"\";").await;
    assert_eq!(value, "mismatched types");
    // Another thread's panic is not the cell's.
    let code = "let empty: Vec<u8> = Vec::new();\nlet thread = std::thread::spawn(move || {\n    empty[3]\n});\n\
                println!(\"{}\", thread.join().is_err());";
    let cell = kernel.good(code).await;
    assert_eq!(cell.text(false), "true\n");
    let said = cell.text(true);
    assert!(said.contains("panicked at In[10], line 3, column"), "{said}");
    assert!(said.contains(":\nindex out of bounds"), "{said}");
    assert!(!said.contains("BACKTRACE") && !said.contains("lib.rs"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_outlive_cells_that_do_not_name_them() {
    let mut kernel = start(false).await;
    kernel.good("let mut n = 1; let list = vec![1, 2]; let text = String::from(\"uno\");").await;
    kernel.good("n += 1;").await;
    kernel.bad("let i = list.len(); list[i]").await;
    kernel.bad("let x: u8 = \"a\".parse()?;").await;
    // Named only inside of a text, or in what another macro puts together.
    assert_eq!(kernel.good("println!(\"{n} {text}\");").await.text(false), "2 uno\n");
    let file = folder("include").join("names.rs");
    std::fs::write(&file, "list[0] + n").unwrap();
    let cell = kernel.good(&format!("include!({file:?})")).await;
    assert_eq!(names(&cell.messages), ["result 3"]);
    // Moved, and then made again with another type.
    kernel.good("drop(list);").await;
    kernel.good("n += 1;").await;
    let (name, value, traceback) = kernel.bad("list.len()").await;
    assert_eq!(name, "CompileError");
    assert!(value.contains("list"), "{value}");
    assert!(traceback.contains("Run In[1] again; lend it as `&list`"), "{traceback}");
    kernel.good("let list = n.to_string(); let n = 0.5;").await;
    kernel.good("let text = text.len();").await;
    assert_eq!(kernel.good("println!(\"{list} {n} {text}\");").await.text(false), "3 0.5 3\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_whose_type_is_redefined_is_dropped_with_a_note() {
    let mut kernel = start(false).await;
    kernel
        .good("#[derive(Debug)]\nstruct Point { x: f64 }\nlet p = Point { x: 1.0 }; let n = 2;")
        .await;
    let cell = kernel.good("#[derive(Debug)]\nstruct Point { x: String, y: Vec<u8> }").await;
    let said = "`Point` was redefined, so `p` (made in In[1]) was dropped";
    assert!(cell.text(true).contains(said), "{:?}", cell.messages);
    let cell = kernel.run("println!(\"{p:?}\");").await;
    let (name, value, traceback) = cell.error();
    assert_eq!(
        (name.as_str(), value.as_str()),
        ("CompileError", "cannot find value `p` in this scope")
    );
    assert!(traceback.contains("run In[1] again"), "{traceback}");
    kernel.good("let p = Point { x: n.to_string(), y: vec![3] };").await;
    let cell = kernel.good("println!(\"{p:?}\");").await;
    assert_eq!(cell.text(false), "Point { x: \"2\", y: [3] }\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_is_only_checked_leaves_the_next_one_to_be_compiled() {
    let mut kernel = start(false).await;
    kernel.good("let v = 1; let name = \"borrowed\";").await;
    kernel.good("println!(\"{v}\");").await;
    // evcxr does not know the type, and checks the code to see whether that is all. Its own text must not be in
    // the way of ours.
    kernel.good("type Result<T> = std::result::Result<T, String>;").await;
    let (_, value, _) = kernel.bad("let list = Vec::new();").await;
    assert!(value.contains("type annotations needed"), "{value}");
    let cell = kernel.good("println!(\"{} {name}\", v + 1);").await;
    assert_eq!(cell.text(false), "2 borrowed\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_never_executed() {
    let mut kernel = start(false).await;
    let file = common::folder("work").join(format!("forged-{}", std::process::id()));
    // Signed with another key, and not at all.
    for key in ["another key", ""] {
        let mut info = kernel.info.clone();
        info.key = key.to_string();
        let identity = jupyter_zmq_client::peer_identity_for_session("forger").unwrap();
        let forger = jupyter_zmq_client::create_client_shell_connection_with_identity(
            &info, "forger", identity,
        );
        let mut forger = forger.await.unwrap();
        let code = format!("std::fs::write({file:?}, \"\").unwrap();");
        forger.send(jupyter_protocol::ExecuteRequest::new(code).into()).await.unwrap();
        // The next request is answered, the forged one is not.
        kernel.good("1").await;
        assert!(tokio::time::timeout(Duration::from_millis(300), forger.read()).await.is_err());
        assert!(!file.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_stops_the_queue_and_a_cell_that_ignores_interruption_is_ended() {
    let mut kernel = start(false).await;
    kernel.send("std::thread::sleep(std::time::Duration::from_millis(500)); panic!(\"no\")").await;
    kernel.send("println!(\"must not run\");").await;
    assert_eq!(kernel.finish().await.error().0, "Panic");
    let aborted = kernel.finish().await;
    assert_eq!(aborted.reply.status, ReplyStatus::Aborted);
    assert!(aborted.messages.is_empty(), "{:?}", aborted.messages);

    kernel.good("let v = 1;").await;

    // A cell that is still being compiled is stopped there.
    kernel.send("#[allow(long_running_const_eval)]\nconst N: u64 = { let mut i = 0u64; while i < 4_000_000_000 { i += 1; } i };\nprintln!(\"{N}\");").await;
    let mut stopped = None;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        if !compiles(kernel.child.id()) {
            continue;
        }
        kernel.control.send(InterruptRequest {}.into()).await.unwrap();
        stopped = Some(kernel.finish().await.error());
        break;
    }
    let (name, value, _) = stopped.expect("the cell was compiled");
    assert_eq!(name, "Interrupted");
    assert!(value.contains("all variables are kept"), "{value}");
    kernel.good("println!(\"{v}\");").await;

    // The kernel does not see into a loop that the standard library runs.
    kernel.send("println!(\"on\"); std::iter::repeat(()).for_each(std::hint::black_box);").await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    for _ in 0..2 {
        kernel.control.send(InterruptRequest {}.into()).await.unwrap();
    }
    let (name, value, _) = kernel.finish().await.error();
    assert_eq!(name, "Interrupted");
    assert!(value.contains("variables are lost"), "{value}");
    let (name, ..) = kernel.bad("println!(\"{v}\");").await;
    assert_eq!(name, "CompileError");

    // Once is enough, after ten seconds.
    kernel
        .send("println!(\"on\"); std::thread::sleep(std::time::Duration::from_secs(3600));")
        .await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    let (value, took) = kernel.interrupted().await;
    assert!(value.contains("variables are lost"), "{value}");
    assert!(took > Duration::from_secs(9) && took < Duration::from_secs(30), "{took:?}");
    kernel.good("1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_only_a_macro_names_is_found_all_the_same() {
    let crates = folder("crates");
    let write = |name: &str, dependencies: &str, source: &str| {
        let folder = crates.join(name);
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n\n[workspace]\n"
        );
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        std::fs::write(folder.join("src/lib.rs"), source).unwrap();
    };
    write("deep", "", "pub struct Deep(pub u8);");
    write("shown", "", "pub struct Shown(pub u8);");
    let source = "macro_rules! hide { () => { pub use deep::Deep; pub fn hidden() -> Deep { Deep(7) } } }\n\
                  hide!();\npub use shown::Shown;\npub fn shown() -> Shown { Shown(8) }";
    write("outer", "deep = { path = \"../deep\" }\nshown = { path = \"../shown\" }", source);
    let mut kernel = start(false).await;
    kernel.good(&format!(":dep outer = {{ path = {:?} }}", crates.join("outer"))).await;
    kernel.good("let kept = 6; let s = outer::shown();").await;
    // The function stands inside of a macro, where nobody looked for the types that the crate shows.
    kernel.good("let d = outer::hidden();").await;
    let cell = kernel.good("println!(\"{kept} {} {}\", d.0, s.0);").await;
    assert_eq!(cell.text(false), "6 7 8\n");
    // A fault that only the compiler can find is still the compiler's to report.
    let (_, value, _) = kernel.bad("let unknown = Vec::new();").await;
    assert!(value.contains("type annotations needed"), "{value}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crate_that_changes_what_is_loaded_costs_variables_and_says_so() {
    let crates = folder("changing");
    let write = |name: &str, manifest: &str, source: &str| {
        let folder = crates.join(name);
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let head =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        std::fs::write(folder.join("Cargo.toml"), format!("{head}{manifest}\n[workspace]\n"))
            .unwrap();
        std::fs::write(folder.join("src/lib.rs"), source).unwrap();
    };
    write(
        "base",
        "[features]\nmore = []",
        "pub fn base() -> u8 { if cfg!(feature = \"more\") { 2 } else { 1 } }",
    );
    let shared =
        "[lib]\ncrate-type = [\"lib\", \"dylib\"]\n[dependencies]\nbase = { path = \"../base\" }";
    write("shared", shared, "pub fn shared() -> u8 { base::base() }");
    let other = "[dependencies]\nbase = { path = \"../base\", features = [\"more\"] }";
    write("other", other, "pub fn other() -> u8 { base::base() }");
    let dep = |name: &str| format!(":dep {name} = {{ path = {:?} }}", crates.join(name));
    let mut kernel = start(false).await;
    kernel.good(&dep("shared")).await;
    kernel.good("let kept = shared::shared();").await;
    kernel.good(&dep("other")).await;
    let cell = kernel.good("println!(\"{} {}\", shared::shared(), other::other());").await;
    assert_eq!(cell.text(false), "2 2\n");
    assert!(cell.text(true).contains("all variables are lost"), "{:?}", cell.messages);
    let (_, value, traceback) = kernel.bad("println!(\"{kept}\");").await;
    assert_eq!(value, "cannot find value `kept` in this scope");
    assert!(traceback.contains("Run In[2] again"), "{traceback}");
    assert_eq!(kernel.good("print!(\"alive\");").await.text(false), "alive");
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_and_inspection_serve_the_very_first_cell() {
    let mut kernel = start(false).await;
    let code = "let v: Vec<u8> = Vec::new(); v.sort_unst";
    let request = CompleteRequest { code: code.to_string(), cursor_pos: code.len() };
    kernel.shell.send(request.into()).await.unwrap();
    let Content::CompleteReply(reply) = kernel.answer().await else { panic!("another reply") };
    assert_eq!(reply.status, ReplyStatus::Ok);
    assert!(reply.matches.iter().any(|m| m.starts_with("sort_unstable_by_key")), "{reply:?}");
    assert_eq!((reply.cursor_start, reply.cursor_end), (code.len() - 9, code.len()));
    let code = "Vec::<u8>::with_capacity";
    let request =
        InspectRequest { code: code.to_string(), cursor_pos: code.len(), detail_level: None };
    kernel.shell.send(request.into()).await.unwrap();
    let Content::InspectReply(reply) = kernel.answer().await else { panic!("another reply") };
    assert!(reply.found, "{reply:?}");
    let text = plain_of(&reply.data);
    assert!(text.contains("fn with_capacity") && text.contains("at least"), "{text}");
    assert_eq!(kernel.good("println!(\"{}\", 1);").await.text(false), "1\n");
}
