//! Groups and their aggregates, collected batch by batch.

use super::column::{Column, Value};
use super::frame::Table;
use super::group::Aggregate;
use super::summary::free_name;
use crate::{Error, ErrorKind, Result};
use std::cmp::{Ordering, Reverse};
use std::collections::{HashMap, HashSet};

/// Groups of rows with equal keys, of all batches so far.
pub(super) struct RunningGroups {
    keys: Vec<String>,
    aggregates: Vec<(String, Aggregate)>,
    /// Whether each aggregated column holds whole numbers.
    whole: Vec<bool>,
    places: HashMap<Vec<u8>, usize>,
    /// The key columns, a row per group, of the groups that each batch has added.
    names: Vec<Table>,
    counts: Vec<i64>,
    /// For each group, its aggregates.
    values: Vec<Vec<Running>>,
    rows: usize,
}

/// An aggregate so far: mean and squared deviations by Welford's method.
#[derive(Clone, Default)]
struct Running {
    count: i64,
    sum: f64,
    mean: f64,
    squares: f64,
    low: Option<f64>,
    high: Option<f64>,
    distinct: HashSet<Vec<u8>>,
}

impl Running {
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        let from_mean = value - self.mean;
        self.mean += from_mean / self.count as f64;
        self.squares += from_mean * (value - self.mean);
        self.low = Some(self.low.map_or(value, |low| low.min(value)));
        self.high = Some(self.high.map_or(value, |high| high.max(value)));
    }

    fn value(&self, aggregate: Aggregate) -> Option<f64> {
        match aggregate {
            Aggregate::Count => Some(self.count as f64),
            Aggregate::Distinct => Some(self.distinct.len() as f64),
            Aggregate::Sum => Some(self.sum),
            Aggregate::Mean => (self.count > 0).then(|| self.sum / self.count as f64),
            Aggregate::Std => {
                (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
            }
            Aggregate::Min => self.low,
            Aggregate::Max => self.high,
            Aggregate::Median => None,
        }
        .filter(|value| !value.is_nan())
    }
}

