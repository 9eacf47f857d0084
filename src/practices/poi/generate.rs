//! A synthetic sample with the schema of the course's data, generated from a seed.

use super::counters::{Counters, attraction};
use super::paint::paint;
use super::paths::{COLUMNS, FILE, PoiPaths};
use super::scene::{SUBJECTS, Scene};
use super::{kinds, words};
use crate::practices::dice::Dice;
use crate::{Error, ErrorKind, Result};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;
use std::path::Path;

/// Number of rows of the repository's sample.
pub const SAMPLE_ROWS: usize = 400;
/// Seed of the repository's sample.
pub const SAMPLE_SEED: u64 = 1492;

const JPEG_QUALITY: u8 = 60;

/// Writes a synthetic sample of `rows` points of interest into `folder`: `poi_dataset.csv` and for each id an image of
/// 128×128 pixels, `data_main/<id>/main.jpg`. The same arguments give the same bytes.
///
/// The schema, the proportions of tiers and categories, and the ids with several rows follow the course's data; all values
/// are synthetic. The content of an image (light, haze, water, obstacles) influences likes, bookmarks and dislikes more
/// than the metadata do.
///
/// # Errors
/// [`ErrorKind::Parameter`] when `rows` is not between 10 and 100,000; [`ErrorKind::File`] when a file cannot be written.
pub fn generate(folder: impl AsRef<Path>, rows: usize, seed: u64) -> Result<PoiPaths> {
    write(folder.as_ref(), rows, seed)
}

fn write(folder: &Path, rows: usize, seed: u64) -> Result<PoiPaths> {
    if !(10..=100_000).contains(&rows) {
        return Err(Error::new(
            ErrorKind::Parameter,
            format!("`rows` must be between 10 and 100,000, found {rows}"),
        ));
    }
    let sample = Sample::draw(rows, seed);
    sample.places.par_iter().try_for_each(|place| {
        let folder = folder.join("data_main").join(&place.id);
        std::fs::create_dir_all(&folder).map_err(|source| Error::io(&folder, &source))?;
        write_file(&folder.join("main.jpg"), &place.jpeg()?)
    })?;
    // The table comes last: a folder that has it is complete.
    let csv = folder.join(FILE);
    write_file(&csv, sample.csv()?.as_slice())?;
    Ok(PoiPaths::new(csv, folder.to_path_buf(), false))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    crate::files::replace(path, |part| std::fs::write(part, bytes))
        .map_err(|error| error.help("choose a writable folder"))
}

struct Place {
    id: String,
    name: String,
    description: String,
    categories: Vec<&'static str>,
    tags: Vec<String>,
    tier: i64,
    longitude: f64,
    latitude: f64,
    xps: i64,
    scene: Scene,
    attraction: f64,
}

struct Sample {
    places: Vec<Place>,
    /// The index of each row's place.
    rows: Vec<usize>,
    seed: u64,
}

impl Sample {
    fn draw(rows: usize, seed: u64) -> Self {
        // In the course's data 23 of 1,492 ids fill 100 of 1,569 rows.
        let repeated = (rows * 23 / 1569).max(1);
        let extra = (rows * 77 / 1569).max(1);
        let places: Vec<Place> =
            (0..rows - extra).into_par_iter().map(|index| Place::draw(seed, index)).collect();
        let mut dice = Dice::new(seed, 0);
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.extend((0..extra).map(|index| index % repeated));
        dice.shuffle(&mut order);
        Self { places, rows: order, seed }
    }

    fn csv(&self) -> Result<Vec<u8>> {
        let failed = |error: csv::Error| Error::new(ErrorKind::Table, error.to_string());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS).map_err(failed)?;
        for (row, index) in self.rows.iter().enumerate() {
            let place = &self.places[*index];
            let mut dice = Dice::new(self.seed ^ 0x5EED, row as u64);
            let counters = Counters::draw(place.attraction, &mut dice);
            writer
                .write_record([
                    place.id.clone(),
                    place.name.clone(),
                    place.description.clone(),
                    python_list(&place.categories),
                    place.tier.to_string(),
                    place.longitude.to_string(),
                    place.latitude.to_string(),
                    python_list(&place.tags),
                    place.xps.to_string(),
                    counters.visits.to_string(),
                    counters.likes.to_string(),
                    counters.dislikes.to_string(),
                    counters.bookmarks.to_string(),
                    format!("data_main/{}/main.jpg", place.id),
                ])
                .map_err(failed)?;
        }
        writer.into_inner().map_err(|error| Error::new(ErrorKind::Table, error.error().to_string()))
    }
}

