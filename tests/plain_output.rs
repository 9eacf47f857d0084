//! Under `cargo test` and in scripts, what a notebook would show is plain text.

use cuaderno::notebook::{Bundle, Live, Progress, Show, clear_output, display};
use std::process::Command;

const CHILD: &str = "CUADERNO_TEST_SHOWS";

struct Shown;

impl Show for Shown {
    fn bundle(&self) -> Bundle {
        Bundle {
            plain: "a value, ñ".to_string(),
            html: Some("<b>a value</b>".to_string()),
            png: Some(vec![1, 2, 3]),
            svg: Some("<svg/>".to_string()),
        }
    }
}

/// Runs in a process of its own, whose standard output the test below reads.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    println!("begin");
    display(&Shown);
    clear_output(true);
    let mut live = Live::new();
    for step in 0..100 {
        live.update(Bundle { plain: format!("step {step}"), ..Bundle::default() });
    }
    live.finish();
    let mut progress = Progress::new("work", 2);
    progress.step(2);
    progress.finish();
    println!("end");
}

#[test]
fn everything_prints_as_lines_of_text() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let (_, shown) = said.split_once("begin\n").unwrap();
    let (shown, _) = shown.split_once("end\n").unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[..3], ["a value, ñ", "step 0", "step 99"], "{shown}");
    assert!(lines[3].starts_with("work ████████████████████ 100 % · 2/2 · "), "{shown}");
    assert_eq!(lines.len(), 4, "{shown}");
}
