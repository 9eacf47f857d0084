//! Files for the tests of this module.

use std::path::PathBuf;

/// A folder of the test `name` with empty files.
pub(super) fn folder(name: &str, files: &[&str]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
    for file in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    folder
}
