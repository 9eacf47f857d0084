//! The library in cells of `evcxr_jupyter` alone, which shows images when a cell has ended, and only one of them.

mod common;

use common::{EXE, Kernel, folder, free_ports, import, root, start, start_at};
use jupyter_protocol::JupyterMessageContent as Content;
use jupyter_protocol::media::MediaType;
use std::path::PathBuf;
use std::process::Command;

/// A copy of the folder where the library is built for cells, which would else be built here once more.
async fn build_folder() -> PathBuf {
    // A kernel that is ready has prepared it.
    start(true).await.good("1").await;
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = of("CUADERNO_CACHE")
        .or_else(|| Some(of("XDG_CACHE_HOME")?.join("cuaderno")))
        .unwrap_or_else(|| of("HOME").unwrap().join(".cache/cuaderno"));
    let line = format!("path = \"{}\"", root().display());
    let mut prepared: Vec<PathBuf> = std::fs::read_dir(cache.join("build"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| {
            std::fs::read_to_string(folder.join("Cargo.toml"))
                .is_ok_and(|text| text.contains(&line))
        })
        .collect();
    prepared.sort_by_key(|folder| {
        std::fs::metadata(folder.with_extension("lock")).unwrap().modified().unwrap()
    });
    let copy = folder("plain");
    let _ = std::fs::remove_dir_all(&copy);
    let copied = Command::new("cp").arg("-a").arg(prepared.pop().unwrap()).arg(&copy).status();
    assert!(copied.unwrap().success());
    // The levels of its crates stand above it.
    let settings = copy.with_file_name(".cargo");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::copy(cache.join(".cargo/config.toml"), settings.join("config.toml")).unwrap();
    copy
}

async fn start_plain() -> Kernel {
    let build = build_folder().await;
    let mut kernel = start_at(&free_ports(), |file| {
        let mut command = Command::new(EXE);
        // Cargo has set much that would have the library built again, or another one loaded.
        command.arg("--control_file").arg(file).env_clear().env("EVCXR_TMPDIR", &build);
        for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        // The path to the standard library in a cell's object is wrong by a folder, which shows below the home alone.
        let libraries = Command::new("rustc").args(["--print", "target-libdir"]).output().unwrap();
        command.env("LD_LIBRARY_PATH", String::from_utf8(libraries.stdout).unwrap().trim_end());
        for (name, value) in
            [("OPT_LEVEL", "3"), ("DEBUG_ASSERTIONS", "false"), ("OVERFLOW_CHECKS", "false")]
        {
            command.env(format!("CARGO_PROFILE_DEV_{name}"), value);
        }
        command
    })
    .await;
    // Its first cell empties the list of versions.
    kernel.good("1").await;
    std::fs::copy(root().join("Cargo.lock"), build.join("Cargo.lock")).unwrap();
    kernel
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_becomes_lines_and_one_figure() {
    let mut kernel = start_plain().await;
    kernel
        .good(&import("use cuaderno::prelude::*;\nuse cuaderno::notebook::{self, Bundle};"))
        .await;
    let code = "let mut live = Live::new();\nfor epoch in 1..=3 {\n    \
                live.show(&plot::bars(&[\"ñ\"], &[f64::from(epoch)])?.title(format!(\"epoch {epoch}\")));\n    \
                std::thread::sleep(std::time::Duration::from_millis(1100));\n}\nlive.finish();\n\
                notebook::clear_output(true);\nlet mut progress = Progress::new(\"work\", 2);\n\
                progress.step(2); progress.finish();\nnotebook::check()?;";
    let cell = kernel.good(code).await;
    let said = cell.text(false);
    for epoch in 1..=3 {
        assert_eq!(said.matches(&format!("epoch {epoch}")).count(), 1, "{said}");
    }
    assert_eq!(said.matches("work ████").count(), 1, "{said}");
    assert!(!said.contains("EVCXR") && !said.contains("cuaderno.message"), "{said}");
    let shown: Vec<_> = cell
        .messages
        .iter()
        .filter_map(|message| match message {
            Content::ExecuteResult(result) => Some(&result.data),
            Content::DisplayData(display) => Some(&display.data),
            Content::StreamContent(_) => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shown.len(), 1, "{:?}", cell.messages);
    let has = |wanted: fn(&MediaType) -> bool| shown[0].content.iter().any(wanted);
    assert!(
        has(|part| matches!(part, MediaType::Png(_)))
            || has(|part| matches!(part, MediaType::Svg(_)))
    );
    // `display` too, and a value at a cell's end.
    let cell = kernel.good("display(&plot::bars(&[\"b\"], &[1.0])?);").await;
    assert!(!cell.messages.is_empty());
    let cell = kernel.good("Table::from_columns(vec![(\"x\", Column::from(vec![1.0]))])?").await;
    assert!(
        cell.messages.iter().any(|m| matches!(m, Content::ExecuteResult(_))),
        "{:?}",
        cell.messages
    );
}
