//! Titles into numbers: what `bench/reference.py` measures of Python, and the challenge's size from a file.
//!
//! `cargo bench --bench text [NAME ...]` prints one JSON object a line: {"name", "value", "unit"}.

use cuaderno::practices::titles;
use cuaderno::text::{Corpus, Tokenizer, Vocabulary, VocabularyConfig};
use rand::{Rng, SeedableRng};
use std::time::Instant;

/// Words padded or cut to this length.
const LENGTH: usize = 16;

/// Titles of seven words of 5,005, as the reference makes them.
fn titles(count: usize) -> Vec<String> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut words: Vec<String> = (0..5000).map(|i| format!("palabra{i}")).collect();
    words.extend(["Ñandú", "Corazón", "15cm", "USB-C", "niño"].map(String::from));
    let mut word = || words[random.gen_range(0..words.len())].as_str();
    (0..count).map(|_| (0..7).map(|_| word()).collect::<Vec<_>>().join(" ")).collect()
}

/// Normalize, lower-case, cut into words, build the vocabulary (at least 2), numbers padded to 16.
fn index(corpus: &Corpus) {
    let rows: Vec<usize> = (0..corpus.len()).collect();
    let vocabulary = Vocabulary::fit(corpus, &rows, &VocabularyConfig::default()).unwrap();
    assert_eq!(corpus.encode(&vocabulary, LENGTH).unwrap().nrows(), corpus.len());
}

fn titles_indexed_per_second() -> (f64, &'static str) {
    let lines = titles(200_000);
    let tokenizer = Tokenizer::spanish();
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            index(&Corpus::new(&lines, &tokenizer));
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (lines.len() as f64 / times[times.len() / 2], "titles/s")
}

/// One million rows in the challenge's schema, 632 categories, read from the file in blocks.
fn million_titles_indexed() -> (f64, &'static str) {
    let folder = std::env::temp_dir().join(format!("cuaderno-bench-titles-{}", std::process::id()));
    let paths = titles::generate(&folder, 1_000_000, 632, 0).unwrap();
    let start = Instant::now();
    index(&Corpus::read_csv(&paths.csv, "title", &Tokenizer::spanish()).unwrap());
    let seconds = start.elapsed().as_secs_f64();
    std::fs::remove_dir_all(folder).unwrap();
    (seconds, "s")
}

/// The most memory that this process has had, once [`million_titles_indexed`] has run in it.
fn million_titles_peak_memory() -> (f64, &'static str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes = line.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    (kilobytes.unwrap_or(f64::NAN) / 1024.0, "MiB")
}

/// A name, and what measures it.
type Bench = (&'static str, fn() -> (f64, &'static str));

const BENCHES: [Bench; 3] = [
    ("million_titles_indexed", million_titles_indexed),
    ("million_titles_peak_memory", million_titles_peak_memory),
    ("titles_indexed_per_second", titles_indexed_per_second),
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|w| name.ends_with(w.as_str())) {
            let (value, unit) = bench();
            println!("{{\"name\": \"{name}\", \"value\": {value:.3}, \"unit\": \"{unit}\"}}");
        }
    }
}
