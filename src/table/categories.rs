//! Columns of categories, made from text and turned back.

use super::categorical::Categorical;
use super::column::{Column, ColumnType, Value};
use super::frame::{Table, cut};
use super::texts::Texts;
use crate::{Error, ErrorKind, Result};

impl Table {
    /// Turns a column of text into categories with this order, which sorting, grouping, one-hot features and class
    /// numbers then follow; nulls stay nulls.
    ///
    /// # Errors
    /// `Parameter` when a category comes twice; `Table` when there is no such column, or a cell is none of the categories:
    /// the message names row and column.
    pub fn with_categories(&self, name: &str, categories: &[&str]) -> Result<Self> {
        if let Some(twice) =
            (1..categories.len()).find(|i| categories[..*i].contains(&categories[*i]))
        {
            let problem =
                format!("expected each category once, found `{}` twice", categories[twice]);
            return Err(Error::new(ErrorKind::Parameter, problem).column(name));
        }
        let texts = self.as_texts(name)?;
        let known = categories.iter().map(ToString::to_string).collect();
        let column = Categorical::new(texts.iter(), known).map_err(|row| {
            let found = cut(texts.get(row).unwrap_or_default(), 60);
            self.at(
                name,
                row,
                format!("`{found}` is none of the categories {}", categories.join(", ")),
            )
            .help("add it to them, or correct the cell with `replace`")
        })?;
        self.with_column(name, Column::Category(column))
    }

    /// Turns a column of text, whole numbers or booleans into categories in sorted order, as pandas's
    /// `astype("category")`: less memory where few texts repeat.
    ///
    /// ```
    /// use cuaderno::table::Table;
    /// # fn main() -> cuaderno::Result<()> {
    /// let table = Table::from_columns(vec![("city", vec!["Quito", "Lima", "Quito"].into())])?;
    /// let table = table.to_categories("city")?;
    /// assert_eq!(table.to_text("city")?.texts("city")?, ["Quito", "Lima", "Quito"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `Table` when there is no such column, or it holds lists.
    pub fn to_categories(&self, name: &str) -> Result<Self> {
        let column = Categorical::sorted(&self.as_texts(name)?);
        self.with_column(name, Column::Category(column))
    }

    /// Turns a column into text, as it is shown; nulls stay nulls.
    ///
    /// # Errors
    /// `Table` when there is no such column, or it holds lists.
    pub fn to_text(&self, name: &str) -> Result<Self> {
        self.with_column(name, Column::Text(self.as_texts(name)?))
    }

    fn as_texts(&self, name: &str) -> Result<Texts> {
        let mut texts = Texts::new();
        match self.column(name)? {
            Column::Text(known) => return Ok(known.clone()),
            Column::Category(known) => return Ok(known.texts()),
            Column::List(_) => return Err(self.wrong_type(name, ColumnType::List)),
            column => column.iter().for_each(|value| match value {
                Value::Null => texts.push(None),
                value => texts.push(Some(&value.to_string())),
            }),
        }
        Ok(texts)
    }
}
