//! A sample data set in the schema of the published CSV, made from nothing but a seed.

use super::super::dice::Dice;
use super::labels::{CLASSES, CONFIDENCE, GOLD, LABEL, URL};
use super::paths::{FILE, SAMPLE_IMAGES, SentimentPaths};
use super::scene::Scene;
use crate::{Error, ErrorKind, Result, images};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use rayon::prelude::*;
use std::path::Path;

/// The number of rows of the sample in the repository.
pub const SAMPLE_ROWS: usize = 800;
/// The seed it was made from.
pub const SAMPLE_SEED: u64 = 2015;

/// Height and width of an image.
const PIXELS: u32 = 96;
const JPEG_QUALITY: u8 = 55;
/// Share of each class, from highly negative on: those of OASIS, more even than those of the CSV.
const SHARES: [f64; 5] = [0.12, 0.18, 0.23, 0.27, 0.20];
/// The valence around which the images of each class lie.
const VALENCES: [f32; 5] = [-0.88, -0.46, 0.0, 0.44, 0.86];
/// Where a judge sees the next class.
const LIMITS: [f32; 4] = [-0.67, -0.23, 0.22, 0.65];

/// Writes a sample of `rows` rows into `folder`: `image-Sentiment-polarity-DFE.csv` and, in `images`, a JPEG of 96×96
/// pixels for each URL that is not dead. The same arguments give the same bytes.
///
/// The schema and the label spellings are those of the published file; all values are made up. The mood of a painted
/// scene shows in its shapes, and loosely in its colors. Several simulated judges label each image, so that labels
/// have a confidence and some are wrong. Some rows are near-duplicates, a few repeat a URL with another label, and of
/// the URLs some are dead, lead to web pages or placeholders, or belong to a slow or busy host.
///
/// # Errors
/// [`ErrorKind::Parameter`] if `rows` is below 50 or above 100,000; [`ErrorKind::File`] if a file cannot be written.
pub fn generate(folder: impl AsRef<Path>, rows: usize, seed: u64) -> Result<SentimentPaths> {
    write(folder.as_ref(), rows, seed)
}

fn write(folder: &Path, rows: usize, seed: u64) -> Result<SentimentPaths> {
    if !(50..=100_000).contains(&rows) {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("`rows` must be between 50 and 100,000, found {rows}"),
        ));
    }
    let drawn = draw(rows, seed);
    let images = folder.join(SAMPLE_IMAGES);
    std::fs::create_dir_all(&images).map_err(|source| Error::io(&images, &source))?;
    drawn.par_iter().filter(|row| row.has_file()).try_for_each(|row| {
        let image = images::resize_rgb(&row.scene.paint(row.shift), PIXELS, PIXELS)?;
        write_file(&images.join(&row.file), &jpeg(&image)?)
    })?;
    write_file(&images.join("photo_unavailable.jpg"), &jpeg(&placeholder())?)?;
    // The table comes last: a folder that has it is complete.
    write_file(&folder.join(FILE), &csv(&drawn)?)?;
    Ok(SentimentPaths::in_folder(folder.to_path_buf(), false))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    crate::files::replace(path, |part| std::fs::write(part, bytes))
        .map_err(|error| error.help("choose a folder that can be written to"))
}

fn jpeg(image: &RgbImage) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode(image, image.width(), image.height(), ExtendedColorType::Rgb8)
        .map_err(|error| Error::new(ErrorKind::Image, error.to_string()))?;
    Ok(bytes)
}

/// A grey field with a bar: what a host shows for an image that it has lost.
fn placeholder() -> RgbImage {
    RgbImage::from_fn(PIXELS, PIXELS, |x, y| {
        let bar = (20..76).contains(&x) && (44..52).contains(&y);
        image::Rgb(if bar { [120; 3] } else { [224; 3] })
    })
}

/// Where a URL leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// `farm1` to `farm4`: the image.
    Farm(usize),
    /// A farm from which the image is gone.
    Gone(usize),
    Old,
    Lost,
    Slow,
    Busy,
}

struct Row {
    scene: Scene,
    shift: f32,
    host: Host,
    server: usize,
    file: String,
    label: usize,
    confidence: f64,
    judgments: usize,
    gold: bool,
}

impl Row {
    fn has_file(&self) -> bool {
        matches!(self.host, Host::Farm(_) | Host::Busy)
    }

    fn url(&self) -> String {
        let host = match self.host {
            Host::Farm(number) | Host::Gone(number) => format!("farm{number}"),
            Host::Old => "old".to_string(),
            Host::Lost => "lost".to_string(),
            Host::Slow => "slow".to_string(),
            Host::Busy => "busy".to_string(),
        };
        // The domain `invalid` is reserved: it names no host (RFC 2606).
        format!("http://{host}.photos.invalid/{}/{}", self.server, self.file)
    }

