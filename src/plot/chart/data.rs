//! The data that several charts take, and the checks that they share.

use crate::{Error, ErrorKind, Result};

/// Named points: a line, or a cloud of one color.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub(in crate::plot) name: String,
    pub(in crate::plot) x: Vec<f64>,
    pub(in crate::plot) y: Vec<f64>,
    pub(in crate::plot) counted: bool,
}

impl Series {
    /// The points (`x[i]`, `y[i]`); both are equally long.
    pub fn new(name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        Self { name: name.into(), x: x.to_vec(), y: y.to_vec(), counted: false }
    }

    /// The points (1, `y[0]`), (2, `y[1]`), …: one value for each epoch, step or rank.
    pub fn counted(name: impl Into<String>, y: &[f64]) -> Self {
        let x = (1..=y.len()).map(|i| i as f64).collect();
        Self { name: name.into(), x, y: y.to_vec(), counted: true }
    }
}

/// A named group of values.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub(in crate::plot) name: String,
    pub(in crate::plot) values: Vec<f64>,
}

impl Group {
    /// The group `name` with its values.
    pub fn new(name: impl Into<String>, values: &[f64]) -> Self {
        Self { name: name.into(), values: values.to_vec() }
    }
}

/// An error about the data of a figure.
pub(super) fn wrong(problem: impl Into<String>) -> Error {
    Error::new(ErrorKind::Figure, problem)
}

/// Names as text.
pub(super) fn names(names: &[impl AsRef<str>]) -> Vec<String> {
    names.iter().map(|name| name.as_ref().to_string()).collect()
}

/// Checks that `what` is there once for each name.
pub(super) fn same_length(names: usize, values: usize, what: &str) -> Result<()> {
    if names == values {
        return Ok(());
    }
    Err(wrong(format!("{names} names for {values} {what}")).help("give one name for each"))
}

/// Checks that there is something to draw.
pub(super) fn some_finite<'a>(values: impl IntoIterator<Item = &'a f64>) -> Result<()> {
    let mut any = false;
    for value in values {
        any = true;
        if value.is_finite() {
            return Ok(());
        }
    }
    Err(if any {
        wrong("no value is finite, so there is nothing to draw")
            .help("look for a division by zero or a loss that became NaN")
    } else {
        wrong("there is no value to draw")
    })
}

/// The points of `series` with matching lengths and something finite among them.
pub(super) fn check_series(series: &[Series]) -> Result<()> {
    for one in series {
        if one.x.len() != one.y.len() {
            return Err(wrong(format!(
                "series `{}` has {} x values and {} y values",
                one.name,
                one.x.len(),
                one.y.len()
            ))
            .help("give one y for each x"));
        }
    }
    some_finite(series.iter().flat_map(|one| &one.x))?;
    some_finite(series.iter().flat_map(|one| &one.y))?;
    let drawn =
        |one: &Series| one.x.iter().zip(&one.y).any(|(x, y)| x.is_finite() && y.is_finite());
    if series.iter().any(drawn) {
        return Ok(());
    }
    Err(wrong("no point has two finite coordinates, so there is nothing to draw"))
}

/// How many of `values` are not finite.
pub(super) fn not_finite<'a>(values: impl IntoIterator<Item = &'a f64>) -> usize {
    values.into_iter().filter(|value| !value.is_finite()).count()
}

/// "1 bar", "2 bars".
pub(super) fn plural(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('s')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if stem.ends_with('s') => format!("{count} {noun}es"),
        (_, Some(_)) => format!("{count} {noun}"),
        (_, None) => format!("{count} {noun}s"),
    }
}
