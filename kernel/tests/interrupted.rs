//! A loop that never looks at the interrupt ends all the same, and the cell's variables are there, as in Python's kernel.

mod common;

use common::{Kernel, start};
use jupyter_protocol::JupyterMessageContent as Content;
use std::time::Duration;

/// Runs a cell that prints and then goes on without an end, and interrupts it.
async fn interrupt(kernel: &mut Kernel, code: &str) -> (String, String) {
    kernel.send(code).await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    let asked = std::time::Instant::now();
    kernel.control.send(jupyter_protocol::InterruptRequest {}.into()).await.unwrap();
    let (name, value, traceback) = kernel.finish().await.error();
    assert_eq!(name, "Interrupted", "{code}\n{value}");
    assert!(asked.elapsed() < Duration::from_secs(2), "{code}\n{:?}", asked.elapsed());
    (value, traceback)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_ends_and_variables_are_kept() {
    let mut kernel = start(false).await;
    kernel
        .good("let old = vec![1, 2]; fn spin() { let mut n = 0u64; while n < 1 { n = n.wrapping_mul(3); } }")
        .await;
    let code = "let made = 7;\nlet mut count = old.len();\nprintln!(\"on\");\nloop { count += 1; if count == 0 { break } }\nlet never = 1;";
    let (value, traceback) = interrupt(&mut kernel, code).await;
    assert_eq!(value, "stopped at your request; variables made so far are kept");
    assert!(traceback.contains("In[2], line 4, column 6"), "{traceback}");
    let cell = kernel.good("println!(\"{old:?} {made} {}\", count > 1000);").await;
    assert_eq!(cell.text(false), "[1, 2] 7 true\n");

    // In an item of an earlier cell, in a closure, in a `for` over more than arithmetic, and with values that are dropped on the way.
    for stopping in [
        "spin();",
        "let f = || loop { std::hint::spin_loop(); }; f();",
        "for i in 0u64.. { if i == u64::MAX { break; } }",
        "for i in 0..u64::MAX { std::hint::black_box(i); }",
        "struct Noisy; impl Drop for Noisy { fn drop(&mut self) { let mut n = 0; while n < 9 { n += 1; } } }\nlet noisy = [Noisy, Noisy]; loop { let _more = &noisy; }",
        "'outer: while made > 0 { for i in 0..3 { if i == 2 { continue 'outer; } } }",
    ] {
        interrupt(
            &mut kernel,
            &format!("let mut made = 8; made += 1;\nprintln!(\"on\");\n{stopping}"),
        )
        .await;
        let cell = kernel.good("println!(\"{made} {old:?}\");").await;
        assert_eq!(cell.text(false), "9 [1, 2]\n", "{stopping}");
    }

    // What follows is not interrupted.
    kernel.good("let mut n = 0u32; loop { n = n.wrapping_add(1); if n == 0 { break } }").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_threads_go_on() {
    let mut kernel = start(false).await;
    let code = "use std::sync::atomic::{AtomicU64, Ordering};\nstatic TURNS: AtomicU64 = AtomicU64::new(0);\n\
                std::thread::spawn(|| loop { TURNS.fetch_add(1, Ordering::Relaxed); std::thread::sleep(std::time::Duration::from_millis(1)); });";
    kernel.good(code).await;
    interrupt(&mut kernel, "println!(\"on\"); loop {}").await;
    let code = "let before = TURNS.load(Ordering::Relaxed);\nstd::thread::sleep(std::time::Duration::from_millis(300));\n\
                println!(\"{}\", TURNS.load(Ordering::Relaxed) > before);";
    assert_eq!(kernel.good(code).await.text(false), "true\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_looks_itself_ends_as_it_wants() {
    let mut kernel = start(false).await;
    // As the library's, which this session is without.
    let code = "fn interrupted() -> bool { std::path::Path::new(&std::env::var(\"CUADERNO_INTERRUPT\").unwrap()).exists() }";
    kernel.good(code).await;
    let code = "println!(\"on\");\nwhile !interrupted() { std::thread::sleep(std::time::Duration::from_millis(400)); }\nprint!(\"after\");";
    kernel.send(code).await;
    kernel.wait_for(|content| matches!(content, Content::StreamContent(_))).await;
    kernel.control.send(jupyter_protocol::InterruptRequest {}.into()).await.unwrap();
    let cell = kernel.finish().await;
    assert_eq!(cell.reply.status, jupyter_protocol::ReplyStatus::Ok, "{:?}", cell.messages);
    assert_eq!(cell.text(false), "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn places_in_loops_are_the_cells_own() {
    let mut kernel = start(false).await;
    // `const fn` and what the compiler computes stay as they are.
    let code = "const fn sum(n: u32) -> u32 { let mut s = 0; let mut i = 0; while i < n { s += i; i += 1; } s }\nconst TEN: u32 = sum(5);\nlet v = [1, 2];";
    kernel.good(code).await;
    let code = "let mut i = 0; while i < TEN as usize { let ñ = v[i]; i += 1; }";
    let (name, _, traceback) = kernel.bad(code).await;
    assert_eq!(name, "Panic");
    assert!(traceback.contains("In[2], line 1, column 49"), "{traceback}");
    let (name, _, traceback) = kernel.bad("loop { while true { let x: u8 = \"a\"; } }").await;
    assert_eq!(name, "CompileError");
    assert!(traceback.contains("\n   │                            ─┬   ─┬─"), "{traceback}");
    let cell = kernel.good("let mut n = 0; while n < 1 { n += dbg!(1); }").await;
    assert!(cell.text(true).starts_with("[In[4], line 1] 1 = 1"), "{}", cell.text(true));
}
