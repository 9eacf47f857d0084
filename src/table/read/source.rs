//! The bytes of a file as UTF-8 text: decompressed and decoded, by what they are and not by the file's name.

use super::options::{CsvOptions, Encoding};
use crate::{Error, ErrorKind, Result};
use std::io::Read;
use std::path::Path;

/// Reads a file, decompresses gzip and zip, and decodes it into UTF-8 without a byte order mark.
///
/// # Errors
/// `File` when it cannot be read; `Table` when it is damaged, larger than the options allow, or not a text file.
pub(super) fn read(path: &Path, options: &CsvOptions) -> Result<Vec<u8>> {
    check_path(path)?;
    let bytes = std::fs::read(path).map_err(|source| unreadable(path, &source))?;
    decompressed(bytes, options.max_bytes)
        .and_then(|bytes| check_kind(&bytes, options.header).map(|()| bytes))
        .and_then(|bytes| decoded(bytes, options.encoding))
        .map_err(|error| error.file(path))
}

/// Checks that a path does not lead to a folder.
pub(super) fn check_path(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::new(ErrorKind::File, "expected a CSV file, found a folder")
            .file(path)
            .help("name the file in it"));
    }
    Ok(())
}

/// The error for a file that cannot be opened or read.
pub(super) fn unreadable(path: &Path, source: &std::io::Error) -> Error {
    Error::io(path, source).help(match path.parent().filter(|folder| !folder.is_dir()) {
        Some(folder) if !folder.as_os_str().is_empty() => {
            format!("the folder `{}` is not there either: check the path", folder.display())
        }
        _ => "check the path, and the folder that the notebook runs in".to_string(),
    })
}

fn decompressed(bytes: Vec<u8>, most: u64) -> Result<Vec<u8>> {
    if bytes.starts_with(b"\x1F\x8B") {
        return unpacked(flate2::read::MultiGzDecoder::new(&bytes[..]), most, "gzip");
    }
    if bytes.starts_with(b"PK\x03\x04") {
        let damaged = |error: zip::result::ZipError| {
            Error::new(ErrorKind::Table, format!("the zip archive cannot be read: {error}"))
                .help("copy or download it again")
        };
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).map_err(damaged)?;
        let mut files = Vec::new();
        for index in 0..archive.len() {
            let Some(Ok(name)) = archive.name_for_index(index) else { continue };
            if name == "xl/workbook.xml" || name == "content.xml" {
                let problem = "expected a text file, found a spreadsheet (Excel or LibreOffice)";
                return Err(Error::new(ErrorKind::Table, problem).help("save it as CSV"));
            }
            // macOS adds a shadow of each file.
            let hidden = |part: &str| part.starts_with('.') || part == "__MACOSX";
            if !name.ends_with('/') && !name.split('/').any(hidden) {
                files.push(index);
            }
        }
        let [file] = files[..] else {
            let problem = format!("expected one file in the zip archive, found {}", files.len());
            return Err(Error::new(ErrorKind::Table, problem).help("unpack it and name the file"));
        };
        return unpacked(archive.by_index(file).map_err(damaged)?, most, "zip");
    }
    if bytes.len() as u64 > most {
        return Err(too_large(most));
    }
    Ok(bytes)
}

fn unpacked(reader: impl Read, most: u64, format: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = reader.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| damaged(format, &error))?;
    if bytes.len() as u64 > most { Err(too_large(most)) } else { Ok(bytes) }
}

/// The error for compressed data that cannot be unpacked.
pub(super) fn damaged(format: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Table, format!("the {format} data are damaged or cut off: {error}"))
        .help("copy or download the file again")
}

fn too_large(most: u64) -> Error {
    Error::new(ErrorKind::Table, format!("the file has more than {most} bytes")).help(
        "raise the limit with `CsvOptions::max_bytes`, or read it in parts with `Table::scan_csv`",
    )
}

