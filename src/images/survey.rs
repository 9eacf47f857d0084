//! A first look at a collection of image files.

use super::decode::{OpenOptions, read};
use super::duplicates::perceptual_hash;
use crate::notebook::{Bundle, Show, show_in_cells};
use crate::table::{Column, Table};
use crate::{Error, ErrorKind, Result, notebook};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// The result of [`survey`].
#[derive(Clone, Debug)]
pub struct Survey {
    /// Counts and ranges: `property`, `value`.
    pub overview: Table,
    /// Files that cannot be decoded: `path`, `problem`.
    pub broken: Table,
    /// Pairs of files with the same pixels or nearly so: `path`, `other`, `bits` by which their perceptual
    /// hashes differ, and `exact`.
    pub duplicates: Table,
}

/// Decodes every file and reports sizes, aspect ratios, color modes, broken files, and exact and near
/// duplicates (perceptual hashes at most 4 of 64 bits apart).
///
/// ```
/// use cuaderno::images::{RgbImage, survey};
/// # let folder = std::env::temp_dir().join(format!("cuaderno-doc-survey-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let paths = ["a.png", "b.png", "broken.png"].map(|name| folder.join(name));
/// # RgbImage::new(40, 30).save(&paths[0]).unwrap();
/// # std::fs::copy(&paths[0], &paths[1]).unwrap();
/// # std::fs::write(&paths[2], "not an image").unwrap();
/// let found = survey(&paths)?;
/// assert_eq!((found.broken.rows(), found.duplicates.rows()), (1, 1));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// When there are no paths. `Interrupted` when the user interrupts the cell.
pub fn survey(paths: &[PathBuf]) -> Result<Survey> {
    const NEAR: u32 = 4;
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::Parameter, "a survey needs at least 1 image, found 0"));
    }
    struct Facts {
        size: [u32; 2],
        kind: String,
        hash: u64,
        content: u64,
    }
    let facts = |path: &PathBuf| {
        notebook::check()?;
        let decoded = read(path, &OpenOptions::default())?;
        let mut hasher = DefaultHasher::new();
        decoded.image.dimensions().hash(&mut hasher);
        decoded.image.as_raw().hash(&mut hasher);
        Ok(Facts {
            size: decoded.image.dimensions().into(),
            kind: format!("{} {}", decoded.format_name(), decoded.mode),
            hash: perceptual_hash(&decoded.image)?,
            content: hasher.finish(),
        })
    };
    let facts: Vec<Result<Facts>> = paths.par_iter().map(facts).collect();
    notebook::check()?;

    let sound = || facts.iter().filter_map(|facts| facts.as_ref().ok());
    let mut rows: Vec<(String, String)> = vec![("files".into(), paths.len().to_string())];
    let broken = facts.len() - sound().count();
    rows.push(("broken".into(), broken.to_string()));
    let range = |values: Vec<f64>, digits: usize| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values.get(((values.len() - 1) as f64 * share).round() as usize);
        match (at(0.0), at(0.5), at(1.0)) {
            (Some(low), Some(middle), Some(high)) => {
                format!("{low:.digits$} to {high:.digits$}, median {middle:.digits$}")
            }
            _ => String::new(),
        }
    };
    if broken < facts.len() {
        let width = sound().map(|facts| facts.size[0].into()).collect();
        let height = sound().map(|facts| facts.size[1].into()).collect();
        let aspect = sound().map(|facts| f64::from(facts.size[0]) / f64::from(facts.size[1]));
        rows.push(("width".into(), range(width, 0)));
        rows.push(("height".into(), range(height, 0)));
        rows.push(("width / height".into(), range(aspect.collect(), 2)));
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    sound().for_each(|facts| *kinds.entry(&facts.kind).or_default() += 1);
    rows.extend(kinds.iter().map(|(kind, count)| (kind.to_string(), count.to_string())));

    let close = |i: usize| -> Vec<(usize, usize, u32, bool)> {
        let Some(Ok(own)) = facts.get(i) else { return Vec::new() };
        let others = facts.iter().enumerate().take(i);
        let others = others.filter_map(|(j, other)| Some((j, other.as_ref().ok()?)));
        let pairs = others.map(|(j, other)| {
            let exact = own.content == other.content && own.size == other.size;
            (j, i, (own.hash ^ other.hash).count_ones(), exact)
        });
        pairs.filter(|(_, _, bits, _)| *bits <= NEAR).collect()
    };
    let mut pairs: Vec<_> = (0..facts.len()).into_par_iter().flat_map_iter(close).collect();
    pairs.sort_unstable();
    let exact = pairs.iter().filter(|pair| pair.3).count();
    rows.push(("exact duplicates (pairs)".into(), exact.to_string()));
    rows.push(("near duplicates (pairs)".into(), (pairs.len() - exact).to_string()));

    let name = |i: usize| paths[i].display().to_string();
    let (properties, values): (Vec<String>, Vec<String>) = rows.into_iter().unzip();
    let problems: Vec<(String, String)> = facts
        .iter()
        .enumerate()
        .filter_map(|(i, facts)| Some((name(i), facts.as_ref().err()?.to_string())))
        .collect();
    let (files, problems): (Vec<String>, Vec<String>) = problems.into_iter().unzip();
    let paths_of = |which: fn(&(usize, usize, u32, bool)) -> usize| -> Column {
        pairs.iter().map(|pair| name(which(pair))).collect::<Vec<_>>().into()
    };
    Ok(Survey {
        overview: Table::from_columns(vec![
            ("property", properties.into()),
            ("value", values.into()),
        ])?,
        broken: Table::from_columns(vec![("path", files.into()), ("problem", problems.into())])?,
        duplicates: Table::from_columns(vec![
            ("path", paths_of(|pair| pair.0)),
            ("other", paths_of(|pair| pair.1)),
            ("bits", pairs.iter().map(|pair| i64::from(pair.2)).collect::<Vec<_>>().into()),
            ("exact", pairs.iter().map(|pair| pair.3).collect::<Vec<bool>>().into()),
        ])?,
    })
}

impl Show for Survey {
    fn bundle(&self) -> Bundle {
        self.overview.bundle()
    }
}

show_in_cells!(Survey);
