//! `cuaderno lab`: JupyterLab in a virtual environment of its own, with this kernel in it.

use crate::failure::{Failure, Result};
use crate::folders::{self, Lock};
use crate::{install, prepared, toolchain};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../requirements.txt");
/// JupyterLab's settings in this environment, where users have not chosen their own: it does not prompt whether to fetch
/// news, and looks for no newer version of itself, which the environment does not take.
const SETTINGS: &str = r#"{
    "@jupyterlab/apputils-extension:notification": { "fetchNews": "false", "checkForUpdates": false }
}
"#;

/// Opens JupyterLab on the notebooks; returns only if that fails. `args` go to JupyterLab.
pub fn run(args: &[OsString]) -> Result<()> {
    if let Some(library) = prepared::library() {
        prepared::ensure(&library, &mut |line| eprintln!("{line}"))?;
    }
    let environment = environment()?;
    let spec = install::install(&environment.join("share/jupyter"))?;
    eprintln!("kernel `{}` in {}", install::DISPLAY_NAME, spec.display());
    let settings = environment.join("share/jupyter/lab/settings");
    std::fs::create_dir_all(&settings).map_err(|error| Failure::io(&settings, &error))?;
    folders::write_private(&settings.join("overrides.json"), SETTINGS.as_bytes())?;
    let root = root()?;
    let mut command = Command::new(environment.join("bin/jupyter-lab"));
    command.arg(format!("--ServerApp.root_dir={}", root.display())).current_dir(&root);
    if root.join("notebooks").is_dir() {
        command.arg("--LabApp.default_url=/lab/tree/notebooks");
    }
    let error = command.args(args).exec();
    Err(Failure::new(format!("cannot start JupyterLab: {error}")).file(&environment).help(
        "`cuaderno clean --all` removes the environment, so that the next start makes it again",
    ))
}

/// The folder to open: here if there are notebooks here, otherwise the library's.
fn root() -> Result<PathBuf> {
    let here = std::env::current_dir().map_err(|error| Failure::new(error.to_string()))?;
    if here.join("notebooks").is_dir() {
        return Ok(here);
    }
    Ok(prepared::library().filter(|library| library.join("notebooks").is_dir()).unwrap_or(here))
}

/// The folder of the environment; its name holds the versions in it.
pub fn environment_folder() -> Result<PathBuf> {
    let digest = Sha256::digest(REQUIREMENTS.as_bytes());
    let name: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(folders::cache()?.join(format!("lab-{name}")))
}

/// Makes the environment unless it is there.
fn environment() -> Result<PathBuf> {
    let folder = environment_folder()?;
    let ready = folder.join("ready");
    let _lock = Lock::wait(&folder.with_extension("lock"))?;
    if ready.is_file() {
        return Ok(folder);
    }
    eprintln!(
        "making an environment for JupyterLab in {} (once, about a minute)",
        folder.display()
    );
    let _ = std::fs::remove_dir_all(&folder);
    let python = toolchain::on_path("python3").ok_or_else(|| {
        Failure::new("there is no `python3` on the PATH, which JupyterLab needs")
            .help("install Python 3.10 or later (on Debian and Ubuntu: `sudo apt install python3 python3-venv`)")
    })?;
    let made = run_step(Command::new(&python).args(["-m", "venv"]).arg(&folder));
    if let Err(failure) = made {
        let _ = std::fs::remove_dir_all(&folder);
        return Err(failure.help(
            "Python's `venv` module may be missing (on Debian and Ubuntu: `sudo apt install python3-venv`)",
        ));
    }
    let requirements = folder.join("requirements.txt");
    folders::write_private(&requirements, REQUIREMENTS.as_bytes())?;
    run_step(
        Command::new(folder.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&requirements),
    )
    .map_err(|failure| {
        failure.help("look at pip's message above; a connection to PyPI is needed once")
    })?;
    folders::write_private(&ready, b"")?;
    Ok(folder)
}

fn run_step(command: &mut Command) -> Result<()> {
    let what = Path::new(command.get_program()).to_path_buf();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("ended with {status}")).file(&what)),
        Err(error) => Err(Failure::io(&what, &error)),
    }
}
