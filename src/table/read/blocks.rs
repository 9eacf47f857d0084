//! The text of a file in blocks, decompressed and decoded as it is read.

use super::options::{CsvOptions, Encoding};
use super::source;
use crate::{Error, ErrorKind, Result};
use encoding_rs::Decoder;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// A text file that is read block by block, as UTF-8 without a byte order mark.
pub(super) struct Blocks {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    text: Text,
    ended: bool,
}

/// How bytes become UTF-8.
enum Text {
    Utf8,
    Latin1,
    By(Decoder, &'static str),
}

impl Blocks {
    /// Opens a file that is plain text or gzip.
    ///
    /// # Errors
    /// `File` when it cannot be read; `Table` when it is not a text file.
    pub fn open(path: &Path, options: &CsvOptions) -> Result<Self> {
        source::check_path(path)?;
        let failed = |error: std::io::Error| source::unreadable(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        let magic = start_of(&mut file, 4).map_err(failed)?;
        file.rewind().map_err(failed)?;
        if magic == b"PK\x03\x04" {
            let problem = "expected a text file or gzip, found a zip archive";
            return Err(Error::new(ErrorKind::Table, problem)
                .file(path)
                .help("unpack it, or read it whole with `Table::read_csv`"));
        }
        let file = BufReader::with_capacity(1 << 18, file);
        let mut reader: Box<dyn Read + Send> = if magic.starts_with(b"\x1F\x8B") {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let start = start_of(&mut reader, 1 << 12).map_err(|error| damaged(path, &error))?;
        source::check_kind(&start, options.header).map_err(|error| error.file(path))?;
        let (text, mark) = encoding_of(&start, options.encoding);
        if matches!(text, Text::Utf8) {
            source::check_text(&start[mark..]).map_err(|error| error.file(path))?;
        }
        let start = start[mark..].to_vec();
        let reader = Box::new(std::io::Cursor::new(start).chain(reader));
        Ok(Self { path: path.to_path_buf(), reader, text, ended: false })
    }

    /// Appends the text of the next `count` bytes; returns whether more may follow.
    ///
    /// # Errors
    /// `File` when the file cannot be read; `Table` when it is damaged or not of its encoding.
    pub fn append(&mut self, text: &mut Vec<u8>, count: usize) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let bytes =
            start_of(&mut self.reader, count).map_err(|error| damaged(&self.path, &error))?;
        self.ended = bytes.len() < count;
        match &mut self.text {
            Text::Utf8 => text.extend_from_slice(&bytes),
            Text::Latin1 => {
                let decoded: String = bytes.iter().map(|byte| char::from(*byte)).collect();
                text.extend_from_slice(decoded.as_bytes());
            }
            Text::By(decoder, name) => {
                let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(3 * bytes.len());
                let mut decoded = String::with_capacity(room);
                let (_, _, malformed) = decoder.decode_to_string(&bytes, &mut decoded, self.ended);
                if malformed {
                    return Err(source::malformed(name).file(&self.path));
                }
                text.extend_from_slice(decoded.as_bytes());
            }
        }
        Ok(!self.ended)
    }
}

/// The encoding that a byte order mark or the option states, and the length of the mark.
fn encoding_of(start: &[u8], stated: Encoding) -> (Text, usize) {
    let by = |encoding: &'static encoding_rs::Encoding, mark| {
        (Text::By(encoding.new_decoder_without_bom_handling(), encoding.name()), mark)
    };
    match stated {
        _ if start.starts_with(b"\xEF\xBB\xBF") => (Text::Utf8, 3),
        _ if start.starts_with(b"\xFF\xFE") => by(encoding_rs::UTF_16LE, 2),
        _ if start.starts_with(b"\xFE\xFF") => by(encoding_rs::UTF_16BE, 2),
        Encoding::Utf8 => (Text::Utf8, 0),
        Encoding::Latin1 => (Text::Latin1, 0),
        Encoding::Windows1252 => by(encoding_rs::WINDOWS_1252, 0),
        Encoding::Utf16 => by(source::utf16(start), 0),
    }
}

/// The next `count` bytes, or all where there are fewer.
fn start_of(reader: &mut impl Read, count: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn damaged(path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    if matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof) {
        return source::damaged("gzip", error).file(path);
    }
    Error::io(path, error)
}
