//! The runner from outside: its exit code, what it prints and what it leaves.

mod common;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cell(code: &str) -> Value {
    json!({"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": code,
           "id": uuid::Uuid::new_v4().to_string()})
}

fn notebook(folder: &Path, name: &str, cells: Vec<Value>) -> PathBuf {
    let file = folder.join(name);
    let text = json!({"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": cells});
    std::fs::write(&file, text.to_string()).unwrap();
    file
}

fn cuaderno(folder: &Path, args: &[&str]) -> Output {
    Command::new(common::EXE)
        .args(args)
        .current_dir(folder)
        .env("CUADERNO_CACHE", common::folder("cache"))
        .env("CUADERNO_ROOT", "/nonexistent")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A 1×1 PNG.
const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

#[test]
fn a_run_leaves_notebook_page_and_figures() {
    let folder = common::folder("run-good");
    let image = format!(
        "println!(\"EVCXR_BEGIN_CONTENT image/png\\n{PNG}\\nEVCXR_END_CONTENT\\nEVCXR_BEGIN_CONTENT image/svg+xml\\n<svg/>\\nEVCXR_END_CONTENT\");"
    );
    let mut parameters = cell("let epochs: usize = 10;");
    parameters["metadata"]["tags"] = json!(["parameters"]);
    let markdown =
        json!({"cell_type": "markdown", "metadata": {}, "source": "# Título\n", "id": "m"});
    notebook(
        &folder,
        "uno.ipynb",
        vec![
            markdown,
            parameters,
            cell(
                "println!(\"epochs {epochs}, out {:?}\", std::env::var_os(\"CUADERNO_OUTPUT\").is_some());",
            ),
            cell("for i in 1..=3 { print!(\"\\r{i} %\"); }\nprintln!();"),
            cell(&image),
            cell(""),
            cell("epochs * 2"),
        ],
    );
    let output = cuaderno(&folder, &["run", "uno.ipynb", "--out", "out", "--param", "epochs=3"]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    assert!(said.contains("[1/6] let epochs: usize = 10;"), "{said}");
    assert!(said.contains("epochs 3, out true"), "{said}");
    let out = folder.join("out");
    assert!(
        said.trim_end().ends_with(&out.canonicalize().unwrap().display().to_string()),
        "{said}"
    );

    let executed: Value =
        serde_json::from_slice(&std::fs::read(out.join("uno.ipynb")).unwrap()).unwrap();
    let cells = executed["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 8);
    assert_eq!(cells[4]["outputs"][0]["text"], json!(["3 %\n"]));
    assert_eq!(cells[7]["outputs"][0]["data"]["text/plain"], json!(["6"]));
    assert_eq!(cells[7]["outputs"][0]["output_type"], "execute_result");
    assert_eq!(cells[7]["execution_count"], 6);
    assert_eq!(executed["metadata"]["kernelspec"]["name"], "cuaderno");
    let language = &executed["metadata"]["language_info"];
    assert_eq!(
        (&language["codemirror_mode"], &language["version"]),
        (&json!("rust"), &json!("2024"))
    );

    let page = std::fs::read_to_string(out.join("uno.html")).unwrap();
    assert!(page.contains("<h1>Título</h1>") && page.contains("epochs 3, out true"));
    assert_eq!(&std::fs::read(out.join("figures/uno-05.png")).unwrap()[1..4], b"PNG");
    assert_eq!(std::fs::read(out.join("figures/uno-05.svg")).unwrap(), b"<svg/>");
}

#[test]
fn a_run_stops_at_the_first_failing_cell() {
    let folder = common::folder("run-bad");
    let cells = ["println!(\"first\");", "let n: u8 = \"300\".parse()?;", "println!(\"third\");"];
    let file = notebook(&folder, "malo.ipynb", cells.map(cell).to_vec());
    let output = cuaderno(&folder, &["run", file.to_str().unwrap(), "--out", "out"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("    let n: u8 = \"300\".parse()?;"), "{said}");
    assert!(said.contains("Error: number too large to fit in target type"), "{said}");
    assert!(!said.contains("third"), "{said}");
    let executed: Value =
        serde_json::from_slice(&std::fs::read(folder.join("out/malo.ipynb")).unwrap()).unwrap();
    assert_eq!(executed["cells"][1]["outputs"][0]["output_type"], "error");
    assert_eq!(executed["cells"][2]["outputs"], json!([]));
}

#[test]
fn what_cannot_be_run_is_said_on_stderr() {
    let folder = common::folder("run-nothing");
    std::fs::write(folder.join("broken.ipynb"), "{").unwrap();
    notebook(&folder, "empty.ipynb", vec![cell("1")]);
    std::fs::create_dir_all(folder.join("void")).unwrap();
    let used = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = used.local_addr().unwrap().port();
    let connection = json!({"ip": "127.0.0.1", "transport": "tcp", "key": "k", "shell_port": port,
        "iopub_port": port, "stdin_port": port, "control_port": port, "hb_port": port});
    std::fs::write(folder.join("used.json"), connection.to_string()).unwrap();
    for (args, expected) in [
        (&["run", "absent.ipynb"][..], "absent.ipynb: there is no such file or folder"),
        (&["run", "broken.ipynb"], "broken.ipynb: not a notebook"),
        (&["run", "void"], "there is no notebook"),
        (&["run", "empty.ipynb", "--param", "x=1"], "no notebook declares the parameter `x`"),
        (&["run", "--timeout", "soon"], "soon"),
        (&["kernel"], "no connection file"),
        (&["kernel", "--connection-file", "absent.json"], "absent.json: there is no such file"),
        (&["kernel", "--connection-file", "broken.ipynb"], "not a connection file"),
        (&["kernel", "--connection-file", "used.json"], "cannot listen at"),
        (&["dance"], "there is no command `dance`"),
    ] {
        let output = cuaderno(&folder, args);
        let said = text(&output.stderr);
        assert!(!output.status.success(), "{args:?}");
        assert!(said.starts_with("cuaderno: ") && said.contains(expected), "{args:?}: {said}");
    }
    let output = Command::new(common::EXE)
        .args(["run", "empty.ipynb"])
        .current_dir(&folder)
        .env("CUADERNO_CACHE", common::folder("cache"))
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    assert!(text(&output.stderr).contains("no Rust toolchain"), "{}", text(&output.stderr));
    assert!(!output.status.success());
}

#[test]
fn cleaning_frees_what_dead_kernels_and_builds_have_left() {
    let cache = common::folder("clean");
    let files = ["build/0123/target/lib.so", "sessions/dead/lock", "sessions/dead/build/big"];
    for file in files.map(|file| cache.join(file)) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, vec![1u8; 2 << 20]).unwrap();
    }
    std::fs::write(cache.join("history.jsonl"), "").unwrap();
    let output =
        Command::new(common::EXE).arg("clean").env("CUADERNO_CACHE", &cache).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("freed 6 MB"), "{}", text(&output.stdout));
    assert!(files.iter().all(|file| !cache.join(file).exists()));
    assert!(cache.join("history.jsonl").exists());
}

#[test]
fn a_run_that_keeps_going_ends_slow_cells_and_still_tells_of_its_failures() {
    let folder = common::folder("run-going");
    let cells = [
        "println!(\"first\");",
        "loop { std::thread::sleep(std::time::Duration::from_millis(50)); }",
        "panic!(\"no\");",
        "println!(\"last\");",
    ];
    notebook(&folder, "lento.ipynb", cells.map(cell).to_vec());
    // A folder stands for the notebooks in it, by name; the failures of one do not keep the next from running.
    notebook(&folder, "segundo.ipynb", vec![cell("println!(\"second\");")]);
    let args = ["run", ".", "--out", "out", "--timeout", "5", "--keep-going", "--no-html"];
    let output = cuaderno(&folder, &args);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Interrupted: ") && said.contains("Panic: no"), "{said}");
    assert!(said.contains("last") && said.contains("second"), "{said}");
    assert!(said.find("lento.ipynb") < said.find("segundo.ipynb"), "{said}");
    let out = folder.join("out");
    assert!(out.join("segundo.ipynb").is_file());
    assert!(out.join("lento.ipynb").is_file() && !out.join("lento.html").exists());
}

#[test]
fn doctor_has_a_line_for_each_thing_and_says_how_to_mend_what_is_missing() {
    let folder = common::folder("doctor");
    let doctor = |path: &std::ffi::OsStr| {
        let output = Command::new(common::EXE)
            .arg("doctor")
            .env("CUADERNO_CACHE", common::folder("cache"))
            .env("PATH", path)
            .output()
            .unwrap();
        (output.status.success(), text(&output.stdout))
    };
    let (whole, said) = doctor(&std::env::var_os("PATH").unwrap());
    for name in
        ["rustc", "cargo", "linker", "library", "JupyterLab", "GPU toolkit", "cache", "space"]
    {
        assert!(said.lines().any(|line| line.contains(&format!(" {name}: "))), "{name}: {said}");
    }
    assert_eq!(whole, !said.contains("MISSING"), "{said}");
    let (whole, said) = doctor(folder.as_os_str());
    assert!(!whole, "{said}");
    for fix in [
        "MISSING rustc",
        "https://rustup.rs",
        "MISSING linker",
        "build-essential",
        "absent  python3",
        "apt install python3 python3-venv",
        "absent  GPU toolkit",
        "https://developer.nvidia.com/cuda-downloads",
    ] {
        assert!(said.contains(fix), "{fix}: {said}");
    }
}
