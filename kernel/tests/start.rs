//! A kernel that cannot start says why on standard error and ends with a code that is not zero.

mod common;

use common::{EXE, folder, start_with};
use serde_json::json;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A connection file of these tests, on free ports but for what `change` does to it.
fn connection(name: &str, change: impl FnOnce(&mut serde_json::Value)) -> PathBuf {
    let listeners: Vec<_> = (0..5).map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap()).collect();
    let port = |at: usize| listeners[at].local_addr().unwrap().port();
    let mut content = json!({
        "ip": "127.0.0.1", "transport": "tcp", "key": "a test's key",
        "signature_scheme": "hmac-sha256", "shell_port": port(0), "iopub_port": port(1),
        "stdin_port": port(2), "control_port": port(3), "hb_port": port(4),
    });
    change(&mut content);
    let file = folder("start").join(name);
    std::fs::write(&file, content.to_string()).unwrap();
    file
}

/// Starts a kernel that must not start; gives what it says.
fn refused(connection: &Path, change: impl FnOnce(&mut Command)) -> String {
    let mut command = Command::new(EXE);
    command
        .args(["kernel", "--connection-file"])
        .arg(connection)
        .env("CUADERNO_CACHE", folder("cache"))
        .env("CUADERNO_ROOT", "/nonexistent");
    change(&mut command);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code().is_some_and(|code| code != 0), "{:?}: {said}", output.status);
    assert!(said.starts_with("cuaderno: ") && !said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_connection_file_that_is_missing_or_none_is_named() {
    let missing = folder("start").join("missing.json");
    let said = refused(&missing, |_| {});
    assert!(said.contains("missing.json: there is no such file"), "{said}");
    // Root may read any file, so that an unreadable one is a folder here.
    let said = refused(&folder("start"), |_| {});
    assert!(said.contains(folder("start").to_str().unwrap()), "{said}");
    let broken = folder("start").join("broken.json");
    std::fs::write(&broken, "{\"ip\": ").unwrap();
    assert!(refused(&broken, |_| {}).contains("broken.json: not a connection file"));
    let file = connection("portless.json", |content| drop(content["hb_port"].take()));
    assert!(refused(&file, |_| {}).contains("no port `hb_port`"));
    let file = connection("key.json", |content| content["signature_scheme"] = "hmac-md5".into());
    assert!(refused(&file, |_| {}).contains("`hmac-md5` is not supported"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    for name in ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"] {
        let file = connection(&format!("taken-{name}.json"), |content| content[name] = port.into());
        let said = refused(&file, |_| {});
        assert!(said.contains(&format!("127.0.0.1:{port}")), "{name}: {said}");
    }
}

#[test]
fn without_a_toolchain_the_kernel_says_where_to_get_one() {
    let file = connection("toolchain.json", |_| {});
    let said = refused(&file, |command| {
        command.env("PATH", folder("start"));
    });
    assert!(said.contains("no Rust toolchain") && said.contains("https://rustup.rs"), "{said}");
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let file = connection("cache.json", |_| {});
    // Nobody, not even root, can make a folder below a file.
    let cache = file.join("cache");
    let said = refused(&file, |command| {
        command.env("CUADERNO_CACHE", &cache);
    });
    assert!(said.contains(cache.to_str().unwrap()), "{said}");
    let said = refused(&file, |command| {
        command.env_remove("CUADERNO_CACHE").env_remove("XDG_CACHE_HOME").env_remove("HOME");
    });
    assert!(said.contains("CUADERNO_CACHE"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_before_the_inner_kernel_listens_is_given_up() {
    let mut taken = None;
    // Whoever is slower than the inner kernel, which has the port then, tries again with a new one.
    for attempt in 0..5 {
        let cache = folder(&format!("port-cache-{attempt}"));
        // Of an earlier run.
        let _ = std::fs::remove_dir_all(cache.join("sessions"));
        let done = Arc::new(AtomicBool::new(false));
        let taker = std::thread::spawn({
            let (sessions, done) = (cache.join("sessions"), done.clone());
            move || take_a_port(&sessions, &done)
        });
        let mut kernel = start_with(false, |command| {
            command.env("CUADERNO_CACHE", &cache);
        })
        .await;
        assert_eq!(kernel.good("println!(\"{}\", 6 * 7);").await.text(false), "42\n");
        done.store(true, Ordering::Relaxed);
        taken = taker.join().unwrap();
        if taken.is_some() {
            break;
        }
    }
    assert!(taken.is_some(), "the inner kernel was always first");
}

/// Listens at a port of the first inner kernel whose connection file comes, before it does.
fn take_a_port(sessions: &Path, done: &AtomicBool) -> Option<TcpListener> {
    while !done.load(Ordering::Relaxed) {
        let files = std::fs::read_dir(sessions).into_iter().flatten().flatten();
        for file in files.map(|session| session.path().join("inner.json")) {
            let Ok(text) = std::fs::read_to_string(file) else { continue };
            let Ok(content) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
            let port = u16::try_from(content["iopub_port"].as_u64().unwrap()).unwrap();
            return TcpListener::bind(("127.0.0.1", port)).ok();
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    None
}
