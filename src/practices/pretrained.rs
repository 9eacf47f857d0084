//! Where pretrained weights and word vectors lie beside the real data.

use super::place::REAL_DATA;
use std::path::{Path, PathBuf};

/// The file of pretrained weights `name` in the folder that the environment variable `CUADERNO_WEIGHTS` names, else in
/// `weights` beside the real data; none where there is no such file.
///
/// ```
/// use cuaderno::practices;
/// assert!(practices::weights("no-such-network.safetensors").is_none());
/// ```
pub fn weights(name: &str) -> Option<PathBuf> {
    let beside = folder(REAL_DATA).map(|real| real.join("weights"));
    let mut files = folder("CUADERNO_WEIGHTS").into_iter().chain(beside).map(|f| f.join(name));
    files.find(|file| file.is_file())
}

/// The first file of word vectors (`.txt`, `.vec`, plain or gzip) in `embeddings` beside the real data; none where there is
/// no such file.
///
/// ```
/// use cuaderno::practices;
/// if let Some(file) = practices::word_vectors() {
///     println!("word vectors: {}", file.display());
/// }
/// ```
pub fn word_vectors() -> Option<PathBuf> {
    word_vectors_in(&folder(REAL_DATA)?.join("embeddings"))
}

/// The first file of a folder that has the name of a text file of word vectors.
pub(super) fn word_vectors_in(folder: &Path) -> Option<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let ends = [".vec", ".vec.gz", ".txt", ".txt.gz"];
    files.into_iter().find(|file| {
        file.file_name()
            .is_some_and(|name| ends.iter().any(|end| name.to_string_lossy().ends_with(end)))
    })
}

fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
