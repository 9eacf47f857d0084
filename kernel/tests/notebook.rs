//! The use of notebooks over the real kernel's sockets: cells that are run again, borrows and closures, shell
//! lines, input, output and messages.

mod common;

use common::{Kernel, family, start};
use jupyter_protocol::media::MediaType;
use jupyter_protocol::{
    CompleteRequest, ExecuteRequest, InputReply, InspectRequest, JupyterMessageContent as Content,
    ReplyStatus,
};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn impl_blocks_are_run_again_as_functions_are() {
    let mut kernel = start(false).await;
    kernel.good("#[derive(Debug)]\nstruct Scaler { mean: f64 }\ntrait Apply { fn apply(&self, x: f64) -> f64; }").await;
    let block = |change: &str| {
        format!(
            "impl Apply for Scaler {{\n    fn apply(&self, x: f64) -> f64 {{ x - self.mean{change} }}\n}}"
        )
    };
    kernel.good(&block("")).await;
    kernel.good("let scaler = Scaler { mean: 2.0 };").await;
    kernel.good(&block("")).await;
    kernel.good(&block(" + 100.0")).await;
    assert_eq!(kernel.good("scaler.apply(3.0)").await.result(), "101.0");
    kernel.good("impl Scaler { fn a(&self) -> u8 { 1 } fn b(&self) -> u8 { 2 } }").await;
    // A method alone, of which the type changes as well.
    kernel.good("impl Scaler { fn a(&self) -> String { self.b().to_string() + \"!\" } }").await;
    kernel.good("let said = scaler.a();").await;
    assert_eq!(kernel.good("said").await.result(), "\"2!\"");
    kernel.good("impl std::fmt::Display for Scaler {\n    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"one\") }\n}").await;
    kernel.good("impl std::fmt::Display for Scaler {\n    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result { write!(f, \"two\") }\n}").await;
    assert_eq!(kernel.good("println!(\"{scaler}\");").await.text(false), "two\n");
    // A type that is edited takes the blocks of its cell along.
    kernel.good("struct Pair(u8);\nimpl Pair { fn first(&self) -> u8 { self.0 } }").await;
    kernel
        .good("struct Pair<T>(T, T);\nimpl<T: Copy> Pair<T> { fn first(&self) -> T { self.0 } }")
        .await;
    assert_eq!(kernel.good("Pair(0.5, 1.0).first()").await.result(), "0.5");
    // An error is shown at its place in the cell.
    let (_, value, traceback) =
        kernel.bad("impl Scaler {\n    fn c(&self) -> u8 { self.nothing }\n}").await;
    assert!(value.contains("no field `nothing`"), "{value}");
    assert!(traceback.contains("In[17], line 2, column 30"), "{traceback}");
    assert!(!traceback.contains("CUADERNO"), "{traceback}");
    // Macros, too.
    kernel.good("macro_rules! twice { ($x:expr) => { $x * 2 } }").await;
    kernel.good("macro_rules! twice { ($x:expr) => { $x * 2 + 1 } }").await;
    assert_eq!(kernel.good("twice!(4)").await.result(), "9");
    // The definitions of a macro are there in later cells.
    kernel.good("macro_rules! record { ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {\n    #[derive(Debug, Clone)]\n    struct $name { $($field: $kind),* }\n    impl $name { fn fields() -> Vec<&'static str> { vec![$(stringify!($field)),*] } }\n} }").await;
    kernel.good("record!(Visit { place: String, stars: Vec<u8> });").await;
    kernel.good("let visit = Visit { place: \"Sol\".to_string(), stars: vec![5] };").await;
    assert_eq!(
        kernel.good("(visit.place.len(), Visit::fields())").await.result(),
        "(3, [\"place\", \"stars\"])"
    );
    let cell = kernel.good("record! { Visit { place: u64 } }").await;
    assert!(cell.text(true).contains("`visit` (made in In["), "{:?}", cell.messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_borrow_or_a_closure_lives_in_its_cell() {
    let mut kernel = start(false).await;
    kernel
        .good("let text = String::from(\"uno dos tres\"); let mut numbers = vec![3, 1, 2];")
        .await;
    for (code, printed, name, says) in [
        (
            "let words: Vec<&str> = text.split(' ').collect();\nprintln!(\"{}\", words.len());",
            "3\n",
            "words",
            "borrows",
        ),
        ("let first = &text;\nprintln!(\"{first}\");", "uno dos tres\n", "first", "borrows"),
        ("let part = &numbers[1..];\nprintln!(\"{part:?}\");", "[1, 2]\n", "part", "borrows"),
        (
            "let slot = &mut numbers;\nslot.sort();\nprintln!(\"{slot:?}\");",
            "[1, 2, 3]\n",
            "slot",
            "borrows",
        ),
        ("let evens = (0..10).filter(|n| n % 2 == 0);", "", "evens", ".collect()"),
        (
            "let pairs = numbers.iter().map(|n| n + 1);\nprintln!(\"{}\", pairs.sum::<i32>());",
            "9\n",
            "pairs",
            "",
        ),
        ("let double = |x: i32| x * 2;\nprintln!(\"{}\", double(4));", "8\n", "double", "closure"),
    ] {
        let cell = kernel.good(code).await;
        assert_eq!(cell.text(false), printed, "{code}");
        let said = cell.text(true);
        assert!(
            said.contains(&format!("`{name}` is not kept")) && said.contains(says),
            "{code}: {said}"
        );
        assert!(!said.contains("evcxr"), "{said}");
    }
    // Variables that the same cell makes beside them stay.
    let cell = kernel.good("let view = text.as_str();\nlet length = view.len();").await;
    assert!(cell.text(true).contains("`view` is not kept"), "{}", cell.text(true));
    assert_eq!(kernel.good("length + numbers.len()").await.result(), "15");
    let (_, _, traceback) = kernel.bad("double(1)").await;
    assert!(traceback.contains("`double` lived in In[8] alone"), "{traceback}");
    // Boxed closures and owned values stay as they are.
    let cell = kernel
        .good("let boxed: Box<dyn Fn(i32) -> i32> = Box::new(|x| x + 1); let name = \"literal\";")
        .await;
    assert_eq!(cell.text(true), "");
    assert_eq!(kernel.good("println!(\"{} {name}\", boxed(1));").await.text(false), "2 literal\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn shell_lines_stream_and_are_interrupted_with_their_children() {
    let mut kernel = start(false).await;
    kernel.good("let kept = 7; let ready = false;").await;
    let start = Instant::now();
    kernel.send("!echo first; sleep 600; echo last").await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    assert!(start.elapsed() < Duration::from_secs(60));
    let children = family(kernel.child.id());
    let (value, took) = kernel.interrupted().await;
    assert!(value.contains("all variables are kept"), "{value}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let name = |id: &u32| std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    assert!(!children.iter().any(|id| name(id).trim() == "sleep"), "{children:?}");
    assert_eq!(kernel.good("println!(\"{kept}\");").await.text(false), "7\n");
    let cell = kernel.good("!printf 'uno\\ndos\\n'; echo tres >&2").await;
    assert_eq!((cell.text(false).as_str(), cell.text(true).as_str()), ("uno\ndos\n", "tres\n"));
    assert_eq!(kernel.good("!ready").await.result(), "true");
    let (_, value, _) = kernel.bad("!exit 3").await;
    assert!(value.contains('3'), "{value}");
    assert_eq!(kernel.good("// both\n!true\nkept + 1").await.result(), "8");
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_is_asked_for_or_ends() {
    let mut kernel = start(false).await;
    kernel.good("let before = 5;").await;
    let code = "let mut answer = String::new();\nlet read = std::io::stdin().read_line(&mut answer)?;\nprintln!(\"{read} {answer:?}\");";
    let start = Instant::now();
    assert_eq!(kernel.good(code).await.text(false), "0 \"\"\n");
    assert!(start.elapsed() < Duration::from_secs(60));
    for reply in ["Ada", "ñandú"] {
        let mut request = ExecuteRequest::new(code.to_string());
        request.allow_stdin = true;
        kernel.shell.send(request.into()).await.unwrap();
        let asked = tokio::time::timeout(Duration::from_secs(60), kernel.stdin.read())
            .await
            .unwrap()
            .unwrap();
        assert!(matches!(asked.content, Content::InputRequest(_)), "{asked:?}");
        let answer = InputReply { value: reply.to_string(), ..Default::default() };
        kernel
            .stdin
            .send(jupyter_protocol::JupyterMessage::new(answer, Some(&asked)))
            .await
            .unwrap();
        let cell = kernel.finish().await;
        let expected = format!("{} {:?}\n", reply.len() + 1, format!("{reply}\n"));
        assert_eq!(cell.text(false), expected, "{:?}", cell.messages);
    }
    assert_eq!(kernel.good("println!(\"{before}\");").await.text(false), "5\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn output_is_cut_ordered_and_placed() {
    let mut kernel = start(false).await;
    for code in ["(0..2_000_000u64).collect::<Vec<_>>()", "\"ñ\".repeat(3_000_000)"] {
        let text = kernel.good(code).await.result();
        assert!(text.len() < 200_000 && text.contains("are left out"), "{code}: {}", text.len());
    }
    let cell = kernel.good("println!(\"{}\", \"y\".repeat(300_000));").await;
    assert_eq!(cell.text(false).len(), 300_001);
    kernel.good("fn tell(i: i32) { eprintln!(\"err {i}\"); }").await;
    let cell = kernel.good("for i in 0..200 { println!(\"out {i}\"); if i % 2 == 0 { tell(i); } else { eprintln!(\"err {i}\"); } }").await;
    let all: String = cell
        .messages
        .iter()
        .filter_map(|message| match message {
            Content::StreamContent(stream) => Some(stream.text.as_str()),
            _ => None,
        })
        .collect();
    let expected: String = (0..200).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!(all, expected);
    let cell = kernel.good("let rate = 0.25;\nlet twice = dbg!(rate * 2.0) + 1.0;\nprintln!(\"{twice} {} {}\", file!(), line!());").await;
    assert_eq!(cell.text(false), "1.5 In[6] 3\n");
    assert_eq!(cell.text(true), "[In[6], line 2] rate * 2.0 = 0.5\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_loses_no_line_while_variables_come_back() {
    let mut kernel = start(false).await;
    kernel.good("let kept = 1;").await;
    let first = kernel.good("std::thread::spawn(|| for i in 0..100 { println!(\"line {i}\"); std::thread::sleep(std::time::Duration::from_millis(50)); });").await;
    for _ in 0..3 {
        let code = "let made = kept + 1; let list = vec![made]; let i = list.len(); println!(\"{}\", list[i]);";
        kernel.send(code).await;
        let reply = kernel.answer().await;
        assert!(
            matches!(reply, Content::ExecuteReply(ref reply) if reply.status == ReplyStatus::Error)
        );
    }
    kernel.send("std::thread::sleep(std::time::Duration::from_secs(6));").await;
    let mut text = first.text(false);
    while !text.contains("line 99\n") {
        if let Content::StreamContent(stream) =
            kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await
        {
            text += &stream.text;
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    let expected: Vec<String> = (0..100).map(|i| format!("line {i}")).collect();
    assert_eq!(lines, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_true() {
    let mut kernel = start(false).await;
    kernel.good("let epochs: usize = 10;").await;
    for code in [
        "fn total(batches: usize) -> usize { epochs * batches }",
        "const BUDGET: usize = epochs * 32;",
    ] {
        let (_, value, traceback) = kernel.bad(code).await;
        assert_eq!(value, "cannot find value `epochs` in this scope");
        assert!(traceback.contains("do not see the notebook's variables"), "{traceback}");
        assert!(!traceback.contains("a later cell has taken it"), "{traceback}");
    }
    for (code, says) in [
        ("let a = std::", "after `::`"),
        ("let b = epochs.", "after `.`"),
        ("#[derive(Debug)]", "attribute"),
    ] {
        let (name, value, traceback) = kernel.bad(code).await;
        assert_eq!(name, "CompileError");
        assert!(value.contains(says), "{value}");
        assert!(!traceback.contains("evcxr") && !traceback.contains("Ok"), "{traceback}");
    }
    let cell = kernel.good("fn main() {\n    println!(\"hello\");\n}").await;
    assert!(cell.text(true).contains("`main();` runs it"), "{:?}", cell.messages);
    assert_eq!(kernel.good("main();").await.text(false), "hello\n");
    let table = kernel.good(":vars").await.result();
    assert!(
        table.contains("name    type   size  cell") && table.contains("epochs  usize   8 B  In[1]"),
        "{table}"
    );
    let said = kernel
        .good(":time\nstd::thread::sleep(std::time::Duration::from_millis(300));")
        .await
        .text(true);
    assert!(said.starts_with("compiled in ") && said.contains(" s, ran in 0."), "{said}");
    let cell = kernel.good(":clear").await;
    assert!(cell.messages.is_empty(), "{:?}", cell.messages);
    let (_, value, traceback) = kernel.bad("epochs").await;
    assert!(traceback.contains("removed all variables"), "{traceback}");
    assert_eq!(value, "cannot find value `epochs` in this scope");
    assert_eq!(
        kernel.good("print!(\"half a line\"); let f = |x: u8| x; f(1)").await.text(false),
        "half a line"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn statics_and_loggers_keep_their_state() {
    let mut kernel = start(false).await;
    kernel.good("use std::sync::atomic::{AtomicUsize, Ordering};\nstatic CALLS: AtomicUsize = AtomicUsize::new(0);\nfn next_id() -> usize { CALLS.fetch_add(1, Ordering::SeqCst) }\nfn own() -> usize { static N: AtomicUsize = AtomicUsize::new(5); N.fetch_add(1, Ordering::SeqCst) }").await;
    assert_eq!(
        kernel.good("println!(\"{} {} {}\", next_id(), next_id(), own());").await.text(false),
        "0 1 5\n"
    );
    assert_eq!(kernel.good("println!(\"{} {}\", next_id(), own());").await.text(false), "2 6\n");
    kernel.good("static CACHE: std::sync::OnceLock<Vec<f64>> = std::sync::OnceLock::new();").await;
    kernel.good("let filled = CACHE.set(vec![0.5]).is_ok();").await;
    assert_eq!(
        kernel.good("println!(\"{filled} {:?}\", CACHE.get());").await.text(false),
        "true Some([0.5])\n"
    );
    kernel.good("thread_local! {\n    static SEED: std::cell::Cell<u64> = const { std::cell::Cell::new(1) };\n}").await;
    kernel.good("SEED.set(9);").await;
    assert_eq!(kernel.good("println!(\"{}\", SEED.get());").await.text(false), "9\n");
    // Another definition begins again.
    kernel.good("static CALLS: AtomicUsize = AtomicUsize::new(40);").await;
    assert_eq!(kernel.good("println!(\"{}\", next_id());").await.text(false), "40\n");
    // A crate's own.
    let folder = common::folder("crates").join("counted");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"counted\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )
    .unwrap();
    std::fs::write(folder.join("src/lib.rs"), "use std::sync::atomic::*;\nstatic N: AtomicUsize = AtomicUsize::new(0);\npub fn next() -> usize { N.fetch_add(1, Ordering::SeqCst) }").unwrap();
    kernel
        .good(&format!(
            ":dep counted = {{ path = {folder:?} }}\nprintln!(\"{{}}\", counted::next());"
        ))
        .await;
    assert_eq!(kernel.good("println!(\"{}\", counted::next());").await.text(false), "1\n");
    assert_eq!(
        kernel.good("println!(\"{} {}\", counted::next(), next_id());").await.text(false),
        "2 41\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_count_code_points_and_a_running_cell_delays_no_completion() {
    let mut kernel = start(false).await;
    kernel.good("let learner = vec![1, 2, 3];").await;
    for (code, places) in
        [("let r = \"👩‍🔬\"; learner.le", (23, 25)), ("let an\u{303}o = 1; learner.le", (22, 24))]
    {
        let reply = complete(&mut kernel, code).await;
        assert!(reply.matches.iter().any(|text| text.starts_with("len")), "{reply:?}");
        assert_eq!((reply.cursor_start, reply.cursor_end), places);
    }
    for cursor_pos in [0, 3, 7] {
        assert!(inspect(&mut kernel, "learner", cursor_pos).await.contains("Vec<i32>"));
    }
    kernel.send("println!(\"on\"); std::thread::sleep(std::time::Duration::from_secs(8));").await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    let start = Instant::now();
    let reply = complete(&mut kernel, "lear").await;
    assert!(reply.matches.contains(&"learner".to_string()), "{reply:?}");
    let reply = complete(&mut kernel, "learner.le").await;
    assert!(reply.matches.iter().any(|text| text.starts_with("len")), "{reply:?}");
    assert!(inspect(&mut kernel, "learner", 2).await.contains("Vec<i32>"));
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    kernel.finish().await;
}

async fn complete(kernel: &mut Kernel, code: &str) -> jupyter_protocol::CompleteReply {
    let request = CompleteRequest { code: code.to_string(), cursor_pos: code.chars().count() };
    kernel.shell.send(request.into()).await.unwrap();
    let Content::CompleteReply(reply) = kernel.answer().await else { panic!("another reply") };
    reply
}

async fn inspect(kernel: &mut Kernel, code: &str, cursor_pos: usize) -> String {
    let request = InspectRequest { code: code.to_string(), cursor_pos, detail_level: None };
    kernel.shell.send(request.into()).await.unwrap();
    let Content::InspectReply(reply) = kernel.answer().await else { panic!("another reply") };
    let text = |part: &MediaType| match part {
        MediaType::Plain(text) => Some(text.clone()),
        _ => None,
    };
    reply.data.content.iter().find_map(text).unwrap_or_default()
}
