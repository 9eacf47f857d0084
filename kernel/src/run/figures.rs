//! Figures that cells showed, as files.

use crate::failure::{Failure, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jupyter_protocol::media::{Media, MediaType};
use nbformat::v4::Output;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Writes every image of a cell's outputs; returns the files. Names come from the notebook, the cell's number
/// and the order in the cell, or from `name` in the display's metadata.
pub fn write(
    folder: &Path,
    notebook: &str,
    cell: usize,
    outputs: &[Output],
) -> Result<Vec<PathBuf>> {
    let shown: Vec<(&Media, &Map<String, Value>)> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::DisplayData(display) => Some((&display.data, &display.metadata)),
            Output::ExecuteResult(result) => Some((&result.data, &result.metadata)),
            _ => None,
        })
        .filter(|(data, _)| data.content.iter().any(|part| file_of(part).is_some()))
        .collect();
    let mut files = Vec::new();
    for (order, (data, metadata)) in shown.iter().enumerate() {
        let stem = match metadata.get("name").and_then(Value::as_str).map(plain_name) {
            Some(name) if !name.is_empty() => name,
            _ if shown.len() == 1 => format!("{notebook}-{cell:02}"),
            _ => format!("{notebook}-{cell:02}-{}", order + 1),
        };
        for (extension, content) in data.content.iter().filter_map(file_of) {
            let file = folder.join(format!("{stem}.{extension}"));
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&file, content))
                .map_err(|error| Failure::io(&file, &error))?;
            files.push(file);
        }
    }
    Ok(files)
}

/// The extension and bytes of a part that is an image.
fn file_of(part: &MediaType) -> Option<(&'static str, Vec<u8>)> {
    let decode = |text: &str| {
        let packed: String = text.split_whitespace().collect();
        STANDARD.decode(packed).ok()
    };
    match part {
        MediaType::Png(text) => decode(text).map(|bytes| ("png", bytes)),
        MediaType::Jpeg(text) => decode(text).map(|bytes| ("jpg", bytes)),
        MediaType::Gif(text) => decode(text).map(|bytes| ("gif", bytes)),
        MediaType::Svg(text) => Some(("svg", text.clone().into_bytes())),
        _ => None,
    }
}

/// A name that is safe as a file's name in any folder.
fn plain_name(name: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
    name.chars().map(safe).collect::<String>().trim_matches('-').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn images_become_files_and_names_stay_inside_the_folder() {
        let folder = std::env::temp_dir().join(format!("cuaderno-figures-{}", std::process::id()));
        let outputs: Vec<Output> = serde_json::from_value(json!([
            {"output_type": "stream", "name": "stdout", "text": "x"},
            {"output_type": "display_data", "metadata": {},
             "data": {"text/plain": "f", "image/png": "iVBO\nRw==", "image/svg+xml": ["<svg>", "</svg>"]}},
            {"output_type": "display_data", "metadata": {"name": "../curvas ñ"}, "data": {"image/svg+xml": "<svg/>"}},
        ]))
        .unwrap();
        let files = write(&folder, "01_poi", 4, &outputs).unwrap();
        let names: Vec<String> = files
            .iter()
            .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(sorted, ["01_poi-04-1.png", "01_poi-04-1.svg", "curvas-ñ.svg"]);
        assert_eq!(std::fs::read(folder.join("01_poi-04-1.png")).unwrap(), b"\x89PNG");
        assert_eq!(std::fs::read(folder.join("01_poi-04-1.svg")).unwrap(), b"<svg></svg>");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
