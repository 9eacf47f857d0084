//! Thousands of damaged inputs, the same in every run: each gives a result or an error, never a panic or a hang, and a CSV
//! file gives the same whole and in batches. `CUADERNO_RANDOM_ROUNDS=100` tries a hundred times as many, all different.

use cuaderno::images::{OpenOptions, RgbImage, inspect, open_rgb_with};
use cuaderno::table::{CsvOptions, DateTime, Encoding, Table};
use image::{DynamicImage, ImageFormat};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::io::Cursor;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Slower inputs are hangs: most take less than a millisecond.
const SLOWEST: Duration = Duration::from_secs(5);

/// The seeds of a test: one, or as many as the environment asks for.
fn seeds_of(test: u64) -> impl Iterator<Item = u64> {
    let rounds =
        std::env::var("CUADERNO_RANDOM_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    (0..rounds.unwrap_or(1)).map(move |round| test + 10 * round)
}

struct Random(ChaCha8Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0.next_u32() as usize % limit.max(1)
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A seed with one to six changes: bytes flipped, replaced, inserted, removed, repeated, cut off; parts of another
    /// seed.
    fn damaged(&mut self, seeds: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
        let mut bytes = self.pick(seeds).clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(9) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => bytes[at] = self.0.next_u32() as u8,
                2 if at < bytes.len() => bytes[at] = *self.pick(&[0, 0x7F, 0x80, 0xFF]),
                3 => drop(bytes.splice(at..end, self.pick(words).iter().copied())),
                4 => drop(bytes.splice(at..at, self.pick(words).iter().copied())),
                5 => drop(bytes.drain(at..end)),
                6 => {
                    let part = bytes[at..end].repeat(1 + self.below(20));
                    drop(bytes.splice(at..at, part));
                }
                7 if self.below(4) == 0 => bytes.truncate(at),
                _ => {
                    let other = self.pick(seeds).clone();
                    let start = self.below(other.len() + 1);
                    let stop = (start + self.below(40)).min(other.len());
                    drop(bytes.splice(at..end, other[start..stop].iter().copied()));
                }
            }
        }
        bytes
    }
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-random-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[track_caller]
fn in_time<T>(input: &[u8], work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(start.elapsed() < SLOWEST, "{:?} for {:?}", start.elapsed(), head(input));
    result
}

fn head(input: &[u8]) -> String {
    String::from_utf8_lossy(&input[..input.len().min(400)]).into_owned()
}

const TABLES: [&str; 8] = [
    "id,name,n\n1,Prado,5\n2,\"Retiro, parque\",7\n3,,\n",
    "tienda;precio;fecha\nNorte;1.234,50;2024-01-05\nSur;-0,5;05/01/2024\n",
    "a\tb\tc\n1\t2.5\ttrue\n\t\tFALSE\n",
    "title\n\"two\r\nlines\"\n\"say \"\"hi\"\"\"\n\n   \n",
    "id,tags\n1,\"['a', 'b']\"\n2,\"[\"\"caf\\u00e9\"\"]\"\n3,[]\n",
    "x|y\n1e400|-inf\nNaN|0x10\n9223372036854775808|007\n",
    "\u{feff},a,a,Unnamed: 0\r\n1,2,3,4\r\n",
    "a,b\r1,x\r2,y\r",
];

const MARKS: [&[u8]; 22] = [
    b",",
    b";",
    b"\t",
    b"|",
    b"\"",
    b"\"\"",
    b"'",
    b"\n",
    b"\r\n",
    b"\r",
    b"\n\n",
    b"#",
    b"\\",
    b" ",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\xC3",
    b"\0",
    b"NA",
    b"1e999",
    b"[\"a\", ",
    b"\x1A",
];

#[test]
fn damaged_csv_files() {
    seeds_of(1).for_each(csv_files);
}

fn csv_files(seed: u64) {
    let mut random = Random::new(seed);
    let mut seeds: Vec<Vec<u8>> = TABLES.iter().map(|text| text.as_bytes().to_vec()).collect();
    let wide: Vec<u8> = TABLES[1].encode_utf16().flat_map(u16::to_le_bytes).collect();
    seeds.push([b"\xFF\xFE", &wide[..]].concat());
    let options = [
        CsvOptions::new(),
        CsvOptions::new().separator(';').decimal(',').thousands('.'),
        CsvOptions::new().comment('#').escape('\\'),
        CsvOptions::new().no_quotes().no_header(),
        CsvOptions::new().skip_rows(1).rows(2),
        CsvOptions::new().encoding(Encoding::Latin1).text(&[]),
        CsvOptions::new().encoding(Encoding::Utf16).max_bytes(64),
    ];
    let (mut read, mut refused) = (0, 0);
    for case in 0..2500 {
        let bytes = random.damaged(&seeds, &MARKS);
        let file = format!("damaged-{}.csv", case % 8);
        let path = folder().join(&file);
        std::fs::write(&path, &bytes).unwrap();
        let options = random.pick(&options);
        in_time(&bytes, || match Table::read_csv_with(&path, options) {
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains(&file), "{error}");
            }
            Ok(table) => {
                read += 1;
                let _ = (table.describe(), table.schema(), table.to_string());
                for name in table.columns() {
                    let _ =
                        (table.numbers(name), table.integers(name), table.numbers_or_null(name));
                    let _ = (table.parse_lists(&[name]), table.dates_or_null(name, ""));
                }
            }
        });
        // Types are found in the first batch, so only texts can be compared.
        let texts = options.clone().text(&[]).max_bytes(1 << 20);
        let batch = 16 + random.below(64);
        let whole = Table::read_csv_with(&path, &texts);
        let scan = Table::scan_csv_with(&path, &texts);
        let scan = in_time(&bytes, || scan.and_then(|scan| scan.batch_bytes(batch).collect()));
        match (whole, scan) {
            (Ok(whole), Ok(scan)) => {
                assert_eq!(whole.columns(), scan.columns(), "{:?}", head(&bytes));
                for name in whole.columns() {
                    let texts = |table: &Table| table.texts(name).unwrap();
                    assert_eq!(texts(&whole), texts(&scan), "{:?}", head(&bytes));
                }
            }
            (Err(_), Err(_)) => {}
            (whole, scan) => panic!("{whole:?} {scan:?} {:?} {options:?}", head(&bytes)),
        }
    }
    assert!(read > 500 && refused > 200, "{read} {refused}");
}

