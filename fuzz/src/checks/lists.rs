//! Lists written as text. Parsed lists, and lists of the input's lines, come back from a CSV file as they were.

use super::folder;
use cuaderno::table::{Column, Table};

/// Checks `data`.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let cells = Column::from(vec![text.as_ref(), "['a', 'b']"]);
    let table = Table::from_columns(vec![("t", cells)]).unwrap();
    let _ = table.split_lists(&["t"], "|");
    match table.parse_lists(&["t"]) {
        Ok(parsed) => rewritten(&parsed),
        Err(error) => assert!(error.to_string().contains("column `t`"), "{error}"),
    }
    let items: Vec<String> = text.split('\n').map(str::to_string).collect();
    let lists = Column::List(vec![Some(items), Some(Vec::new()), None]);
    rewritten(&Table::from_columns(vec![("t", lists)]).unwrap());
}

fn rewritten(table: &Table) {
    // A third of zero bytes is taken for UTF-16.
    if table.column("t").unwrap().iter().any(|cell| cell.to_string().contains('\0')) {
        return;
    }
    let path = folder().join("lists.csv");
    table.write_csv(&path).unwrap();
    let again = Table::read_csv(&path).and_then(|table| table.parse_lists(&["t"])).unwrap();
    assert_eq!(table.column("t").unwrap(), again.column("t").unwrap());
}
