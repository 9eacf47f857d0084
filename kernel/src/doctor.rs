//! `cuaderno doctor`: what is there, what is missing, and how to fix it.

use crate::{folders, install, lab, prepared, toolchain};
use std::io::Write;
use std::process::Command;

/// Prints a line for each thing; returns whether all that is needed is there.
pub fn run() -> bool {
    let mut whole = true;
    let mut line = |needed: bool, name: &str, found: Result<String, String>| {
        let (mark, text) = match &found {
            Ok(text) => ("ok     ", text),
            Err(text) if needed => ("MISSING", text),
            Err(text) => ("absent ", text),
        };
        whole &= found.is_ok() || !needed;
        // A reader such as `head` may leave before the end.
        let _ = writeln!(std::io::stdout(), "{mark} {name}: {text}");
    };
    for tool in ["rustc", "cargo"] {
        let fix = format!("not on the PATH; install a toolchain from https://rustup.rs ({tool})");
        line(true, tool, version(tool, "--version").ok_or(fix));
    }
    let linker = ["cc", "gcc", "clang"].into_iter().find(|name| toolchain::on_path(name).is_some());
    line(
        true,
        "linker",
        linker.map(str::to_string).ok_or_else(|| "no C compiler to link with; on Debian and Ubuntu: `sudo apt install build-essential`".to_string()),
    );
    let fast = ["mold", "lld"].into_iter().find(|name| toolchain::on_path(name).is_some());
    line(
        false,
        "fast linker",
        fast.map(str::to_string).ok_or_else(|| {
            "cells link faster with one; on Debian and Ubuntu: `sudo apt install lld`".to_string()
        }),
    );
    let sources = prepared::library();
    line(
        true,
        "library",
        sources.map(|folder| folder.display().to_string()).ok_or_else(|| {
            "its sources are neither where they were when this command was built nor in share/cuaderno beside it; build it again, or set CUADERNO_ROOT".to_string()
        }),
    );
    let python = version("python3", "--version");
    line(false, "python3", python.ok_or_else(|| "only `cuaderno lab` needs it; on Debian and Ubuntu: `sudo apt install python3 python3-venv`".to_string()));
    let lab = lab::environment_folder().map_err(|failure| failure.to_string()).and_then(|folder| {
        if folder.join("ready").is_file() {
            Ok(folder.display().to_string())
        } else {
            Err("not set up yet; `cuaderno lab` does it".to_string())
        }
    });
    line(false, "JupyterLab", lab);
    let spec = install::user_folder().map_err(|failure| failure.to_string()).and_then(|data| {
        let spec = install::spec_folder(&data);
        if spec.join("kernel.json").is_file() {
            Ok(spec.display().to_string())
        } else {
            Err("other Jupyter front ends do not know the kernel; `cuaderno install` registers it"
                .to_string())
        }
    });
    line(false, "kernelspec", spec);
    let gpu = version("nvcc", "--version");
    line(
        false,
        "GPU toolkit",
        gpu.ok_or_else(|| "no CUDA toolkit (`nvcc`), and all works on the CPU; NVIDIA has it at https://developer.nvidia.com/cuda-downloads".to_string()),
    );
    let cache = folders::cache();
    line(
        true,
        "cache",
        cache.as_ref().map_err(ToString::to_string).map(|folder| {
            format!(
                "{} ({} MB; `cuaderno clean` frees it)",
                folder.display(),
                folders::size(folder) >> 20
            )
        }),
    );
    if let Ok(folder) = cache
        && let Some(free) = folders::free(&folder)
    {
        let free = free >> 20;
        let enough = free > 2048;
        let text = format!("{free} MB free");
        line(
            true,
            "space",
            if enough {
                Ok(text)
            } else {
                Err(format!("{text}; building needs about 2000, `cuaderno clean` frees some"))
            },
        );
    }
    whole
}

/// The first line of a tool's version.
fn version(tool: &str, flag: &str) -> Option<String> {
    let output =
        Command::new(tool).arg(flag).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("release")).or(text.lines().next())?;
    Some(line.trim().to_string())
}
