//! The command line.

use crate::failure::{Failure, Result};
use crate::run::{self, Parameter};
use crate::{doctor, folders, front, install, lab, new, prepared, rerun, samples};
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
cuaderno: deep learning in Rust notebooks

  cuaderno run [NOTEBOOK|FOLDER ...]   run notebooks without a front end
  cuaderno lab [ARGUMENT ...]          open JupyterLab on the notebooks
  cuaderno new NAME                    write a notebook that starts, in any folder
  cuaderno install                     register the kernel with Jupyter
  cuaderno uninstall                   remove it from Jupyter
  cuaderno doctor                      list what is there and what is missing
  cuaderno clean [--all]               delete caches that can be made again
  cuaderno data generate [--out DIR]   generate the sample data again
  cuaderno kernel --connection-file F  the kernel itself; Jupyter calls this

`cuaderno COMMAND --help` shows the options of a command.";

const RUN: &str = "\
cuaderno run [NOTEBOOK|FOLDER ...] [OPTIONS]

Runs every cell of each notebook, in order, and leaves the executed notebooks, an HTML page of each, and
every figure as PNG and SVG. Without a path it runs `notebooks`. It stops at the first cell that fails, and its
exit code is then 1.

  --out DIR            where to leave the results (default: output)
  --timeout SECONDS    how long a cell may take (default: no limit)
  --param NAME=VALUE   set a parameter that a cell tagged `parameters` declares; may come again
  --html, --no-html    write an HTML page of each notebook (default), or not
  --keep-going         go on after a cell has failed";

const NEW: &str = "\
cuaderno new NAME

Writes the notebook NAME.ipynb with a cell that brings the library in, a cell of parameters and a first figure. It
runs in any folder.";

const LAB: &str = "\
cuaderno lab [ARGUMENT ...]

Opens JupyterLab on the folder `notebooks`, with this kernel in it. The first time it makes a virtual
environment with exact versions in the cache folder, which needs Python 3 and PyPI. All arguments
go to JupyterLab, such as `--no-browser` and `--port 8890`.";

const INSTALL: &str = "\
cuaderno install

Writes the kernelspec `Rust (cuaderno)` into the user's Jupyter folder, so that any Jupyter front end offers the
kernel, and builds the library for notebooks, so that the first cell need not.";

const UNINSTALL: &str =
    "cuaderno uninstall\n\nRemoves the kernelspec from the user's Jupyter folder.";

const DOCTOR: &str = "\
cuaderno doctor

Lists what is there and what is missing, a line each, and how to fix it. The exit code is 1 if something is
missing that the kernel needs.";

const CLEAN: &str = "\
cuaderno clean [--all]

Removes the folders of kernels that are no more and the prepared builds that no kernel uses now; `--all` also removes
the JupyterLab environment. Everything is made again when it is needed.";

const DATA: &str = "\
cuaderno data generate [--out DIR]

Writes the samples of the practices again: `poi`, `art` and `sentiment`, the same bytes on every run. It builds the
library's example `generate_data`.

  --out DIR    the folder to write them into (default: data)";

const KERNEL: &str = "\
cuaderno kernel --connection-file FILE

Runs the kernel until it is shut down. Jupyter writes the file and calls this.";

