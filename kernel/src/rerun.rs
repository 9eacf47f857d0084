//! The command line that runs a notebook again: a task of a cluster's job array starts with it.

use crate::failure::{Failure, Result};
use crate::roles;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable with the command line, a JSON array of words; read by the library.
pub const RERUN: &str = "CUADERNO_RERUN";
/// The notebook for which a Jupyter server has started this kernel.
const SESSION: &str = "JPY_SESSION_NAME";

/// The words of the command line for `notebook` with `parameters`, each `name=value`, as JSON.
pub fn command_line(notebook: &Path, parameters: &[String]) -> Result<String> {
    let exe = std::env::current_exe().map_err(|error| Failure::new(error.to_string()))?;
    let notebook = notebook.canonicalize().map_err(|error| Failure::io(notebook, &error))?;
    let mut words = vec![exe.display().to_string(), "run".into(), notebook.display().to_string()];
    for parameter in parameters {
        words.extend(["--param".to_string(), parameter.clone()]);
    }
    words.push("--no-html".to_string());
    serde_json::to_string(&words).map_err(|error| Failure::new(error.to_string()))
}

/// The command line for the cells of the inner kernel that `command` starts: that of `cuaderno run`, or the one for the
/// notebook that the front end names. Before it stands `env`, which takes away what the inner kernel gets, since whoever
/// submits a job passes on the environment of the cells.
pub fn from_cells(command: &Command) -> Option<String> {
    let own = match std::env::var(RERUN) {
        Ok(words) => words,
        Err(_) => {
            let notebook = PathBuf::from(std::env::var_os(SESSION)?);
            notebook.extension().filter(|extension| *extension == "ipynb")?;
            command_line(&notebook, &[]).ok()?
        }
    };
    let later = [roles::EVCXR_RUNTIME, roles::EVCXR_WRAPPER, roles::CELLS, roles::INPUT_FILE];
    let given = command.get_envs().filter_map(|(name, value)| value.map(|_| name));
    let mut words = vec!["env".to_string()];
    let mut restored = Vec::new();
    for name in given.chain(later.map(OsStr::new)) {
        let name = name.to_str()?;
        match std::env::var(name) {
            Ok(value) => restored.push(format!("{name}={value}")),
            Err(_) => words.extend(["-u".to_string(), name.to_string()]),
        }
    }
    words.append(&mut restored);
    words.extend(serde_json::from_str::<Vec<String>>(&own).ok()?);
    serde_json::to_string(&words).ok()
}

/// The folder for the results of a task of a job array, where this process is one.
pub fn task_folder() -> Option<PathBuf> {
    let array = std::env::var_os("CUADERNO_ARRAY")?;
    let task = std::env::var("SLURM_ARRAY_TASK_ID").ok()?;
    Some(PathBuf::from(array).join("slurm").join(format!("notebook-{task}")))
}
