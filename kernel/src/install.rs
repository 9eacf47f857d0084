//! The kernelspec: how Jupyter finds and starts this kernel.

use crate::failure::{Failure, Result};
use crate::prepared;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The kernelspec's folder, and the name that notebooks carry.
pub const KERNEL_NAME: &str = "cuaderno";
/// The name that people see.
pub const DISPLAY_NAME: &str = "Rust (cuaderno)";

const LOGO: &str = include_str!("logo.svg");

/// Jupyter's folder for the user's own kernels.
pub fn user_folder() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("JUPYTER_DATA_DIR") {
        return Ok(PathBuf::from(folder));
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).ok_or_else(|| {
        Failure::new("neither JUPYTER_DATA_DIR nor HOME says where Jupyter keeps its kernels")
    })?;
    if cfg!(target_os = "macos") {
        return Ok(home.join("Library/Jupyter"));
    }
    let data = std::env::var_os("XDG_DATA_HOME").filter(|folder| !folder.is_empty());
    Ok(data.map_or_else(|| home.join(".local/share"), PathBuf::from).join("jupyter"))
}

/// Writes the kernelspec under a Jupyter data folder; returns the spec's folder.
pub fn install(data: &Path) -> Result<PathBuf> {
    let folder = spec_folder(data);
    std::fs::create_dir_all(&folder).map_err(|error| Failure::io(&folder, &error))?;
    let exe = std::env::current_exe().map_err(|error| Failure::new(error.to_string()))?;
    let env: Map<String, Value> = prepared::PROFILE
        .iter()
        .map(|(name, value)| (name.to_string(), Value::from(*value)))
        .collect();
    let spec = json!({
        "argv": [exe, "kernel", "--connection-file", "{connection_file}"],
        "display_name": DISPLAY_NAME,
        "language": "rust",
        "interrupt_mode": "message",
        "env": env,
        "metadata": {"debugger": false},
    });
    let mut text =
        serde_json::to_string_pretty(&spec).map_err(|error| Failure::new(error.to_string()))?;
    text.push('\n');
    for (name, content) in [("kernel.json", text.as_str()), ("logo-svg.svg", LOGO)] {
        let file = folder.join(name);
        std::fs::write(&file, content).map_err(|error| Failure::io(&file, &error))?;
    }
    Ok(folder)
}

/// Removes the kernelspec; returns whether there was one.
pub fn uninstall(data: &Path) -> Result<bool> {
    let folder = spec_folder(data);
    match std::fs::remove_dir_all(&folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::io(&folder, &error)),
    }
}

/// The folder of the kernelspec under a Jupyter data folder.
pub fn spec_folder(data: &Path) -> PathBuf {
    data.join("kernels").join(KERNEL_NAME)
}
