//! Labels of the scale, their confidence, and what is wrong with them.

use super::groups::{near_duplicates, photo_ids};
use crate::table::{Table, Value};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

/// The classes in the order of the scale, spelled as in the file.
pub const CLASSES: [&str; 5] =
    ["Highly negative", "Negative", "Neutral", "Positive", "Highly positive"];
/// The column of the label.
pub const LABEL: &str = "which_of_these_sentiment_scores_does_the_above_image_fit_into_best";
/// The column of the label's confidence: the share of judgments that agree, weighted by each judge's trust.
pub const CONFIDENCE: &str =
    "which_of_these_sentiment_scores_does_the_above_image_fit_into_best:confidence";
/// The column of the image's URL.
pub const URL: &str = "imageurl";
/// The column of the labels that the authors accept for their own test questions, one a line.
pub(super) const GOLD: &str =
    "which_of_these_sentiment_scores_does_the_above_image_fit_into_best_gold";

/// Images to train on, each with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabeledImages {
    /// The row of each image in its table.
    pub rows: Vec<usize>,
    /// The files.
    pub files: Vec<PathBuf>,
    /// Indices into [`CLASSES`].
    pub labels: Vec<usize>,
    /// Confidence of each label, from 0 to 1.
    pub confidences: Vec<f64>,
    /// Images of one group are of one subject; a split must not divide them.
    pub groups: Vec<String>,
}

/// The class of each row: an index into [`CLASSES`]. Upper and lower case do not matter.
///
/// # Errors
/// [`ErrorKind::Table`] if a label is missing or not one of the scale, with its row.
pub fn labels(table: &Table) -> Result<Vec<usize>> {
    let texts = table.texts(LABEL)?;
    texts
        .iter()
        .enumerate()
        .map(|(row, text)| {
            class(text).ok_or_else(|| {
                table
                    .at(LABEL, row, format!("`{text}` is not a label of the scale"))
                    .help(format!("write one of {}", CLASSES.join(", ")))
            })
        })
        .collect()
}

fn class(text: &str) -> Option<usize> {
    CLASSES.iter().position(|class| class.eq_ignore_ascii_case(text.trim()))
}

/// The confidence of each row's label, as a weight from 0 to 1.
///
/// # Errors
/// [`ErrorKind::Table`] if one is missing or outside 0 to 1, with its row.
pub fn confidences(table: &Table) -> Result<Vec<f64>> {
    let values = table.numbers(CONFIDENCE)?;
    if let Some(row) = values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        return Err(table
            .at(CONFIDENCE, row, format!("the confidence is {}", values[row]))
            .help("give a share from 0 to 1"));
    }
    Ok(values)
}

/// The gold labels of each row; empty where it is no test question.
fn gold(table: &Table) -> Result<Vec<Vec<usize>>> {
    let column = table.column(GOLD)?;
    Ok(column
        .iter()
        .map(|value| match value {
            Value::Text(text) => text.lines().filter_map(class).collect(),
            _ => Vec::new(),
        })
        .collect())
}

