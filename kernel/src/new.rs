//! `cuaderno new`: a notebook that starts, in any folder.

use crate::failure::{Failure, Result};
use crate::{front, install};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The code cells of a new notebook, each with its tag.
const CELLS: [(&str, Option<&str>); 3] = [
    (":dep cuaderno\nuse cuaderno::prelude::*;\nuse cuaderno::plot::Series;", None),
    ("let points: usize = 50;\nlet speed = 0.25;", Some("parameters")),
    (
        "let values: Vec<f64> = (0..points).map(|i| (speed * i as f64).sin()).collect();\n\
         plot::line(&[Series::counted(\"sine\", &values)])?.title(\"A first figure\")",
        None,
    ),
];

/// Writes the notebook; returns its path.
pub fn new(name: &str) -> Result<PathBuf> {
    let mut path = PathBuf::from(name);
    if path.extension().is_none_or(|end| end != "ipynb") {
        path.as_mut_os_string().push(".ipynb");
    }
    if path.exists() {
        return Err(Failure::new("there is a notebook of this name")
            .file(&path)
            .help("choose another name"));
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    }
    let title =
        path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut text = serde_json::to_string_pretty(&notebook(&title))
        .map_err(|error| Failure::new(error.to_string()))?;
    text.push('\n');
    write(&path, &text)?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| Failure::io(path, &error))
}

fn notebook(title: &str) -> Value {
    let source =
        |text: &str| -> Vec<String> { text.split_inclusive('\n').map(str::to_string).collect() };
    let mut cells = vec![json!({
        "cell_type": "markdown", "id": "title", "metadata": {}, "source": [format!("# {title}")],
    })];
    for (at, (code, tag)) in CELLS.iter().enumerate() {
        let metadata = tag.map_or_else(|| json!({}), |tag| json!({"tags": [tag]}));
        cells.push(json!({
            "cell_type": "code", "id": format!("cell-{at}"), "metadata": metadata,
            "execution_count": null, "outputs": [], "source": source(code),
        }));
    }
    json!({
        "cells": cells,
        "metadata": {
            "kernelspec": {
                "display_name": install::DISPLAY_NAME, "language": "rust", "name": install::KERNEL_NAME,
            },
            "language_info": front::language_info(),
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_notebook_is_one() {
        let folder = std::env::temp_dir().join(format!("cuaderno-new-{}", std::process::id()));
        let name = folder.join("mi cuaderno");
        let path = new(name.to_str().unwrap()).unwrap();
        assert_eq!(path.file_name().unwrap(), "mi cuaderno.ipynb");
        let text = std::fs::read_to_string(&path).unwrap();
        let read = nbformat::parse_notebook(&text).unwrap();
        let nbformat::Notebook::V4(notebook) = read else { panic!("another version") };
        assert_eq!(notebook.cells.len(), 4);
        assert!(new(name.to_str().unwrap()).is_err(), "it is there already");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
