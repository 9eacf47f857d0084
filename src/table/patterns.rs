//! Text searched by regular expressions: extracted, tested, counted, replaced.

use super::column::Column;
use super::frame::Table;
use super::texts::Texts;
use crate::{Error, ErrorKind, Result};
use regex::Regex;

impl Table {
    /// With a column of text for each group of a regular expression, taken from the first match in each text of a column,
    /// as pandas's `str.extract`. A named group `(?<year>…)` makes the column `year`; a group without a name the column
    /// `title_1` by its number, for a column `title`. A text without a match, a group that takes no part in it, and a
    /// null give nulls.
    ///
    /// The expressions are those of the crate [regex](https://docs.rs/regex/latest/regex/#syntax), which has no look-around
    /// and no backreferences: time grows linearly with the text. `\w`, `\d`, `\s` and `(?i)` cover Unicode, as in Python.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let titles = vec!["Tv Led 32\" (2019)", "Cable"];
    /// let table = Table::from_columns(vec![("title", titles.into())])?;
    /// let table = table.extract("title", r#"(?<inches>\d+)" \((?<year>\d{4})\)"#)?;
    /// assert_eq!(table.columns(), ["title", "inches", "year"]);
    /// assert_eq!(table.texts("year")?, ["2019", ""]);
    /// assert!(table.numbers("inches")?[1].is_nan());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column, it does not hold text, or the table has a column with the name of a group;
    /// `Parameter` when the pattern is not a regular expression or has no group.
    pub fn extract(&self, name: &str, pattern: &str) -> Result<Self> {
        let regex = compiled(name, pattern)?;
        let texts = self.text_column(name)?;
        let groups: Vec<String> = regex
            .capture_names()
            .enumerate()
            .skip(1)
            .map(|(number, group)| group.map_or(format!("{name}_{number}"), str::to_string))
            .collect();
        if groups.is_empty() {
            let problem = format!("expected a group in the pattern `{pattern}`, found none");
            return Err(Error::new(ErrorKind::Parameter, problem).column(name).help(
                r"put the part to extract between parentheses: `(\d+)`, or `(?<year>\d+)` with a name",
            ));
        }
        if let Some(taken) = groups.iter().find(|group| self.names.contains(group)) {
            let problem = format!("another column is called `{taken}`");
            return Err(self
                .in_file(Error::new(ErrorKind::Table, problem).column(name))
                .help("give the group another name with `(?<name>…)`, or drop the column first"));
        }
        let mut columns: Vec<Texts> = groups.iter().map(|_| Texts::new()).collect();
        let mut places = regex.capture_locations();
        for text in texts.iter() {
            let found = text.filter(|text| regex.captures_read(&mut places, text).is_some());
            for (column, group) in columns.iter_mut().zip(1..) {
                let part = found.and_then(|text| {
                    let (start, end) = places.get(group)?;
                    text.get(start..end)
                });
                column.push(part);
            }
        }
        let mut table = self.clone();
        for (group, column) in groups.iter().zip(columns) {
            table = table.with_column(group, Column::Text(column))?;
        }
        Ok(table)
    }