/// Checks of the labels, one row each: `check`, `rows`, `example`.
///
/// Counts test questions (gold rows), gold rows whose label the authors do not accept, repeated ids, repeated URLs,
/// URLs with contradictory labels, near-duplicate photographs (equal photo id under another URL), labels at most half
/// of the judges agree on, and rows with fewer than three judgments.
///
/// # Errors
/// [`ErrorKind::Table`] if a column is missing or a label is not of the scale.
pub fn quality(table: &Table) -> Result<Table> {
    let classes = labels(table)?;
    let confidence = confidences(table)?;
    let gold = gold(table)?;
    let urls = table.texts(URL)?;
    let ids = table.texts("_unit_id")?;
    let judgments = table.numbers("_trusted_judgments")?;

    let repeated = |keys: &[String]| -> Vec<Vec<usize>> {
        let mut rows: HashMap<&str, Vec<usize>> = HashMap::new();
        for (row, key) in keys.iter().enumerate() {
            rows.entry(key).or_default().push(row);
        }
        let mut groups: Vec<Vec<usize>> =
            rows.into_values().filter(|rows| rows.len() > 1).collect();
        groups.sort();
        groups
    };
    let contradictory = |groups: &[Vec<usize>]| -> Vec<usize> {
        let of = |rows: &Vec<usize>| rows.iter().map(|row| classes[*row]).collect::<BTreeSet<_>>();
        groups.iter().filter(|rows| of(rows).len() > 1).flatten().copied().collect()
    };
    let by_url = repeated(&urls);
    let photos = photo_ids(&urls);
    let by_photo: Vec<Vec<usize>> = repeated(&photos)
        .into_iter()
        .filter(|rows| rows.iter().any(|row| urls[*row] != urls[rows[0]]))
        .collect();
    let rows = |test: &dyn Fn(usize) -> bool| (0..table.rows()).filter(|row| test(*row)).collect();
    let checks: Vec<(&str, Vec<usize>)> = vec![
        ("gold rows (test questions)", rows(&|row| !gold[row].is_empty())),
        (
            "gold rows with a label that is not accepted",
            rows(&|row| !gold[row].is_empty() && !gold[row].contains(&classes[row])),
        ),
        ("rows with a repeated id", repeated(&ids).concat()),
        ("rows with a repeated URL", by_url.concat()),
        ("of these, contradictory labels", contradictory(&by_url)),
        ("rows with the photo of another URL", by_photo.concat()),
        ("of these, contradictory labels", contradictory(&by_photo)),
        ("confidence of at most one half", rows(&|row| confidence[row] <= 0.5)),
        ("fewer than three judgments", rows(&|row| judgments[row] < 3.0)),
    ];
    let example = |rows: &Vec<usize>| match rows.first() {
        Some(row) => {
            format!("{}: {}, confidence {}", ids[*row], CLASSES[classes[*row]], confidence[*row])
        }
        None => String::new(),
    };
    Table::from_columns(vec![
        ("check", checks.iter().map(|(name, _)| *name).collect::<Vec<_>>().into()),
        ("rows", checks.iter().map(|(_, rows)| rows.len() as i64).collect::<Vec<_>>().into()),
        ("example", checks.iter().map(|(_, rows)| example(rows)).collect::<Vec<_>>().into()),
    ])
}

/// The images of some rows of the table, cleaned: `files[i]` is the image of row `rows[i]`. Where several rows have one
/// file (their URLs are equal), the first stays if their labels agree, and none if they contradict each other. Groups
/// are those of [`near_duplicates`](super::near_duplicates).
///
/// # Errors
/// [`ErrorKind::Parameter`] if `rows` and `files` differ in length or a row does not exist; otherwise as [`labels`] and
/// [`confidences`].
pub fn of_rows(table: &Table, rows: &[usize], files: &[PathBuf]) -> Result<LabeledImages> {
    if rows.len() != files.len() {
        let problem = format!("{} rows need as many files, found {}", rows.len(), files.len());
        return Err(Error::new(ErrorKind::Parameter, problem).help("give one file a row"));
    }
    let classes = labels(&table.filter_rows(rows)?)?;
    let mut of_file: HashMap<&PathBuf, BTreeSet<usize>> = HashMap::new();
    for (file, class) in files.iter().zip(&classes) {
        of_file.entry(file).or_default().insert(*class);
    }
    let mut seen = HashSet::new();
    let stays = |place: &usize| {
        let file = &files[*place];
        seen.insert(file) && of_file.get(file).is_some_and(|classes| classes.len() == 1)
    };
    let kept: Vec<usize> = (0..rows.len()).filter(stays).collect();
    let rows: Vec<usize> = kept.iter().map(|place| rows[*place]).collect();
    let files: Vec<PathBuf> = kept.iter().map(|place| files[*place].clone()).collect();
    let part = table.filter_rows(&rows)?;
    let groups = near_duplicates(&part.texts(URL)?, &files)?;
    Ok(LabeledImages {
        rows,
        files,
        labels: labels(&part)?,
        confidences: confidences(&part)?,
        groups,
    })
}
