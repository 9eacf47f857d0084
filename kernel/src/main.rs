//! The command `cuaderno`: a Jupyter kernel that plugs into `evcxr_jupyter`, and a headless notebook runner.
//!
//! The same executable plays several roles (see [`roles`]): the front that Jupyter talks to ([`front`]), the
//! kernel behind it, and the process that runs the cells with a filter around it ([`cell`]).

mod cell;
mod cli;
mod doctor;
mod failure;
mod folders;
mod front;
mod install;
mod lab;
mod loader;
mod prepared;
mod roles;
mod run;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = roles::play() {
        return code;
    }
    match cli::main() {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("cuaderno: {failure}");
            ExitCode::FAILURE
        }
    }
}
