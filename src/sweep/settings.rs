//! The settings of one run.

use crate::{Error, ErrorKind, Result};
use std::fmt;

/// The value of a setting.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A name.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

impl Value {
    /// The value as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        match self {
            Self::Integer(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Boolean(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
        }
    }

    /// The value that [`Self::json`] wrote.
    pub(super) fn from_json(value: &serde_json::Value) -> Option<Self> {
        if let Some(value) = value.as_i64() {
            return Some(Self::Integer(value));
        }
        let number = value.as_f64().map(Self::Float);
        let flag = || value.as_bool().map(Self::Boolean);
        number.or_else(flag).or_else(|| value.as_str().map(|text| Self::Text(text.to_string())))
    }

    /// The value as a number, where it is one.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }
}

macro_rules! values {
    ($($from:ty => $variant:ident($convert:expr)),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                #[allow(clippy::redundant_closure_call)]
                Self::$variant(($convert)(value))
            }
        }
    )+};
}
values!(
    i64 => Integer(|v| v), i32 => Integer(i64::from),
    usize => Integer(|v| i64::try_from(v).unwrap_or(i64::MAX)),
    f64 => Float(|v| v), f32 => Float(f64::from), bool => Boolean(|v| v),
    &str => Text(str::to_string), String => Text(|v| v),
);

/// Named values that a run is made with, in order, and a name for tables and figures.
///
/// ```
/// use cuaderno::sweep::Settings;
/// # fn main() -> cuaderno::Result<()> {
/// let base = Settings::new("default").with("filters", 100).with("trained", false);
/// let wide = base.renamed("150 filters").with("filters", 150);
/// assert_eq!((wide.integer("filters")?, wide.flag("trained")?), (150, false));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    name: String,
    values: Vec<(String, Value)>,
}

impl Settings {
    /// No settings yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), values: Vec::new() }
    }

    /// The same settings under another name.
    pub fn renamed(&self, name: impl Into<String>) -> Self {
        Self { name: name.into(), values: self.values.clone() }
    }

    /// With one value set or replaced.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.values.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.values.push((name, value)),
        }
        self
    }

    /// The name of the run.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values by name, in order.
    pub fn values(&self) -> &[(String, Value)] {
        &self.values
    }

    /// The value of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn typed<T>(&self, name: &str, what: &str, of: impl Fn(&Value) -> Option<T>) -> Result<T> {
        let Some(value) = self.get(name) else {
            let known: Vec<&str> = self.values.iter().map(|(name, _)| name.as_str()).collect();
            let problem = format!("expected the setting `{name}`, found {}", known.join(", "));
            return Err(Error::new(ErrorKind::Parameter, problem));
        };
        of(value).ok_or_else(|| {
            let problem = format!("the setting `{name}` must be {what}, found `{value}`");
            Error::new(ErrorKind::Parameter, problem)
        })
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// When there is no such setting or it is something else.
    pub fn integer(&self, name: &str) -> Result<usize> {
        self.typed(name, "a whole number that is not negative", |value| match value {
            Value::Integer(value) => usize::try_from(*value).ok(),
            _ => None,
        })
    }

    /// A number.
    ///
    /// # Errors
    /// When there is no such setting or it is something else.
    pub fn float(&self, name: &str) -> Result<f64> {
        self.typed(name, "a number", Value::number)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When there is no such setting or it is something else.
    pub fn flag(&self, name: &str) -> Result<bool> {
        self.typed(name, "true or false", |value| match value {
            Value::Boolean(value) => Some(*value),
            _ => None,
        })
    }

    /// A name.
    ///
    /// # Errors
    /// When there is no such setting or it is something else.
    pub fn text(&self, name: &str) -> Result<String> {
        self.typed(name, "text", |value| match value {
            Value::Text(value) => Some(value.clone()),
            _ => None,
        })
    }

    /// Returns `true` if all values are the same, whatever the names of the runs and the order.
    pub(super) fn same_values(&self, other: &Self) -> bool {
        self.values.len() == other.values.len()
            && self.values.iter().all(|(name, value)| other.get(name) == Some(value))
    }

    /// The name of the run's folder: readable, and different for different values.
    pub(super) fn folder(&self) -> String {
        let slug: String = crate::text::strip_accents(&self.name.to_lowercase())
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
            .take(40)
            .collect();
        let mut sorted: Vec<String> =
            self.values.iter().map(|(name, value)| format!("{name}={value:?};")).collect();
        sorted.sort();
        // FNV-1a: the same in every version and on every machine.
        let hash = sorted.concat().bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        format!("{}-{:08x}", slug.trim_matches(['-', '.']), hash as u32 ^ (hash >> 32) as u32)
    }

    pub(super) fn json(&self) -> serde_json::Value {
        self.values
            .iter()
            .map(|(name, value)| (name.clone(), value.json()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}
