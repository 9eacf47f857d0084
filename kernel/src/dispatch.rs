//! Finds the role of this process and plays it.

use crate::roles;
use rustix::process::{Signal, getpid, kill_process};
use std::ffi::OsStr;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Plays the role that evcxr or the front gave to this process; `None` if it is the user's command.
pub fn play() -> Option<ExitCode> {
    let is_set = |name| std::env::var_os(name).is_some();
    if is_set(roles::COMPILE) {
        let stand_in = match std::env::args_os().next().as_deref().map(Path::new)?.file_name()? {
            name if name == "cargo" => Some(crate::cell::cargo::cargo()),
            name if name == "rustup" => Some(crate::cell::cargo::rustup()),
            _ => None,
        };
        if let Some(ran) = stand_in {
            return Some(finish(ran.map_err(|error| format!("cuaderno: {error}"))));
        }
    }
    // With `:allow_static_linking 0`, evcxr has a part in every compilation but that of the cells themselves.
    let compiles = std::env::args_os().nth(1).is_some_and(|arg| is_rustc(&arg));
    if is_set(roles::COMPILE)
        && compiles
        && (!is_set(roles::EVCXR_WRAPPER) || crate::cell::compile::is_cell())
    {
        eprintln!("cuaderno: cannot start rustc: {}", crate::cell::compile::main());
        return Some(ExitCode::FAILURE);
    }
    if is_set(roles::EVCXR_RUNTIME) && is_set(roles::SOCKET) && !is_set(roles::CELLS) {
        return Some(match crate::cell::filter::main() {
            Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
            Err(error) => {
                eprintln!("cuaderno: cannot follow the cells' output: {error}");
                ExitCode::FAILURE
            }
        });
    }
    if is_set(roles::EVCXR_RUNTIME) {
        die_with_parent();
    }
    if is_set(roles::EVCXR_RUNTIME) || is_set(roles::EVCXR_WRAPPER) {
        evcxr::runtime_hook();
    }
    match std::env::args().nth(1).as_deref() {
        Some("--control_file") => {
            die_with_parent();
            Some(finish(evcxr_jupyter::main().map_err(|error| format!("{error:#}"))))
        }
        Some(roles::PREPARE) => {
            die_with_parent();
            Some(finish(crate::prepared::build()))
        }
        Some(roles::INHERIT) => {
            crate::folders::inherit(Path::new(&std::env::args_os().nth(2)?));
            Some(ExitCode::SUCCESS)
        }
        _ => None,
    }
}

/// Cargo gives the path of the compiler as the first argument.
fn is_rustc(arg: &OsStr) -> bool {
    Path::new(arg).file_stem().is_some_and(|name| name == "rustc")
}

fn finish(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Ends this process when the process that started it has ended, however that happened.
fn die_with_parent() {
    let parent = parent_id();
    std::thread::spawn(move || {
        while parent_id() == parent {
            std::thread::sleep(Duration::from_millis(200));
        }
        // Not `exit`: destructors of the cells' libraries may wait for threads that are busy.
        let _ = kill_process(getpid(), Signal::KILL);
    });
}
