//! A CSV file under several options, plain, gzip or zip; the last byte selects them. Batches give what the whole file
//! gives, and `read_csv` reads what `write_csv` has written.

use super::{folder, gzip, written, zip};
use cuaderno::table::{CsvOptions, Encoding, Table};
use std::path::Path;

/// Checks `data`.
pub fn check(data: &[u8]) {
    let Some((selector, text)) = data.split_last() else { return };
    let packed = match selector >> 3 & 3 {
        2 => gzip(text),
        3 => zip(&[("table.csv", text)], true),
        _ => text.to_vec(),
    };
    let path = written("table.csv", &packed);
    let options = match selector & 7 {
        1 => CsvOptions::new().separator(';').decimal(',').thousands('.'),
        2 => CsvOptions::new().comment('#').escape('\\'),
        3 => CsvOptions::new().no_quotes().no_header(),
        4 => CsvOptions::new().skip_rows(1).rows(2),
        5 => CsvOptions::new().encoding(Encoding::Latin1),
        6 => CsvOptions::new().encoding(Encoding::Utf16).max_bytes(1 << 12),
        7 => CsvOptions::new().encoding(Encoding::Windows1252).quote('\''),
        _ => CsvOptions::new(),
    };
    match Table::read_csv_with(&path, &options) {
        Err(error) => assert!(error.to_string().contains("table.csv"), "{error}"),
        Ok(table) => views(&table),
    }
    // Types are found in the first batch, so only texts can be compared.
    let texts = options.text(&[]).max_bytes(1 << 20);
    let whole = Table::read_csv_with(&path, &texts);
    if let Ok(table) = &whole {
        rewritten(table);
    }
    // A scan reads no zip archives.
    if !packed.starts_with(b"PK\x03\x04") {
        in_batches(&path, &texts, whole);
    }
}

/// All that prints or converts a table.
fn views(table: &Table) {
    let _ = (table.describe(), table.schema(), table.to_string());
    for name in table.columns() {
        let _ = (table.numbers(name), table.integers(name), table.numbers_or_null(name));
        let _ = (table.parse_lists(&[name]), table.dates_or_null(name, ""));
        let _ = table.value_counts(name);
    }
}

fn rewritten(table: &Table) {
    let zeros = |text: &str| text.contains('\0');
    let cells = |name| table.column(name).unwrap().iter().map(|cell| cell.to_string());
    // A third of zero bytes is taken for UTF-16.
    if table.columns().iter().any(|name| zeros(name) || cells(name).any(|cell| zeros(&cell))) {
        return;
    }
    let path = folder().join("written.csv");
    table.write_csv(&path).unwrap();
    let again = Table::read_csv_with(&path, &CsvOptions::new().text(&[])).unwrap();
    assert_same(table, &again);
}

fn in_batches(path: &Path, options: &CsvOptions, whole: cuaderno::Result<Table>) {
    let scan = Table::scan_csv_with(path, options);
    match (whole, scan.and_then(|scan| scan.batch_bytes(40).collect())) {
        (Ok(whole), Ok(scan)) => assert_same(&whole, &scan),
        (Err(_), Err(_)) => {}
        (whole, scan) => panic!("{whole:?} {scan:?}"),
    }
}

fn assert_same(left: &Table, right: &Table) {
    assert_eq!((left.columns(), left.rows()), (right.columns(), right.rows()));
    for name in left.columns() {
        let cells =
            |table: &Table| format!("{:?}", table.column(name).unwrap().iter().collect::<Vec<_>>());
        assert_eq!(cells(left), cells(right), "{name:?}");
    }
}
