//! The command `cuaderno`: a Jupyter kernel that plugs into `evcxr_jupyter`, and a headless notebook runner.
//!
//! The same executable plays several roles (see [`roles`]): the front that Jupyter talks to ([`front`]), the
//! inner kernel (the wrapped `evcxr_jupyter` process), and the process that runs the cells with a filter around it ([`cell`]).

mod cell;
mod cli;
mod dispatch;
mod doctor;
mod failure;
mod folders;
mod front;
mod install;
mod lab;
mod loader;
mod new;
mod prepared;
mod rerun;
mod roles;
mod run;
mod samples;
mod toolchain;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = dispatch::play() {
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