impl Place {
    fn draw(seed: u64, index: usize) -> Self {
        let mut dice = Dice::new(seed, index as u64 + 1);
        let id = uuid(dice.bits(), dice.bits());
        let share = [0.16, 0.18, 0.07, 0.21, 0.09, 0.06, 0.11, 0.06, 0.06];
        let subject = SUBJECTS[dice.weighted(&share)];
        let name = words::name(subject, &mut dice);
        let mut description = words::description(&name, &mut dice);
        let mut categories =
            if dice.chance(0.004) { Vec::new() } else { words::categories(subject, &mut dice) };
        let mut tags = words::tags(&name, &mut dice);
        // A stream of its own, so that the places' scenes do not depend on what is said of them.
        let mut kind_dice = Dice::new(seed ^ 0xCA7E_6047, index as u64 + 1);
        kinds::arrange(&mut categories, subject, &mut kind_dice);
        kinds::describe(&categories, &mut description, &mut tags, &mut kind_dice);
        let tier = 1 + dice.weighted(&[0.533, 0.397, 0.064, 0.006]) as i64;
        let (longitude, latitude) = location(&mut dice);
        let xps = match tier {
            1 => [1000, 800, 900, 500][dice.weighted(&[0.69, 0.18, 0.08, 0.05])],
            2 => [600, 700, 250][dice.weighted(&[0.60, 0.33, 0.07])],
            3 => [500, 250, 100][dice.weighted(&[0.71, 0.16, 0.13])],
            _ => 300,
        };
        let scene = Scene::draw(subject, &mut dice);
        let distance = ((longitude + 3.7036).powi(2) + (latitude - 40.4169).powi(2)).sqrt();
        let attraction = attraction(&scene, tier, &categories, distance, &mut dice);
        Self {
            id,
            name,
            description,
            categories,
            tags,
            tier,
            longitude,
            latitude,
            xps,
            scene,
            attraction,
        }
    }

    fn jpeg(&self) -> Result<Vec<u8>> {
        let image = paint(&self.scene);
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
            .encode(&image, image.width(), image.height(), ExtendedColorType::Rgb8)
            .map_err(|error| Error::new(ErrorKind::Image, error.to_string()))?;
        Ok(bytes)
    }
}

/// Locations: most in Madrid, the others in towns around it.
fn location(dice: &mut Dice) -> (f64, f64) {
    const TOWNS: [(f64, f64); 6] = [
        (-3.7036, 40.4169),
        (-3.3635, 40.4818),
        (-4.0273, 39.8628),
        (-4.1184, 40.9429),
        (-4.1480, 40.5890),
        (-3.6058, 40.0311),
    ];
    let (longitude, latitude) = TOWNS[dice.weighted(&[0.82, 0.05, 0.05, 0.03, 0.03, 0.02])];
    (longitude + 0.022 * dice.normal(), latitude + 0.016 * dice.normal())
}

/// A random (version 4) UUID from these bits.
fn uuid(high: u64, low: u64) -> String {
    let high = (high & !0xF000) | 0x4000;
    let low = (low & !(0b11 << 62)) | (0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    )
}

/// A list as Python prints it: single quotes, double quotes around an item with a single quote.
fn python_list(items: &[impl AsRef<str>]) -> String {
    let quoted = |item: &str| {
        if item.contains('\'') && !item.contains('"') {
            format!("\"{item}\"")
        } else {
            format!("'{}'", item.replace('\\', "\\\\").replace('\'', "\\'"))
        }
    };
    let items: Vec<String> = items.iter().map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}
