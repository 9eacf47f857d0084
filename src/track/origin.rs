//! Who runs which program.

use std::path::{Path, PathBuf};

/// The user's name.
pub(super) fn user() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    user.filter(|user| !user.is_empty()).unwrap_or_else(|| "unknown".to_string())
}

/// The program's name.
pub(super) fn source() -> String {
    let program = std::env::args_os().next().map(PathBuf::from);
    let name = program.as_deref().and_then(Path::file_name);
    name.map_or_else(|| "cuaderno".to_string(), |name| name.to_string_lossy().into_owned())
}
