//! Recognizes files that are not weights files of this library by their content.

use crate::{Error, ErrorKind};

const PYTHON: &str = "in Python: `from safetensors.torch import save_file`";

/// The error for a file of another known format, with how to convert it; `None` for an unknown one.
pub(super) fn foreign(bytes: &[u8]) -> Option<Error> {
    let text = bytes.get(..64.min(bytes.len())).unwrap_or_default();
    // The length of a safetensors header, then the header: whatever the length, not the start of another format.
    if bytes.get(8) == Some(&b'{') && bytes.get(4..8) == Some(&[0; 4]) {
        return None;
    }
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let is_html = || {
        let head = String::from_utf8_lossy(text).trim_start().to_ascii_lowercase();
        head.starts_with("<!doctype") || head.starts_with("<html")
    };
    let (what, help) = if starts(b"version https://git-lfs") {
        (
            "a Git LFS pointer, not the weights themselves",
            "run `git lfs pull` in its repository, or download the file from its page".to_string(),
        )
    } else if starts(b"\x89HDF") {
        (
            "an HDF5 file, as Keras writes (.h5)",
            format!(
                "convert it {PYTHON}, then `save_file` the arrays of `model.get_weights()` under the network's names, dense kernels transposed"
            ),
        )
    } else if starts(b"PK") && zip::ZipArchive::new(std::io::Cursor::new(bytes)).is_err() {
        ("a zip archive, as PyTorch writes, that is cut off", "download it again".to_string())
    } else if starts(b"PK") {
        (
            "a zip archive without a PyTorch state dict (a `.keras` or NumPy `.npz` file, perhaps)",
            format!("save the tensors as safetensors {PYTHON}"),
        )
    } else if matches!(bytes, [0x80, 2..=5, ..]) {
        // `torch.save` before version 1.6, or a plain pickle.
        (
            "a pickle, as PyTorch wrote before version 1.6",
            "write it again in Python: `torch.save(torch.load(file, weights_only=True), file)`"
                .to_string(),
        )
    } else if is_onnx(bytes) {
        (
            "an ONNX model",
            format!(
                "save its initializers as safetensors {PYTHON} and `onnx.numpy_helper.to_array`"
            ),
        )
    } else if bytes.get(4..8) == Some(b"TFL3") {
        (
            "a TensorFlow Lite model",
            format!("save the weights of the original model as safetensors {PYTHON}"),
        )
    } else if starts(b"\x93NUMPY") {
        ("a NumPy array", format!("save the arrays by name {PYTHON}"))
    } else if starts(b"\x1f\x8b") {
        ("packed with gzip", "unpack it".to_string())
    } else if text.trim_ascii_start().starts_with(b"{")
        && bytes.windows(12).any(|window| window == b"\"weight_map\"")
    {
        (
            "the index of several weights files",
            "read the files that it names, such as model-00001-of-00002.safetensors".to_string(),
        )
    } else if text.trim_ascii_start().starts_with(b"{") {
        (
            "JSON, as a server sends instead of a file",
            "open the address in a browser, and download the file itself".to_string(),
        )
    } else if starts(b"GGUF") {
        ("a GGUF model", format!("save the weights of the original model as safetensors {PYTHON}"))
    } else if is_html() {
        (
            "an HTML page, as a server sends instead of a file",
            "open the address in a browser, and download the file itself".to_string(),
        )
    } else {
        return None;
    };
    Some(Error::new(ErrorKind::Weights, format!("the file is {what}")).help(help))
}

/// Returns `true` if the file is an ONNX `ModelProto`: field 1, a small format version, then text or another small field.
fn is_onnx(bytes: &[u8]) -> bool {
    let [0x08, version, field, length, rest @ ..] = bytes else { return false };
    let named = |name: &[u8]| rest.starts_with(name);
    // Field 2 is the producer's name, field 7 the graph.
    (1..=20).contains(version)
        && ((*field == 0x12 && usize::from(*length) <= rest.len())
            || *field == 0x3a
            || named(b"onnx"))
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn formats_are_recognized_by_content() {
        // The first bytes of `onnx.helper.make_model(...).SerializeToString()`, and of files that the named tools write.
        let cases: [(&[u8], &str); 10] = [
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
            (b"\x89HDF\r\n\x1a\n", "Keras"),
            (b"\x08\x0a\x12\x07pytorch\x1a\x052.1.0", "ONNX"),
            (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "before version 1.6"),
            (b"\n<!DOCTYPE html><html>", "HTML"),
            (b"\x1c\x00\x00\x00TFL3", "TensorFlow Lite"),
            (b"PK\x03\x04", "cut off"),
            (b"\x93NUMPY\x01\0", "NumPy"),
            (b"{\"weight_map\": {}}", "index"),
            (b"{\"error\": \"Repository not found\"}", "JSON"),
        ];
        for (bytes, expected) in cases {
            let error = foreign(bytes).unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(foreign(b"").is_none() && foreign(b"\x08").is_none());
        assert!(foreign(&[7, 0, 0, 0, 0, 0, 0, 0, b'{', b'}']).is_none());
    }
}
