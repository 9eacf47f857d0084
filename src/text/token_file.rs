//! Tokens in a file, read a batch at a time.

use super::corpus::Corpus;
use super::tokenizer::Tokenizer;
use super::vocabulary::Vocabulary;
use crate::table::{CsvScan, Table};
use crate::{Error, ErrorKind, Result, files, notebook};
use ndarray::Array2;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The first bytes of the file; the length of a text follows as four bytes.
const MAGIC: &[u8; 12] = b"cuaderno-tok";
const HEADER: u64 = 16;
/// Bytes of a token.
const TOKEN: usize = 4;

/// The tokens of texts, `[texts, length]`, in a file instead of in memory: four bytes each, read as batches ask for them.
/// With [`Dataset::with_token_file`](crate::data::Dataset::with_token_file) a network learns from texts of any number.
///
/// ```
/// use cuaderno::data::Dataset;
/// use cuaderno::table::Table;
/// use cuaderno::text::{TokenFile, Tokenizer, Vocabulary, VocabularyConfig};
/// # fn main() -> cuaderno::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("cuaderno-token-file-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let (file, tokens) = (folder.join("titles.csv"), folder.join("titles.tokens"));
/// # std::fs::write(&file, "title,category\nFunda gel,CASES\nFunda,CASES\nCable,CABLES\n").unwrap();
/// let scan = Table::scan_csv(&file)?;
/// let labels = scan.clone().select(&["category"]).collect()?;
/// let config = VocabularyConfig { min_count: 1, ..VocabularyConfig::default() };
/// let vocabulary = Vocabulary::from_scan(&scan, "title", &Tokenizer::spanish(), &[0, 2], &config)?;
/// let tokens = TokenFile::write(&tokens, &scan, "title", &Tokenizer::spanish(), &vocabulary, 8)?;
/// let set = Dataset::from_column(&labels, "category")?.with_token_file(&tokens)?;
/// assert_eq!(vocabulary.decode(set.item(0)?.tokens.unwrap().as_slice().unwrap()), ["funda", "gel"]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct TokenFile {
    file: Arc<File>,
    path: PathBuf,
    texts: usize,
    length: usize,
}

