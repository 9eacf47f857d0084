//! A full disk, on a small one that is mounted for the test; who may not mount one skips these tests.

mod common;

use common::{EXE, folder, start_with};
use serde_json::json;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(name: &str, size: &str) -> Option<Self> {
        let place = folder("disks").join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let options = format!("size={size},mode=700");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&place)
            .output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(place));
        }
        eprintln!("skipped: no disk can be mounted here");
        None
    }

    /// Leaves no byte free; gives the file that takes the space.
    fn fill(&self) -> PathBuf {
        let file = self.0.join("filler");
        // As much as there is room for.
        let copied = std::fs::File::create(&file)
            .and_then(|mut file| std::io::copy(&mut std::io::repeat(1), &mut file));
        assert_eq!(copied.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        file
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// Runs the command, which must fail at once, with nothing on standard error but what it says.
fn refused(mut command: Command) -> String {
    let begin = Instant::now();
    let Output { status, stderr, .. } =
        command.env("CUADERNO_ROOT", "/nonexistent").output().unwrap();
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert!(status.code().is_some_and(|code| code != 0), "{status}: {said}");
    assert!(said.starts_with("cuaderno: ") && said.contains("no space left on the disk"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    said
}

#[test]
fn on_a_full_disk_nothing_begins() {
    let Some(disk) = SmallDisk::mount("full", "1m") else { return };
    disk.fill();
    let ports: Vec<_> =
        (0..5).map(|_| std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap()).collect();
    let port = |at: usize| ports[at].local_addr().unwrap().port();
    let connection = json!({"ip": "127.0.0.1", "transport": "tcp", "key": "k", "shell_port": port(0),
        "iopub_port": port(1), "stdin_port": port(2), "control_port": port(3), "hb_port": port(4)});
    let file = folder("start").join("full.json");
    std::fs::write(&file, connection.to_string()).unwrap();
    drop(ports);
    let command = |cache: &PathBuf| {
        let mut command = Command::new(EXE);
        command.env("CUADERNO_CACHE", cache).env("JUPYTER_DATA_DIR", disk.0.join("jupyter"));
        command
    };
    let mut kernel = command(&disk.0);
    kernel.args(["kernel", "--connection-file"]).arg(&file);
    let said = refused(kernel);
    assert!(said.contains(disk.0.to_str().unwrap()) && said.contains("`cuaderno clean`"), "{said}");

    let notebook = folder("start").join("one.ipynb");
    let cell = json!({"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [],
        "source": "1", "id": "a"});
    let content = json!({"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": [cell]});
    std::fs::write(&notebook, content.to_string()).unwrap();
    for (cache, out) in [(disk.0.clone(), folder("start")), (folder("cache"), disk.0.join("out"))] {
        let mut run = command(&cache);
        run.arg("run").arg(&notebook).arg("--out").arg(out);
        refused(run);
    }
    let mut install = command(&folder("cache"));
    install.arg("install");
    refused(install);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_meanwhile_stops_cells_until_there_is_room() {
    let Some(disk) = SmallDisk::mount("filled", "100m") else { return };
    let mut kernel = start_with(false, |command| {
        command.env("CUADERNO_CACHE", &disk.0);
    })
    .await;
    kernel.good("let kept = vec![1, 2, 3];").await;
    let filler = disk.fill();
    // A replaced variable makes room for a small cell; this one takes four megabytes.
    let large = "static LARGE: [u8; 4 << 20] = [7; 4 << 20]; println!(\"{}\", LARGE[kept.len()]);";
    let (name, value, _) = kernel.bad(large).await;
    assert_eq!(name, "Error");
    assert!(value.starts_with("no space left on the disk"), "{value}");
    std::fs::remove_file(filler).unwrap();
    assert_eq!(kernel.good("println!(\"{kept:?}\");").await.text(false), "[1, 2, 3]\n");
}
