//! Texts of few categories in a stated order, each a number.

use super::texts::Texts;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Texts of a few categories, each cell a code of four bytes, as pandas's ordered `Categorical` and polars's `Enum`.
///
/// ```
/// use cuaderno::table::{Column, Table};
/// # fn main() -> cuaderno::Result<()> {
/// let table = Table::from_columns(vec![("size", vec!["M", "S", "L", "S"].into())])?;
/// let table = table.with_categories("size", &["S", "M", "L"])?;
/// assert_eq!(table.sort_by("size", true)?.texts("size")?, ["S", "S", "M", "L"]);
/// let Column::Category(sizes) = table.column("size")? else { unreachable!() };
/// assert_eq!(sizes.codes(), [Some(1), Some(0), Some(2), Some(0)]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Categorical {
    categories: Arc<[String]>,
    codes: Vec<Option<u32>>,
}

impl Categorical {
    /// Texts by these categories; the error is the first place with another text.
    pub(super) fn new<'a>(
        texts: impl Iterator<Item = Option<&'a str>>,
        categories: Arc<[String]>,
    ) -> std::result::Result<Self, usize> {
        let places: HashMap<&str, u32> = categories
            .iter()
            .enumerate()
            .map(|(code, name)| (name.as_str(), code as u32))
            .collect();
        let code = |(place, text): (usize, Option<&str>)| match text {
            None => Ok(None),
            Some(text) => places.get(text).map(|code| Some(*code)).ok_or(place),
        };
        let codes = texts.enumerate().map(code).collect::<std::result::Result<_, _>>()?;
        Ok(Self { categories, codes })
    }

    /// Texts by their distinct values in sorted order.
    pub(super) fn sorted(texts: &Texts) -> Self {
        let distinct: BTreeSet<&str> = texts.iter().flatten().collect();
        let categories = distinct.into_iter().map(str::to_string).collect();
        // Every text is one of them.
        Self::new(texts.iter(), categories).unwrap_or_else(|_| Self::none(texts.len()))
    }

    fn none(rows: usize) -> Self {
        Self { categories: Arc::default(), codes: vec![None; rows] }
    }

    /// The categories in their order; code i is the i-th.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    /// The code of each cell; none where it is null.
    pub fn codes(&self) -> &[Option<u32>] {
        &self.codes
    }

    /// Number of cells, nulls included.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Returns `true` if there are no cells.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The text at `index`; none when it is null or `index` is past the end.
    pub fn get(&self, index: usize) -> Option<&str> {
        let code = (*self.codes.get(index)?)?;
        self.categories.get(code as usize).map(String::as_str)
    }

    /// The order of two cells by their categories.
    pub(super) fn order(&self, a: usize, b: usize) -> Ordering {
        let code = |index: usize| self.codes.get(index).copied().flatten();
        code(a).cmp(&code(b))
    }

    /// The cells at `rows`; a row past the end becomes null.
    pub(super) fn take(&self, rows: &[usize]) -> Self {
        let code = |row: &usize| self.codes.get(*row).copied().flatten();
        Self { categories: self.categories.clone(), codes: rows.iter().map(code).collect() }
    }

    /// All cells one below the other, as categories where all have the same.
    pub(super) fn stacked(parts: &[(Option<&Self>, usize)]) -> Option<Self> {
        let mut known = parts.iter().filter_map(|(part, _)| *part).map(|part| &part.categories);
        let categories = known.next()?.clone();
        if known.any(|other| *other != categories) {
            return None;
        }
        let mut codes = Vec::new();
        for (part, rows) in parts {
            match part {
                Some(part) => codes.extend_from_slice(&part.codes),
                None => codes.extend(std::iter::repeat_n(None, *rows)),
            }
        }
        Some(Self { codes, categories })
    }

    /// With the category `text` in the nulls; none if it is no category.
    pub(super) fn filled(&self, text: &str) -> Option<Self> {
        let code = self.categories.iter().position(|name| name == text)? as u32;
        let codes = self.codes.iter().map(|known| known.or(Some(code))).collect();
        Some(Self { categories: self.categories.clone(), codes })
    }

    /// As text.
    pub(super) fn texts(&self) -> Texts {
        let mut texts = Texts::new();
        (0..self.len()).for_each(|index| texts.push(self.get(index)));
        texts
    }
}