    /// All matches of a regular expression in each text of a column, as a column of lists; of a pattern with one group,
    /// that group, as pandas's `str.findall`. Without a match the list is empty; a null stays null. See
    /// [`extract`](Self::extract) for the expressions.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let posts = vec!["De paseo #Retiro #otoño", "Nada"];
    /// let table = Table::from_columns(vec![("post", posts.into())])?;
    /// let table = table.with_column("tags", table.extract_all("post", r"#(\w+)")?)?;
    /// assert_eq!(table.lists("tags")?, [vec!["Retiro", "otoño"], vec![]]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text; `Parameter` when the pattern is not a regular
    /// expression or has several groups.
    pub fn extract_all(&self, name: &str, pattern: &str) -> Result<Column> {
        let regex = compiled(name, pattern)?;
        let groups = regex.captures_len() - 1;
        if groups > 1 {
            let problem =
                format!("expected at most one group in the pattern `{pattern}`, found {groups}");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .column(name)
                .help("write groups that only join parts as `(?:…)`"));
        }
        let all = |text: &str| -> Vec<String> {
            if groups == 0 {
                return regex.find_iter(text).map(|found| found.as_str().to_string()).collect();
            }
            let part = |found: regex::Captures<'_>| {
                found.get(1).map_or("", |group| group.as_str()).to_string()
            };
            regex.captures_iter(text).map(part).collect()
        };
        Ok(Column::List(self.text_column(name)?.iter().map(|text| text.map(all)).collect()))
    }

    /// Returns `true` if each text of a column contains a match of a regular expression, as pandas's `str.contains`; nulls
    /// do not. See [`extract`](Self::extract) for the expressions; `(?i)` in front ignores case.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("title", vec!["NIÑO 3 años", "Niña"].into())])?;
    /// assert_eq!(table.contains_match("title", r"(?i)niñ[oa]\s+\d")?, [true, false]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text; `Parameter` when the pattern is not a regular
    /// expression.
    pub fn contains_match(&self, name: &str, pattern: &str) -> Result<Vec<bool>> {
        let regex = compiled(name, pattern)?;
        let texts = self.text_column(name)?;
        Ok(texts.iter().map(|text| text.is_some_and(|text| regex.is_match(text))).collect())
    }

    /// The number of matches of a regular expression in each text of a column, as pandas's `str.count`; of a null 0. See
    /// [`extract`](Self::extract) for the expressions.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("title", vec!["2 x 3 m", "m"].into())])?;
    /// assert_eq!(table.count_matches("title", r"\d+")?, [2, 0]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`contains_match`](Self::contains_match).
    pub fn count_matches(&self, name: &str, pattern: &str) -> Result<Vec<i64>> {
        let regex = compiled(name, pattern)?;
        let count =
            |text: Option<&str>| text.map_or(0, |text| regex.find_iter(text).count() as i64);
        Ok(self.text_column(name)?.iter().map(count).collect())
    }

    /// With every match of a regular expression in the texts of a column replaced, as pandas's
    /// `str.replace(regex=True)`; `$1` or `${name}` in the replacement stands for a group, `$$` for a dollar. Nulls stay.
    /// See [`extract`](Self::extract) for the expressions, and [`replace`](Self::replace) for whole cells.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("when", vec!["05/01/2024"].into())])?;
    /// let table = table.replace_matches("when", r"(\d+)/(\d+)/(\d+)", "$3-$2-$1")?;
    /// assert_eq!(table.texts("when")?, ["2024-01-05"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column or it does not hold text; `Parameter` when the pattern is not a regular
    /// expression, or has no group that the replacement names.
    pub fn replace_matches(&self, name: &str, pattern: &str, replacement: &str) -> Result<Self> {
        let regex = compiled(name, pattern)?;
        check_replacement(&regex, replacement).map_err(|error| error.column(name))?;
        let mut texts = Texts::new();
        for text in self.text_column(name)?.iter() {
            let changed = text.map(|text| regex.replace_all(text, replacement));
            texts.push(changed.as_deref());
        }
        self.with_column(name, Column::Text(texts))
    }
}

/// The pattern, checked.
fn compiled(name: &str, pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        // The crate draws the place of the error over several lines; the reason is on the last.
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default();
        let reason = last.strip_prefix("error: ").unwrap_or(last);
        let help = if reason.contains("look-around") || reason.contains("backreference") {
            "extract the text around it with groups, or use `map_texts`"
        } else {
            r"write characters with a meaning, such as ( [ { . * + ? $ |, with a backslash: `\(`"
        };
        let problem = format!("`{pattern}` is not a regular expression: {reason}");
        Error::new(ErrorKind::Parameter, problem).column(name).help(help)
    })
}

/// Checks that the pattern has the groups that a replacement names; the crate takes others as empty.
fn check_replacement(regex: &Regex, replacement: &str) -> Result<()> {
    let error =
        |problem: String, help: &str| Err(Error::new(ErrorKind::Parameter, problem).help(help));
    let mut rest = replacement;
    while let Some(at) = rest.find(['$', '\\']) {
        let python = rest[at..].starts_with('\\');
        rest = &rest[at + 1..];
        if python {
            if rest.starts_with("g<") || rest.starts_with(|c: char| c.is_ascii_digit()) {
                let problem =
                    format!("expected groups such as `$1`, found `\\` in `{replacement}`");
                return error(problem, "write `$1` for `\\1` and `${name}` for `\\g<name>`");
            }
            continue;
        }
        if let Some(after) = rest.strip_prefix('$') {
            rest = after;
            continue;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let group = match rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map_or("", |(group, _)| group),
            None => &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())],
        };
        let known = match group.parse::<usize>() {
            Ok(number) => number < regex.captures_len(),
            Err(_) => regex.capture_names().flatten().any(|name| name == group),
        };
        if !known && !group.is_empty() {
            let problem = format!(
                "the replacement `{replacement}` names a group `{group}`, which the pattern does not have"
            );
            return error(
                problem,
                "write `${1}a` where letters follow a group, and `$$` for a dollar",
            );
        }
    }
    Ok(())
}