    /// Judges look at the scene.
    fn judge(&mut self, dice: &mut Dice) {
        let mut votes = [0.0; 5];
        for _ in 0..self.judgments {
            let seen = self.scene.valence + 0.13 * dice.normal() as f32;
            let class = LIMITS.iter().filter(|limit| seen > **limit).count();
            votes[class] += 0.8 + 0.2 * dice.unit();
        }
        let total: f64 = votes.iter().sum();
        let best = (0..5).max_by(|a, b| votes[*a].total_cmp(&votes[*b])).unwrap_or(2);
        self.label = best;
        self.confidence = (votes[best] / total * 1e4).round() / 1e4;
    }
}

fn draw(count: usize, seed: u64) -> Vec<Row> {
    let mut rows: Vec<Row> = (0..count).map(|index| draw_row(seed, index)).collect();
    let mut dice = Dice::new(seed ^ 0x5EED, 0);
    // Other sizes of a photograph, judged by others: rows of the last tenth show the photographs of earlier ones.
    let copies = count / 14;
    for copy in 0..copies {
        let (from, to) = (copy * 7 % (count / 2), count - 1 - copy);
        let file =
            rows[from].file.replace(".jpg", if dice.chance(0.5) { "_m.jpg" } else { "_b.jpg" });
        let scene = rows[from].scene.clone();
        let row = &mut rows[to];
        (row.scene, row.file, row.gold) = (scene, file, false);
        row.shift = dice.between(0.01, 0.03);
        row.judge(&mut dice);
    }
    // A few rows repeat a URL; in half of them the judges disagree.
    for copy in 0..(count / 130).max(1) {
        let (from, to) = (copy * 11 % (count / 2), count / 2 + copy * 13 % (count / 4));
        let label = rows[from].label;
        let (host, server, file) = (rows[from].host, rows[from].server, rows[from].file.clone());
        let scene = rows[from].scene.clone();
        let row = &mut rows[to];
        (row.scene, row.host, row.server, row.file, row.gold) = (scene, host, server, file, false);
        row.shift = 0.0;
        row.label = if copy % 2 == 0 {
            label
        } else if label == 4 {
            3
        } else {
            label + 1
        };
    }
    rows
}

fn draw_row(seed: u64, index: usize) -> Row {
    let mut dice = Dice::new(seed, index as u64 + 1);
    let class = dice.weighted(&SHARES);
    let valence = (VALENCES[class] + 0.1 * dice.normal() as f32).clamp(-1.0, 1.0);
    let scene = Scene::draw(valence, &mut dice);
    let farm = 1 + dice.weighted(&[0.44, 0.27, 0.15, 0.14]);
    let host = match dice.weighted(&[0.905, 0.045, 0.018, 0.018, 0.004, 0.01]) {
        0 => Host::Farm(farm),
        1 => Host::Gone(farm),
        2 => Host::Old,
        3 => Host::Lost,
        4 => Host::Slow,
        _ => Host::Busy,
    };
    let gold = dice.chance(0.04);
    let photo = 10_000_000 + dice.bits() % 2_990_000_000;
    let file = format!("{photo}_{:010x}.jpg", dice.bits() & 0xFF_FFFF_FFFF);
    let judgments = if gold { 20 + dice.below(30) } else { 3 + 2 * dice.weighted(&[0.8, 0.2]) };
    let server = 20 + dice.below(6000);
    let mut row =
        Row { scene, shift: 0.0, host, server, file, label: 0, confidence: 0.0, judgments, gold };
    row.judge(&mut dice);
    // Test questions are clear cases.
    row.gold &= row.label != 2;
    row
}

fn csv(rows: &[Row]) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::new(ErrorKind::Table, error.to_string());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let reason = format!("{GOLD}_reason");
    let header = [
        "_unit_id",
        "_golden",
        "_unit_state",
        "_trusted_judgments",
        "_last_judgment_at",
        LABEL,
        CONFIDENCE,
        URL,
        GOLD,
        &reason,
    ];
    writer.write_record(header).map_err(failed)?;
    for (index, row) in rows.iter().enumerate() {
        let accepted = match (row.gold, row.label) {
            (true, 0 | 1) => "Highly negative\nNegative",
            (true, 3 | 4) => "Positive\nHighly positive",
            _ => "",
        };
        let why = match (accepted.is_empty(), row.label) {
            (true, _) => "",
            (false, 0 | 1) => "It looks sad. => sadness",
            (false, _) => "It looks cheerful. => joy",
        };
        writer
            .write_record([
                (900_000_000 + index).to_string(),
                if row.gold { "True" } else { "False" }.to_string(),
                if row.gold { "golden" } else { "finalized" }.to_string(),
                row.judgments.to_string(),
                if row.gold {
                    String::new()
                } else {
                    format!("3/{}/15 {}:{:02}", 25 + index % 3, index % 12, index % 60)
                },
                CLASSES[row.label].to_string(),
                row.confidence.to_string(),
                row.url(),
                accepted.to_string(),
                why.to_string(),
            ])
            .map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::new(ErrorKind::Table, error.error().to_string()))
}
