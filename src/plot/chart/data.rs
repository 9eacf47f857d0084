//! The data that several charts take, and the checks that they share.

use crate::{Error, ErrorKind, Result};

/// Named points: a line, or a cloud of one color.
///
/// ```
/// use cuaderno::plot::{self, Series};
/// let folds = Series::counted("mean of folds", &[0.5, 0.6, 0.65]).band(&[0.4, 0.5, 0.6], &[0.6, 0.7, 0.7]);
/// assert_eq!(plot::line(&[folds])?.to_string(), "figure: 1 line, 3 points");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub(in crate::plot) name: String,
    pub(in crate::plot) x: Vec<f64>,
    pub(in crate::plot) y: Vec<f64>,
    pub(in crate::plot) counted: bool,
    /// The ends of an interval around each y.
    pub(in crate::plot) band: Option<(Vec<f64>, Vec<f64>)>,
}

impl Series {
    /// The points (`x[i]`, `y[i]`); both are equally long.
    pub fn new(name: impl Into<String>, x: &[f64], y: &[f64]) -> Self {
        Self { name: name.into(), x: x.to_vec(), y: y.to_vec(), counted: false, band: None }
    }

    /// The points (1, `y[0]`), (2, `y[1]`), …: one value for each epoch, step or rank.
    pub fn counted(name: impl Into<String>, y: &[f64]) -> Self {
        let x = (1..=y.len()).map(|i| i as f64).collect();
        Self { name: name.into(), x, y: y.to_vec(), counted: true, band: None }
    }

    /// The interval around each y, such as mean ± standard deviation over folds: [`line`](crate::plot::line()) draws
    /// it as a band.
    #[must_use]
    pub fn band(mut self, low: &[f64], high: &[f64]) -> Self {
        self.band = Some((low.to_vec(), high.to_vec()));
        self
    }
}

/// A named group of values.
///
/// ```
/// use cuaderno::plot::{self, Group};
/// let ages = Group::new("age", &[31.0, 35.0, 52.0, 48.0]);
/// assert!(plot::histogram(&[ages])?.to_string().starts_with("figure: histogram of 4 values"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
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

/// Returns `true` if the bars of these labels lie, so that long or many labels have room.
pub(super) fn lie(labels: &[String]) -> bool {
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    labels.len() > 12 || longest * labels.len() > 80
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
        if let Some((low, high)) = &one.band
            && (low.len() != one.y.len() || high.len() != one.y.len())
        {
            return Err(wrong(format!(
                "series `{}` has {} y values, and a band of {} and {}",
                one.name,
                one.y.len(),
                low.len(),
                high.len()
            ))
            .help("give a lower and an upper end for each y"));
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

/// The number of `values` that are not finite.
pub(super) fn not_finite<'a>(values: impl IntoIterator<Item = &'a f64>) -> usize {
    values.into_iter().filter(|value| !value.is_finite()).count()
}