impl TokenFile {
    /// Writes the tokens of a column of a file that is read in batches, as [`Corpus::encode`] gives them: neither the texts
    /// nor their tokens are in memory at once. A file that is there already is replaced when all is written.
    ///
    /// # Errors
    /// When `length` is 0, the CSV file cannot be read, there is no such column, or the file cannot be written; `Interrupted`
    /// when the user asks for it.
    pub fn write(
        path: impl AsRef<Path>,
        scan: &CsvScan,
        column: &str,
        tokenizer: &Tokenizer,
        vocabulary: &Vocabulary,
        length: usize,
    ) -> Result<Self> {
        let path = path.as_ref();
        if length == 0 {
            let problem = "`length` must be at least 1, found 0";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("give the words that a text may have, such as 16"));
        }
        let mut failed = None;
        let written = files::replace(path, |part| {
            let mut file = BufWriter::new(File::create(part)?);
            file.write_all(MAGIC)?;
            file.write_all(&(length as u32).to_le_bytes())?;
            let encoded = |batch: Result<Table>| -> Result<Vec<u8>> {
                notebook::check()?;
                let corpus = Corpus::from_table(&batch?, column, tokenizer)?;
                let tokens = corpus.encode(vocabulary, length)?;
                Ok(tokens.iter().flat_map(|token| token.to_le_bytes()).collect())
            };
            let mut fail = |error: Error| {
                failed = Some(error);
                std::io::Error::other("the texts cannot be read")
            };
            for batch in scan.text_batches(column).map_err(&mut fail)? {
                file.write_all(&encoded(batch).map_err(&mut fail)?)?;
            }
            file.flush()
        });
        written.map_err(|error| failed.unwrap_or(error))?;
        Self::open(path)
    }

    /// A file that [`Self::write`] has written.
    ///
    /// # Errors
    /// [`ErrorKind::File`] when the file cannot be read or is no such file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |error: std::io::Error| Error::io(path, &error);
        let file = File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        let mut header = [0; HEADER as usize];
        let other = || {
            Error::new(ErrorKind::File, "expected a file of tokens, found something else")
                .file(path)
                .help("write it again with `TokenFile::write`")
        };
        let mut opened =
            Self { file: Arc::new(file), path: path.to_path_buf(), texts: 0, length: 0 };
        if size < HEADER {
            return Err(other());
        }
        opened.read_at(&mut header, 0)?;
        let (magic, length) = header.split_at(MAGIC.len());
        let length = length.try_into().map_or(0, u32::from_le_bytes) as usize;
        let text = (length * TOKEN) as u64;
        if magic != MAGIC || text == 0 || !(size - HEADER).is_multiple_of(text) {
            return Err(other());
        }
        opened.length = length;
        opened.texts = ((size - HEADER) / text) as usize;
        Ok(opened)
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.texts
    }

    /// Returns `true` if there are no texts.
    pub fn is_empty(&self) -> bool {
        self.texts == 0
    }

    /// Tokens of each text, padding included.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The tokens of the texts `rows`, `[rows, length]`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when there is no such text; [`ErrorKind::File`] when the file has changed.
    pub fn read(&self, rows: &[usize]) -> Result<Array2<u32>> {
        if let Some(row) = rows.iter().find(|row| **row >= self.texts) {
            let problem = format!("expected rows below {}, found row {row}", self.texts);
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let width = self.length * TOKEN;
        let mut bytes = vec![0; rows.len() * width];
        for (row, bytes) in rows.iter().zip(bytes.chunks_exact_mut(width)) {
            self.read_at(bytes, HEADER + (*row * width) as u64)?;
        }
        let tokens = bytes.chunks_exact(TOKEN);
        let tokens: Vec<u32> =
            tokens.map(|bytes| bytes.try_into().map_or(0, u32::from_le_bytes)).collect();
        Array2::from_shape_vec((rows.len(), self.length), tokens)
            .map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], start: u64) -> Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&*self.file, bytes, start)
            .map_err(|error| Error::io(&self.path, &error))
    }

    /// Windows moves the file's one position, so each reader opens the file for itself.
    #[cfg(not(unix))]
    fn read_at(&self, bytes: &mut [u8], start: u64) -> Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let read = |bytes: &mut [u8]| {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(bytes)
        };
        read(bytes).map_err(|error| Error::io(&self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::VocabularyConfig;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cuaderno-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn batches_give_what_the_corpus_gives() {
        let folder = folder("token-file-batches");
        let csv = folder.join("titles.csv");
        let words = ["funda", "gel", "cable", "té", "niño", "", "usb", "27\"\"", "x"];
        let titles: Vec<String> = (0..500usize)
            .map(|row| {
                (0..row % 6).map(|k| words[(row * 7 + k * 5) % 9]).collect::<Vec<_>>().join(" ")
            })
            .collect();
        let text: String = titles.iter().map(|title| format!("A,\"{title}\"\n")).collect();
        std::fs::write(&csv, format!("category,title\n{text}")).unwrap();
        let tokenizer = Tokenizer::spanish();
        let scan = Table::scan_csv(&csv).unwrap().batch_bytes(400);
        let corpus = Corpus::from_scan(&scan, "title", &tokenizer).unwrap();
        let rows: Vec<usize> = (0..500).filter(|row| row % 3 > 0).rev().collect();
        for config in [
            VocabularyConfig { min_count: 1, max_size: None },
            VocabularyConfig { min_count: 2, max_size: Some(4) },
        ] {
            let of_corpus = Vocabulary::fit(&corpus, &rows, &config).unwrap();
            let vocabulary =
                Vocabulary::from_scan(&scan, "title", &tokenizer, &rows, &config).unwrap();
            assert_eq!(vocabulary.words(), of_corpus.words());
            assert_eq!(vocabulary.counts(), of_corpus.counts());
            let path = folder.join("titles.tokens");
            let file = TokenFile::write(&path, &scan, "title", &tokenizer, &vocabulary, 5).unwrap();
            let expected = corpus.encode(&vocabulary, 5).unwrap();
            assert_eq!((file.len(), file.length()), (500, 5));
            let all: Vec<usize> = (0..500).collect();
            assert_eq!(file.read(&all).unwrap(), expected);
            let again = TokenFile::open(&path).unwrap();
            assert_eq!(
                again.read(&[499, 3, 3]).unwrap(),
                expected.select(ndarray::Axis(0), &[499, 3, 3])
            );
            assert_eq!(again.read(&[500]).unwrap_err().kind(), ErrorKind::Parameter);
        }
        let error = Vocabulary::from_scan(
            &scan,
            "title",
            &tokenizer,
            &[usize::MAX],
            &VocabularyConfig::default(),
        );
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Parameter);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_fails_leaves_the_file_as_it_was() {
        let folder = folder("token-file-fails");
        let (csv, path) = (folder.join("titles.csv"), folder.join("titles.tokens"));
        std::fs::write(&csv, "title\nfunda funda\n").unwrap();
        let tokenizer = Tokenizer::spanish();
        let scan = Table::scan_csv(&csv).unwrap();
        let corpus = Corpus::from_scan(&scan, "title", &tokenizer).unwrap();
        let vocabulary = Vocabulary::fit(&corpus, &[0], &VocabularyConfig::default()).unwrap();
        let write = |column: &str, length: usize| {
            TokenFile::write(&path, &scan, column, &tokenizer, &vocabulary, length)
        };
        write("title", 3).unwrap();
        let before = std::fs::read(&path).unwrap();
        let error = write("titel", 3).unwrap_err().to_string();
        assert!(error.contains("`titel`"), "{error}");
        assert_eq!(write("title", 0).unwrap_err().kind(), ErrorKind::Parameter);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        std::fs::write(&path, &before[..before.len() - 1]).unwrap();
        for content in [&before[..before.len() - 1], b"title\nfunda funda\n", b""] {
            std::fs::write(&path, content).unwrap();
            let error = TokenFile::open(&path).unwrap_err().to_string();
            assert!(error.contains("titles.tokens") && error.contains("file of tokens"), "{error}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
