//! The roles of this executable, and the environment variables that give its processes theirs.
//!
//! Jupyter starts the front (`cuaderno kernel`); the front starts `evcxr_jupyter` as a child of the same
//! executable; evcxr starts the executable again to run the cells, and cargo starts it to compile them.

use std::ffi::OsStr;
use std::process::Command;

/// Path of the socket where the front listens to what the cells do.
pub const SOCKET: &str = "CUADERNO_SOCKET";
/// Path of the socket by which the filter requests that cells flush their output.
pub const FLUSH: &str = "CUADERNO_FLUSH";
/// Names this executable to cargo as the one to compile workspace members with: a cell's crate is one.
pub const COMPILE: &str = "RUSTC_WORKSPACE_WRAPPER";
/// The user's `CARGO_HOME`, empty if there is none: rust-analyzer looks there for cargo before the `PATH`, so that the
/// inner kernel is given one of our own.
pub const CARGO_HOME: &str = "CUADERNO_CARGO_HOME";
/// Folder of the sources of the standard library, for rust-analyzer.
pub const LIBRARY_SOURCE: &str = "RUST_SRC_PATH";
/// Set in the process that runs the cells.
pub const CELLS: &str = "CUADERNO_CELLS";
/// Path of a file that exists while an interrupt of the cell is pending.
pub const INTERRUPT: &str = "CUADERNO_INTERRUPT";
/// Path of the file by which the filter gets a line for a cell that reads from its standard input.
pub const INPUT: &str = "CUADERNO_INPUT";
/// The number of the file that is a cell's standard input while it runs.
pub const INPUT_FILE: &str = "CUADERNO_INPUT_FILE";
/// Set for cells that run under this kernel.
pub const KERNEL: &str = "CUADERNO_KERNEL";
/// Turns on Rust's backtraces.
pub const BACKTRACE: &str = "CUADERNO_BACKTRACE";
/// Folder where the library saves figures; also read by the library.
pub const OUTPUT: &str = "CUADERNO_OUTPUT";
/// First argument of the process that prepares the build folder.
pub const PREPARE: &str = "--prepare";
/// First argument of the process that removes a session's folder when the kernel is gone.
pub const INHERIT: &str = "--inherit";

/// Set by evcxr in the process that runs the cells.
pub const EVCXR_RUNTIME: &str = "EVCXR_IS_RUNTIME";
/// Set by evcxr in a process that stands before rustc.
pub const EVCXR_WRAPPER: &str = "EVCXR_RUSTC_WRAPPER";

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
/// by such variables would run again, and compile the library again, in every session that Jupyter starts.
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