#[test]
fn damaged_lists_dates_numbers_and_patterns() {
    seeds_of(2).for_each(texts);
}

fn texts(seed: u64) {
    let mut random = Random::new(seed);
    let lists = [
        "['a', \"b's\"]",
        r#"["caf\u00e9", "\ud83c\udfdb"]"#,
        "('x',)",
        "['a'\n 'b']",
        "[1, 2.5, None]",
    ];
    let dates = [
        "2024-02-29T18:30:05.25+02:00",
        "29/02/2024 18:30",
        "Feb 29, 2024",
        "1/2/24 6:30 PM",
        "2024-W09",
    ];
    let numbers = ["$1,200.50", "1.200,50 €", "12 %", "(3)", "-1e5", "US$ 5"];
    let patterns =
        [r"(?<year>\d{4})-(\d+)", r"#(\w+)", r"(?i)niñ[oa]\s*\d?", "a|b*?", r"[^\]]{2,3}$"];
    let seeds =
        |texts: &[&str]| -> Vec<Vec<u8>> { texts.iter().map(|t| t.as_bytes().to_vec()).collect() };
    let marks: [&[u8]; 12] =
        [b"'", b"\"", b"\\", b"\\u", b"[", b"]", b"(", b"{9}", b",", b"%", b"+", "ñ🏛".as_bytes()];
    let formats =
        ["%d/%m/%Y %H:%M", "%b %d, %Y", "%m/%d/%y %I:%M %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%"];
    let all = [seeds(&lists), seeds(&dates), seeds(&numbers), seeds(&patterns)];
    for _ in 0..20_000 {
        let kind = random.pick(&all);
        let bytes = random.damaged(kind, &marks);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        in_time(&bytes, || {
            let table = Table::from_columns(vec![("t", vec![text.as_str(), "ñ 2024-1 #a"].into())])
                .unwrap();
            let _ = (
                table.parse_lists(&["t"]),
                table.split_lists(&["t"], ","),
                table.numbers_or_null("t"),
            );
            let _ = (DateTime::parse(&text), table.parse_dates(&["t"]));
            for format in formats {
                let _ = DateTime::parse_with(&text, format);
            }
            let _ = (DateTime::parse_with("2024-02-29", &text), table.extract("t", &text));
            let _ = (table.extract_all("t", &text), table.replace_matches("t", "(?<a>.)", &text));
        });
    }
}

#[test]
fn damaged_image_files() {
    seeds_of(3).for_each(image_files);
}

fn image_files(seed: u64) {
    let mut random = Random::new(seed);
    let image =
        RgbImage::from_fn(24, 16, |x, y| image::Rgb([x as u8 * 10, y as u8 * 15, (x * y) as u8]));
    let image = DynamicImage::from(image);
    let formats = [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ];
    let written = |image: &DynamicImage, format| {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let mut seeds: Vec<Vec<u8>> = formats.iter().map(|format| written(&image, *format)).collect();
    seeds.push(written(&DynamicImage::from(image.to_luma16()), ImageFormat::Png));
    seeds.push(written(&DynamicImage::from(image.to_rgba8()), ImageFormat::WebP));
    let marks: [&[u8]; 10] = [
        b"\xFF\xD8",
        b"\xFF\xD9",
        b"\xFF\xDA",
        b"\xFF\xC4",
        b"\xFF\xE1\0\x20Exif\0\0II*\0\x08\0\0\0\x01\0",
        b"IHDR",
        b"PLTE",
        b"\xFF\xFF\xFF\x7F",
        b"\0\0\0\0",
        b"VP8X",
    ];
    // A decoder that panics would be heard on standard error; the reader turns that into an error.
    std::panic::set_hook(Box::new(|panic| {
        if panic.location().is_some_and(|place| place.file().ends_with(file!())) {
            eprintln!("{panic}");
        }
    }));
    let options =
        OpenOptions { apply_orientation: true, background: Some([9; 3]), max_pixels: 1 << 20 };
    let (mut sound, mut refused) = (0, 0);
    for case in 0..3000 {
        // Most changes to the start, which holds the sizes and tables.
        let bytes = random.damaged(&seeds, &marks);
        let path = folder().join(format!("damaged-{}.jpg", case % 8));
        std::fs::write(&path, &bytes).unwrap();
        match in_time(&bytes, || open_rgb_with(&path, &options)) {
            Ok(image) => {
                sound += 1;
                assert!(image.width() > 0 && image.height() > 0);
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("damaged-"), "{error}");
            }
        }
        if case % 50 == 0 {
            in_time(&bytes, || inspect(&[path])).unwrap();
        }
    }
    let _ = std::panic::take_hook();
    assert!(sound > 300 && refused > 300, "{sound} {refused}");
}