fn decoded(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return check_text(rest).map(|()| rest.to_vec());
    }
    let by = |encoding: &'static encoding_rs::Encoding| {
        let (text, _, malformed) = encoding.decode(&bytes);
        if malformed {
            return Err(self::malformed(encoding.name()));
        }
        Ok(text.into_owned().into_bytes())
    };
    match encoding {
        // `decode` obeys the mark itself.
        _ if bytes.starts_with(b"\xFF\xFE") => by(encoding_rs::UTF_16LE),
        _ if bytes.starts_with(b"\xFE\xFF") => by(encoding_rs::UTF_16BE),
        Encoding::Utf16 => by(utf16(&bytes)),
        Encoding::Windows1252 => by(encoding_rs::WINDOWS_1252),
        Encoding::Latin1 => {
            Ok(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into())
        }
        Encoding::Utf8 => check_text(&bytes).map(|()| bytes),
    }
}

/// The byte order of UTF-16 without a mark: characters of one byte have their zero first or last.
pub(super) fn utf16(bytes: &[u8]) -> &'static encoding_rs::Encoding {
    let start = &bytes[..bytes.len().min(1 << 12)];
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    if zeros(0) > zeros(1) { encoding_rs::UTF_16BE } else { encoding_rs::UTF_16LE }
}

/// The error for text that is not of its encoding.
pub(super) fn malformed(encoding: &str) -> Error {
    Error::new(ErrorKind::Table, format!("the file is not valid {encoding}"))
        .help("give another encoding with `CsvOptions::encoding`")
}

/// Refuses files that are no tables by their first bytes, whatever their encoding; with a `header`, also those whose
/// first line names no columns.
pub(super) fn check_kind(bytes: &[u8], header: bool) -> Result<()> {
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let start = start[..start.len().min(256)].trim_ascii_start();
    let text = start.to_ascii_lowercase();
    let (kind, help) = match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => ("UTF-32", "save it as UTF-8"),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => {
            ("bzip2", "unpack it, or pack it as gzip")
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => ("xz", "unpack it, or pack it as gzip"),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => ("Zstandard", "unpack it, or pack it as gzip"),
        [b'%', b'P', b'D', b'F', b'-', ..] => ("a PDF", "export the table as CSV"),
        [b'A', b'R', b'R', b'O', b'W', b'1', 0, 0, ..] => {
            ("an Arrow or Feather file", "write it as CSV, in pandas with `to_csv`")
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            ("a NumPy array", "write it as CSV, in NumPy with `savetxt`")
        }
        [0x80, 2..=5, b'\x95' | b'}' | b']' | b'c', ..] => {
            ("a Python pickle", "write it as CSV, in pandas with `to_csv`")
        }
        _ if bytes.get(257..262) == Some(b"ustar") => ("a tar archive", "unpack it"),
        _ if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") => {
            ("a web page", "its download went wrong: download the file itself, often named `raw`")
        }
        _ if text.starts_with(b"<?xml") => ("XML", "export the table as CSV"),
        _ if text.starts_with(b"version https://git-lfs") => {
            ("a Git LFS pointer", "run `git lfs pull`")
        }
        _ if header && (text.starts_with(b"{\"") || text.starts_with(b"[{")) => {
            ("JSON", "write it as CSV, in pandas with `to_csv`")
        }
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::Table, format!("expected a CSV file, found {kind}")).help(help))
}

/// Refuses files of another kind by their first bytes. A text file holds no zero bytes, or few.
pub(super) fn check_text(bytes: &[u8]) -> Result<()> {
    let start = &bytes[..bytes.len().min(1 << 12)];
    let zeros = start.iter().filter(|byte| **byte == 0).count();
    if zeros == 0 {
        return Ok(());
    }
    let kind = match start {
        [b'P', b'A', b'R', b'1', ..] => "a Parquet file",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "an old Excel workbook",
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => "an SQLite database",
        _ if zeros * 3 > start.len() => {
            return Err(Error::new(
                ErrorKind::Table,
                "the file seems to be UTF-16, found zero bytes in UTF-8",
            )
            .help("read it with `CsvOptions::new().encoding(Encoding::Utf16)`"));
        }
        // A broken export may have some; cells keep them, as in pandas.
        _ if std::str::from_utf8(start).map_or_else(|e| e.error_len().is_none(), |_| true) => {
            return Ok(());
        }
        _ => "a binary file",
    };
    Err(Error::new(ErrorKind::Table, format!("expected a text file, found {kind}"))
        .help("export it as CSV"))
}
