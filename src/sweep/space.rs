//! The settings that a search may choose from.

use super::settings::{Settings, Value};
use crate::{Error, ErrorKind, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What one setting may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Range {
    Choices(Vec<Value>),
    Integers(i64, i64),
    Uniform(f64, f64),
    LogUniform(f64, f64),
}

/// Settings and the values each may have.
///
/// ```
/// use cuaderno::sweep::Space;
/// # fn main() -> cuaderno::Result<()> {
/// let space = Space::new()
///     .choices("filters", &[100, 150])
///     .log_uniform("learning_rate", 1e-4, 1e-2);
/// assert_eq!(space.random(5, 0)?.len(), 5);
/// let grid = Space::new().choices("filters", &[100, 150]).choices("trained", &[false, true]);
/// assert_eq!(grid.grid()?.len(), 4);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Space {
    fixed: Vec<(String, Value)>,
    pub(super) ranges: Vec<(String, Range)>,
}

impl Space {
    /// No settings yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A setting that all runs have alike.
    pub fn fixed(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.fixed.push((name.into(), value.into()));
        self
    }

    /// One of these values.
    pub fn choices<T: Clone + Into<Value>>(self, name: impl Into<String>, values: &[T]) -> Self {
        self.range(name.into(), Range::Choices(values.iter().cloned().map(Into::into).collect()))
    }

    /// A whole number from `low` to `high`, both included.
    pub fn integers(self, name: impl Into<String>, low: i64, high: i64) -> Self {
        self.range(name.into(), Range::Integers(low, high))
    }

    /// A number from `low` to `high`, all equally likely.
    pub fn uniform(self, name: impl Into<String>, low: f64, high: f64) -> Self {
        self.range(name.into(), Range::Uniform(low, high))
    }

    /// A number from `low` to `high`, both above 0, whose logarithm is equally likely: learning rates.
    pub fn log_uniform(self, name: impl Into<String>, low: f64, high: f64) -> Self {
        self.range(name.into(), Range::LogUniform(low, high))
    }

    fn range(mut self, name: String, range: Range) -> Self {
        self.ranges.push((name, range));
        self
    }

    /// Checks that each range has a value.
    pub(super) fn check(&self) -> Result<()> {
        for (name, range) in &self.ranges {
            let problem = match range {
                Range::Choices(values) if values.is_empty() => "has no choices".to_string(),
                Range::Integers(low, high) if low > high => {
                    format!("from {low} to {high} is empty")
                }
                Range::Uniform(low, high) if !(low < high && (high - low).is_finite()) => {
                    format!("from {low} to {high} is empty")
                }
                Range::LogUniform(low, high) if !(*low > 0.0 && low < high && high.is_finite()) => {
                    format!("from {low} to {high} must be above 0 and not empty")
                }
                _ => continue,
            };
            return Err(Error::new(
                ErrorKind::Parameter,
                format!("the setting `{name}` {problem}"),
            ));
        }
        Ok(())
    }

    /// The settings of these values, named after them.
    pub(super) fn settings(&self, values: Vec<Value>) -> Settings {
        let short = |value: &Value| match value {
            Value::Float(value) => format!("{value:.3e}"),
            value => value.to_string(),
        };
        let named: Vec<String> = self
            .ranges
            .iter()
            .zip(&values)
            .map(|((name, _), value)| format!("{name} {}", short(value)))
            .collect();
        let mut settings = Settings::new(named.join(", "));
        for (name, value) in &self.fixed {
            settings = settings.with(name, value.clone());
        }
        for ((name, _), value) in self.ranges.iter().zip(values) {
            settings = settings.with(name, value);
        }
        settings
    }

    /// All combinations of the choices and whole numbers.
    ///
    /// # Errors
    /// When a setting is a range of numbers, or has no values.
    pub fn grid(&self) -> Result<Vec<Settings>> {
        self.check()?;
        let mut all: Vec<Vec<Value>> = vec![Vec::new()];
        for (name, range) in &self.ranges {
            let values: Vec<Value> = match range {
                Range::Choices(values) => values.clone(),
                Range::Integers(low, high) => (*low..=*high).map(Value::Integer).collect(),
                _ => {
                    let problem =
                        format!("the setting `{name}` is a range, which no grid can fill");
                    return Err(Error::new(ErrorKind::Parameter, problem)
                        .help("give its values with `choices`, or search at random"));
                }
            };
            all = all
                .iter()
                .flat_map(|before| {
                    values.iter().map(move |value| {
                        let mut combination = before.clone();
                        combination.push(value.clone());
                        combination
                    })
                })
                .collect();
        }
        Ok(all.into_iter().map(|values| self.settings(values)).collect())
    }

    /// Independent draws, all different.
    ///
    /// # Errors
    /// When a setting has no values, or the space has fewer than `runs` combinations.
    pub fn random(&self, runs: usize, seed: u64) -> Result<Vec<Settings>> {
        self.check()?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut all: Vec<Settings> = Vec::new();
        for _ in 0..runs * 100 {
            if all.len() == runs {
                break;
            }
            let drawn =
                self.settings(self.ranges.iter().map(|(_, r)| r.draw(&mut random)).collect());
            if !all.iter().any(|known| known.same_values(&drawn)) {
                all.push(drawn);
            }
        }
        if all.len() < runs {
            let problem = format!("expected {runs} different runs, the space gave {}", all.len());
            return Err(Error::new(ErrorKind::Parameter, problem).help("search it as a grid"));
        }
        Ok(all)
    }
}

impl Range {
    pub(super) fn draw(&self, random: &mut ChaCha8Rng) -> Value {
        match self {
            Self::Choices(values) => values[random.gen_range(0..values.len())].clone(),
            Self::Integers(low, high) => Value::Integer(random.gen_range(*low..=*high)),
            Self::Uniform(low, high) => Value::Float(random.gen_range(*low..*high)),
            Self::LogUniform(low, high) => {
                Value::Float(random.gen_range(low.ln()..high.ln()).exp().clamp(*low, *high))
            }
        }
    }
}
