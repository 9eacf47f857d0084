//! The roles of this executable, and the environment variables by which its processes know theirs.
//!
//! Jupyter starts the front (`cuaderno kernel`); the front starts `evcxr_jupyter` as a child of the same
//! executable; evcxr starts the executable again to run the cells, and cargo starts it to compile them.

use rustix::process::{Signal, getpid, kill_process};
use std::ffi::OsStr;
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// Path of the socket where the front listens to what the cells do.
pub const SOCKET: &str = "CUADERNO_SOCKET";
/// Path of the socket by which the filter asks the cells to flush their output.
pub const FLUSH: &str = "CUADERNO_FLUSH";
/// Names this executable to cargo as the one to compile workspace members with: a cell's crate is one.
pub const COMPILE: &str = "RUSTC_WORKSPACE_WRAPPER";
/// The user's `CARGO_HOME`, empty if there is none: rust-analyzer looks there for cargo before the `PATH`, so that the
/// kernel behind is given one of our own.
pub const CARGO_HOME: &str = "CUADERNO_CARGO_HOME";
/// Where rust-analyzer finds the sources of the standard library.
pub const LIBRARY_SOURCE: &str = "RUST_SRC_PATH";
/// Set in the process that runs the cells.
pub const CELLS: &str = "CUADERNO_CELLS";
/// Path of a file that exists while the user asks the cell to stop.
pub const INTERRUPT: &str = "CUADERNO_INTERRUPT";
/// Set for cells that run under this kernel.
pub const KERNEL: &str = "CUADERNO_KERNEL";
/// Set by users who want Rust's backtraces.
pub const BACKTRACE: &str = "CUADERNO_BACKTRACE";
/// Folder where the library saves figures; also read by the library.
pub const OUTPUT: &str = "CUADERNO_OUTPUT";
/// First argument of the process that prepares the build folder.
pub const PREPARE: &str = "--prepare";
/// First argument of the process that removes a session's folder when the kernel is gone.
pub const INHERIT: &str = "--inherit";

const EVCXR_RUNTIME: &str = "EVCXR_IS_RUNTIME";
const EVCXR_WRAPPER: &str = "EVCXR_RUSTC_WRAPPER";

/// Plays the role that evcxr or the front gave to this process; `None` if it is the user's command.
pub fn play() -> Option<ExitCode> {
    let is_set = |name| std::env::var_os(name).is_some();
    if is_set(COMPILE) {
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
    if is_set(COMPILE) && compiles && (!is_set(EVCXR_WRAPPER) || crate::cell::compile::is_cell()) {
        eprintln!("cuaderno: cannot start rustc: {}", crate::cell::compile::main());
        return Some(ExitCode::FAILURE);
    }
    if is_set(EVCXR_RUNTIME) && is_set(SOCKET) && !is_set(CELLS) {
        return Some(match crate::cell::filter::main() {
            Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
            Err(error) => {
                eprintln!("cuaderno: cannot follow the cells' output: {error}");
                ExitCode::FAILURE
            }
        });
    }
    if is_set(EVCXR_RUNTIME) {
        die_with_parent();
    }
    if is_set(EVCXR_RUNTIME) || is_set(EVCXR_WRAPPER) {
        evcxr::runtime_hook();
    }
    match std::env::args().nth(1).as_deref() {
        Some("--control_file") => {
            die_with_parent();
            Some(finish(evcxr_jupyter::main().map_err(|error| format!("{error:#}"))))
        }
        Some(PREPARE) => {
            die_with_parent();
            Some(finish(crate::prepared::build()))
        }
        Some(INHERIT) => {
            crate::folders::inherit(Path::new(&std::env::args_os().nth(2)?));
            Some(ExitCode::SUCCESS)
        }
        _ => None,
    }
}

/// Gives a process that is the user's the environment that the user has.
pub fn restore(command: &mut Command) -> &mut Command {
    if let Some(home) = std::env::var_os(CARGO_HOME) {
        command.env_remove(CARGO_HOME);
        if home.is_empty() {
            command.env_remove("CARGO_HOME");
        } else {
            command.env("CARGO_HOME", home);
        }
    }
    command
}

/// Takes from a process what cargo has set for this one, if cargo runs it, as in `cargo cuaderno`: build scripts that go
/// by such variables would run again, and compile the library anew, in every session that Jupyter starts.
pub fn forget_package(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_package(name)) {
        command.env_remove(name);
    }
    command
}

fn is_of_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let groups = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];
    let single = ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    groups.iter().any(|group| name.starts_with(group)) || single.contains(&&*name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_does_not_learn_which_package_cargo_runs() {
        let mut command = Command::new("true");
        let changed: Vec<_> = forget_package(&mut command).get_envs().collect();
        // Cargo runs this test.
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION_MAJOR"] {
            assert!(changed.contains(&(OsStr::new(name), None)), "{name}");
        }
        for name in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_PROFILE_DEV_DEBUG", "PATH"] {
            assert!(!is_of_package(OsStr::new(name)), "{name}");
        }
    }
}
