//! Groups of rows that lie in more than one part of a split.

use super::split::Split;
use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

impl Split {
    /// The groups with rows in more than one part: `group`, and its number of rows in `train`, `validation` and `test`.
    /// Empty for a sound split. Groups of [`near_duplicates`](crate::images::near_duplicates) show which copies of an
    /// image were trained on and tested with.
    ///
    /// ```
    /// use cuaderno::data::Split;
    /// let split = Split { train: vec![0, 1, 2], validation: vec![], test: vec![3] };
    /// let groups = ["a", "b", "b", "b"].map(String::from);
    /// let straddling = split.straddling(&groups)?;
    /// assert_eq!(straddling.texts("group")?, ["b"]);
    /// assert_eq!((straddling.integers("train")?, straddling.integers("test")?), (vec![2], vec![1]));
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] when a row has no group.
    pub fn straddling(&self, groups: &[String]) -> Result<Table> {
        let mut counts: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
        for (part, rows) in [&self.train, &self.validation, &self.test].into_iter().enumerate() {
            for row in rows {
                let Some(group) = groups.get(*row) else {
                    let problem =
                        format!("expected a group for row {row}, found {} groups", groups.len());
                    return Err(Error::new(ErrorKind::Parameter, problem)
                        .help("pass the group of every row of the table"));
                };
                counts.entry(group).or_default()[part] += 1;
            }
        }
        counts.retain(|_, counts| counts.iter().filter(|count| **count > 0).count() > 1);
        let names: Vec<&str> = counts.keys().copied().collect();
        let of = |part: usize| counts.values().map(|counts| counts[part]).collect::<Vec<i64>>();
        Table::from_columns(vec![
            ("group", names.into()),
            ("train", of(0).into()),
            ("validation", of(1).into()),
            ("test", of(2).into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_by_group_has_none_and_a_random_one_has_some() {
        let groups: Vec<String> = (0..60).map(|row| format!("id-{}", row / 3)).collect();
        let sound = Split::by_group(&groups, [0.6, 0.2, 0.2], 0).unwrap();
        assert_eq!(sound.straddling(&groups).unwrap().rows(), 0);
        let random = Split::random(60, [0.6, 0.2, 0.2], 0).unwrap();
        let found = random.straddling(&groups).unwrap();
        assert!(found.rows() > 5);
        let rows = |part| found.integers(part).unwrap();
        let sums = rows("train").into_iter().zip(rows("validation")).zip(rows("test"));
        assert!(sums.into_iter().all(|((a, b), c)| a + b + c == 3));
        let error = random.straddling(&groups[..9]).unwrap_err().to_string();
        assert!(error.contains("9 groups"), "{error}");
    }
}