/// Runs the command that the arguments name.
pub fn main() -> Result<ExitCode> {
    let mut parser = Parser::from_env();
    let command = match parser.next().map_err(usage)? {
        Some(Arg::Value(command)) => command.string().map_err(usage)?,
        Some(Arg::Short('h') | Arg::Long("help")) | None => {
            println!("{HELP}");
            return Ok(ExitCode::SUCCESS);
        }
        Some(Arg::Short('V') | Arg::Long("version")) => {
            println!("cuaderno {}", env!("CARGO_PKG_VERSION"));
            return Ok(ExitCode::SUCCESS);
        }
        Some(other) => return Err(usage(other.unexpected())),
    };
    match command.as_str() {
        "run" => run_command(parser),
        "lab" => lab_command(parser),
        "new" => new_command(parser),
        "kernel" => kernel_command(parser),
        "install" => simple(parser, INSTALL, || {
            let folder = install::install(&install::user_folder()?)?;
            println!("kernel `{}` in {}", install::DISPLAY_NAME, folder.display());
            if let Some(library) = prepared::library() {
                prepared::ensure(&library, &mut |line| eprintln!("{line}"))?;
            }
            Ok(ExitCode::SUCCESS)
        }),
        "uninstall" => simple(parser, UNINSTALL, || {
            let removed = install::uninstall(&install::user_folder()?)?;
            println!("{}", if removed { "removed" } else { "it was not installed" });
            Ok(ExitCode::SUCCESS)
        }),
        "doctor" => simple(parser, DOCTOR, || {
            Ok(if doctor::run() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }),
        "clean" => clean_command(parser),
        "data" => data_command(parser),
        other => Err(usage(format!("there is no command `{other}`").into())),
    }
}

fn run_command(mut parser: Parser) -> Result<ExitCode> {
    let mut options = run::Options {
        paths: Vec::new(),
        out: rerun::task_folder().unwrap_or_else(|| PathBuf::from("output")),
        timeout: None,
        parameters: Vec::new(),
        html: true,
        keep_going: false,
    };
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Arg::Value(path) => options.paths.push(path.into()),
            Arg::Long("out") => options.out = parser.value().map_err(usage)?.into(),
            Arg::Long("timeout") => {
                let seconds: f64 = parser.value().and_then(|value| value.parse()).map_err(usage)?;
                let timeout = Duration::try_from_secs_f64(seconds);
                options.timeout = Some(timeout.map_err(|error| usage(error.to_string().into()))?);
            }
            Arg::Long("param") => {
                let text = parser.value().and_then(|value| value.string()).map_err(usage)?;
                let parameter = Parameter::parse(&text)
                    .ok_or_else(|| usage(format!("`{text}` is not NAME=VALUE").into()))?;
                options.parameters.push(parameter);
            }
            Arg::Long("html") => options.html = true,
            Arg::Long("no-html") => options.html = false,
            Arg::Long("keep-going") => options.keep_going = true,
            Arg::Short('h') | Arg::Long("help") => return help(RUN),
            other => return Err(usage(other.unexpected())),
        }
    }
    if options.paths.is_empty() {
        options.paths.push(PathBuf::from("notebooks"));
    }
    let failed = run::run(&options)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn new_command(mut parser: Parser) -> Result<ExitCode> {
    let mut name = None;
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Arg::Value(value) if name.is_none() => name = Some(value.string().map_err(usage)?),
            Arg::Short('h') | Arg::Long("help") => return help(NEW),
            other => return Err(usage(other.unexpected())),
        }
    }
    let name = name.ok_or_else(|| usage("`cuaderno new` expects a name".into()))?;
    println!("{}", new::new(&name)?.display());
    Ok(ExitCode::SUCCESS)
}

fn lab_command(mut parser: Parser) -> Result<ExitCode> {
    let args: Vec<OsString> = parser.raw_args().map_err(usage)?.collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return help(LAB);
    }
    lab::run(&args).map(|()| ExitCode::SUCCESS)
}

fn kernel_command(mut parser: Parser) -> Result<ExitCode> {
    let mut file = None;
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Arg::Long("connection-file") | Arg::Short('f') => {
                file = Some(PathBuf::from(parser.value().map_err(usage)?));
            }
            Arg::Short('h') | Arg::Long("help") => return help(KERNEL),
            other => return Err(usage(other.unexpected())),
        }
    }
    let file = file.ok_or_else(|| {
        Failure::new("no connection file")
            .help("Jupyter starts the kernel; `cuaderno lab` opens JupyterLab")
    })?;
    front::run(&file).map(|()| ExitCode::SUCCESS)
}

fn clean_command(mut parser: Parser) -> Result<ExitCode> {
    let mut all = false;
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Arg::Long("all") => all = true,
            Arg::Short('h') | Arg::Long("help") => return help(CLEAN),
            other => return Err(usage(other.unexpected())),
        }
    }
    let cache = folders::cache()?;
    let before = folders::size(&cache);
    folders::sweep()?;
    prepared::remove()?;
    if all {
        let environment = lab::environment_folder()?;
        if environment.exists() {
            std::fs::remove_dir_all(&environment)
                .map_err(|error| Failure::io(&environment, &error))?;
        }
    }
    let freed = before.saturating_sub(folders::size(&cache));
    println!("freed {} MB in {}", freed >> 20, cache.display());
    Ok(ExitCode::SUCCESS)
}

fn data_command(mut parser: Parser) -> Result<ExitCode> {
    let mut out = PathBuf::from("data");
    let mut generate = false;
    while let Some(arg) = parser.next().map_err(usage)? {
        match arg {
            Arg::Value(word) if word == "generate" => generate = true,
            Arg::Long("out") => out = parser.value().map_err(usage)?.into(),
            Arg::Short('h') | Arg::Long("help") => return help(DATA),
            other => return Err(usage(other.unexpected())),
        }
    }
    if !generate {
        return Err(usage("`cuaderno data` expects `generate`".into()));
    }
    samples::generate(&out)?;
    println!("the samples are in {}", out.display());
    Ok(ExitCode::SUCCESS)
}

/// A command without arguments.
fn simple(
    mut parser: Parser,
    text: &str,
    act: impl FnOnce() -> Result<ExitCode>,
) -> Result<ExitCode> {
    match parser.next().map_err(usage)? {
        None => act(),
        Some(Arg::Short('h') | Arg::Long("help")) => help(text),
        Some(other) => Err(usage(other.unexpected())),
    }
}

fn help(text: &str) -> Result<ExitCode> {
    println!("{text}");
    Ok(ExitCode::SUCCESS)
}

fn usage(error: lexopt::Error) -> Failure {
    Failure::new(error.to_string()).help("`cuaderno --help` lists the commands")
}