impl RunningGroups {
    /// No groups yet.
    ///
    /// # Errors
    /// `Parameter` when no key is given, or a median is among the aggregates.
    pub fn new(keys: &[&str], aggregates: &[(&str, Aggregate)]) -> Result<Self> {
        if keys.is_empty() {
            let problem = "expected at least one column to group by";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("name a column, such as `scan.group_by(&[\"category\"], &[])`"));
        }
        if let Some((name, _)) = aggregates.iter().find(|(_, of)| *of == Aggregate::Median) {
            let problem = "the median needs all values at once, but a scan has one batch at a time";
            return Err(Error::new(ErrorKind::Parameter, problem)
                .column(*name)
                .help("select the columns, `collect()` them, and group that table"));
        }
        Ok(Self {
            keys: keys.iter().map(ToString::to_string).collect(),
            aggregates: aggregates.iter().map(|(name, of)| (name.to_string(), *of)).collect(),
            whole: vec![true; aggregates.len()],
            places: HashMap::new(),
            names: Vec::new(),
            counts: Vec::new(),
            values: Vec::new(),
            rows: 0,
        })
    }

    /// Adds the rows of a batch; those with a null among the keys count for no group.
    ///
    /// # Errors
    /// `Table` when a column is missing, or one to be aggregated is not numeric.
    pub fn add(&mut self, batch: &Table) -> Result<()> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let columns = batch.chosen(&keys)?;
        let (mut places, mut added) = (Vec::with_capacity(batch.rows()), Vec::new());
        let mut key = Vec::new();
        for row in 0..batch.rows() {
            key.clear();
            columns.iter().for_each(|column| column.get(row).write_key(&mut key));
            if columns.iter().any(|column| column.get(row) == Value::Null) {
                places.push(None);
                continue;
            }
            let place = match self.places.get(&key) {
                Some(place) => *place,
                None => {
                    added.push(row);
                    self.counts.push(0);
                    self.values.push(vec![Running::default(); self.aggregates.len()]);
                    self.places.insert(key.clone(), self.counts.len() - 1);
                    self.counts.len() - 1
                }
            };
            self.counts[place] += 1;
            places.push(Some(place));
        }
        for (index, (name, aggregate)) in self.aggregates.iter().enumerate() {
            let column = batch.column(name)?;
            self.whole[index] &= batch.rows() == 0 || matches!(column, Column::Integer(_));
            let groups = places.iter().enumerate();
            let groups = groups.filter_map(|(row, place)| Some((row, (*place)?)));
            if matches!(aggregate, Aggregate::Count | Aggregate::Distinct) {
                for (row, place) in groups.filter(|(row, _)| column.get(*row) != Value::Null) {
                    let running = &mut self.values[place][index];
                    running.count += 1;
                    if *aggregate == Aggregate::Distinct {
                        let mut key = Vec::new();
                        column.get(row).write_key(&mut key);
                        running.distinct.insert(key);
                    }
                }
                continue;
            }
            let numbers = batch.numbers(name)?;
            for (row, place) in groups.filter(|(row, _)| !numbers[*row].is_nan()) {
                self.values[place][index].add(numbers[row]);
            }
        }
        self.names.push(batch.select(&keys)?.picked(&added));
        self.rows += batch.rows();
        Ok(())
    }

    /// The keys of all groups, in order of appearance.
    fn names(&self) -> Result<Table> {
        // A batch without new groups may have columns of nulls alone, of another type.
        let full: Vec<&Table> = self.names.iter().filter(|names| names.rows() > 0).collect();
        match (&full[..], self.names.first()) {
            ([], Some(empty)) => Ok(empty.clone()),
            _ => Table::concat(&full),
        }
    }

    /// A row per group, sorted by the keys: keys, `count` and aggregates.
    pub fn sorted(&self) -> Result<Table> {
        let names = self.names()?;
        let columns = names.chosen(&[])?;
        let mut places: Vec<usize> = (0..self.counts.len()).collect();
        places.sort_by(|a, b| {
            let by_column = columns.iter().map(|column| column.order(*a, *b));
            by_column.fold(Ordering::Equal, Ordering::then)
        });
        let mut result = Table { origin: None, ..names.picked(&places) };
        let counts: Vec<i64> = places.iter().map(|place| self.counts[*place]).collect();
        result = result.with_column(&free_name("count", &result.names), counts.into())?;
        for (index, (name, aggregate)) in self.aggregates.iter().enumerate() {
            let value = |place: &usize| self.values[*place][index].value(*aggregate);
            let values: Vec<Option<f64>> = places.iter().map(value).collect();
            let whole = match aggregate {
                Aggregate::Count | Aggregate::Distinct => true,
                Aggregate::Sum | Aggregate::Min | Aggregate::Max => {
                    self.whole[index] && values.iter().flatten().all(|v| v.abs() < 2f64.powi(53))
                }
                _ => false,
            };
            let column = if whole {
                Column::Integer(values.iter().map(|value| value.map(|v| v as i64)).collect())
            } else {
                Column::Float(values)
            };
            let label = free_name(&format!("{name}_{}", aggregate.name()), &result.names);
            result = result.with_column(&label, column)?;
        }
        Ok(result)
    }

    /// The groups by their number of rows, most first, with the columns `count` and `share`.
    pub fn most_frequent(&self) -> Result<Table> {
        let names = self.names()?;
        let mut places: Vec<usize> = (0..self.counts.len()).collect();
        places.sort_by_key(|place| Reverse(self.counts[*place]));
        let counts: Vec<i64> = places.iter().map(|place| self.counts[*place]).collect();
        let share = |count: &i64| *count as f64 / self.rows.max(1) as f64;
        let shares: Vec<f64> = counts.iter().map(share).collect();
        let label = free_name(&self.keys[0], &["count", "share"]);
        let values = names.column(&self.keys[0])?.take(&places);
        Table::from_columns(vec![
            (label.as_str(), values),
            ("count", counts.into()),
            ("share", shares.into()),
        ])
    }
}
