//! CSV files read in batches. Expected values: pandas 3.1 (`read_csv`, `groupby.agg`, `value_counts`) on the same file.

use cuaderno::table::{Aggregate, ColumnType, CsvOptions, Encoding, Table, Value};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that is removed when the test ends.
struct File(PathBuf);

impl File {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let name = format!("cuaderno-table-scan-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl AsRef<Path> for File {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// 5,000 rows with nulls, quotes and line breaks inside cells, from a linear congruential generator.
fn sales() -> String {
    let mut text = String::from("city,price,qty,text\n");
    let mut x: u64 = 12345;
    for i in 0..5000 {
        x = (x * 1_103_515_245 + 12345) % (1 << 31);
        let city = ["Lima", "Quito", "La Paz", "Bogotá"][(x >> 16) as usize % 4];
        let price = if i % 11 == 0 {
            String::new()
        } else {
            format!("{:.2}", ((x >> 8) % 10000) as f64 / 100.0)
        };
        let said =
            if i % 7 == 0 { format!("\"say \"\"hi\"\", {i}\nnew\"") } else { format!("plain {i}") };
        text += &format!("{city},{price},{},{said}\n", (x >> 20) % 50);
    }
    text
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-9, "{found:?} {expected:?}");
    }
}

fn same(a: &Table, b: &Table) {
    assert_eq!((a.rows(), a.columns()), (b.rows(), b.columns()));
    for name in a.columns() {
        assert_eq!(a.column(name).unwrap(), b.column(name).unwrap(), "{name}");
    }
}

#[test]
fn batches_of_any_size_are_the_table_that_is_read_whole() {
    let file = File::new("sales.csv", sales().as_bytes());
    let whole = Table::read_csv(&file).unwrap();
    for size in [16, 1000, 77_777, 1 << 24] {
        let scan = Table::scan_csv(&file).unwrap().batch_bytes(size);
        same(&scan.collect().unwrap(), &whole);
        assert_eq!(scan.rows().unwrap(), 5000);
    }
    let batches = Table::scan_csv(&file).unwrap().batch_bytes(10_000).batches().unwrap();
    let sizes: Vec<usize> = batches.map(|batch| batch.unwrap().rows()).collect();
    assert!(sizes.len() > 5 && sizes.iter().all(|rows| *rows < 1000), "{sizes:?}");
}

#[test]
fn filters_and_columns_are_those_of_pandas() {
    let file = File::new("filters.csv", sales().as_bytes());
    let scan = Table::scan_csv(&file).unwrap().batch_bytes(4096);
    let scan = scan.filter_equal("city", "Quito").filter_between("price", 10.0, 20.0);
    assert_eq!(scan.rows().unwrap(), 137);
    let scan = scan.select(&["text", "qty"]);
    let table = scan.collect().unwrap();
    assert_eq!(table.columns(), ["text", "qty"]);
    assert_eq!(table.integers("qty").unwrap().iter().sum::<i64>(), 3417);
    let texts = table.texts("text").unwrap();
    assert_eq!((texts[0].as_str(), texts[136].as_str()), ("plain 2", "plain 4997"));
    let quoted = Box::new(|cell: Value<'_>| matches!(cell, Value::Text(t) if t.starts_with("say")));
    let quoted = Table::scan_csv(&file).unwrap().filter("text", quoted);
    assert_eq!(quoted.rows().unwrap(), 715);
}

#[test]
fn groups_are_those_of_pandas() {
    use Aggregate::{Count, Distinct, Max, Mean, Median, Min, Std, Sum};
    let file = File::new("groups.csv", sales().as_bytes());
    let scan = Table::scan_csv(&file).unwrap().batch_bytes(5000);
    let of_price = [Mean, Std, Min, Max, Count].map(|aggregate| ("price", aggregate));
    let asked = [&of_price[..], &[("qty", Sum), ("qty", Distinct)]].concat();
    let groups = scan.group_by(&["city"], &asked).unwrap();
    assert_eq!(groups.texts("city").unwrap(), ["Bogotá", "La Paz", "Lima", "Quito"]);
    assert_eq!(groups.integers("count").unwrap(), [1243, 1286, 1292, 1179]);
    near(
        &groups.numbers("price_mean").unwrap(),
        &[49.99061565523307, 49.09563247863248, 49.53845094664372, 49.50746282527881],
    );
    near(
        &groups.numbers("price_std").unwrap(),
        &[28.640749578466156, 29.162970418179363, 28.37532677985675, 29.637981238308694],
    );
    near(&groups.numbers("price_min").unwrap(), &[0.05, 0.02, 0.0, 0.19]);
    near(&groups.numbers("price_max").unwrap(), &[99.95, 99.8, 99.99, 99.93]);
    assert_eq!(groups.integers("price_count").unwrap(), [1137, 1170, 1162, 1076]);
    assert_eq!(groups.integers("qty_sum").unwrap(), [30_488, 30_879, 31_471, 28_517]);
    assert_eq!(groups.integers("qty_distinct").unwrap(), [50; 4]);
    let counts = scan.value_counts("city").unwrap();
    assert_eq!(counts.texts("city").unwrap(), ["Lima", "La Paz", "Bogotá", "Quito"]);
    assert_eq!(counts.integers("count").unwrap(), [1292, 1286, 1243, 1179]);
    near(&counts.numbers("share").unwrap()[..1], &[0.2584]);
    let error = scan.group_by(&["city"], &[("price", Median)]).unwrap_err().to_string();
    assert!(error.contains("the median needs all values") && error.contains("collect"), "{error}");
    let error = scan.group_by(&[], &[]).unwrap_err().to_string();
    assert!(error.contains("at least one column to group by"), "{error}");
}

#[test]
fn batches_are_changed_and_written_to_a_file() {
    let file = File::new("changed.csv", sales().as_bytes());
    let scan = Table::scan_csv(&file).unwrap().batch_bytes(3000).filter_equal("city", "Quito");
    let scan = scan.select(&["price", "qty"]).map_batches(Box::new(|batch| {
        let (prices, quantities) = (batch.numbers("price")?, batch.numbers("qty")?);
        let paid = prices.iter().zip(quantities).map(|(price, qty)| price * qty);
        let paid: Vec<Option<f64>> = paid.map(|paid| Some(paid).filter(|v| !v.is_nan())).collect();
        batch.with_column("paid", paid.into())?.filter_between("qty", 10.0, 49.0)
    }));
    assert_eq!(scan.rows().unwrap(), 932);
    let groups = scan.group_by(&["qty"], &[("paid", Aggregate::Sum)]).unwrap();
    assert_eq!(groups.integers("qty").unwrap(), (10..50).collect::<Vec<i64>>());
    near(&groups.numbers("paid_sum").unwrap()[..2], &[9259.0, 8832.45]);

    let target = File::new("written.csv", b"old");
    assert_eq!(scan.write_csv(&target).unwrap(), 932);
    let written = Table::read_csv(&target).unwrap();
    assert_eq!(written.columns(), ["price", "qty", "paid"]);
    same(&written, &scan.collect().unwrap());

    let none = scan.clone().filter_equal("city", "Oslo");
    assert_eq!(none.write_csv(&target).unwrap(), 0);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "price,qty,paid\n");
    let broken = scan.map_batches(Box::new(|batch| batch.select(&["price", "size"])));
    let error = broken.write_csv(&target).unwrap_err().to_string();
    assert!(error.contains("`size`"), "{error}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "price,qty,paid\n");
}

#[test]
fn dialects_and_encodings_are_those_of_a_file_read_whole() {
    let rows: String = (0..400).map(|i| format!("año {i};{i},5;\"a;{i}\"\r\n")).collect();
    let text = format!("# a comment\r\n\r\nname;value;note\r\n{rows}\r\n# the end\r\n");
    let options = CsvOptions::new().comment('#');
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let files = [
        (text.clone().into_bytes(), Encoding::Utf8),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Encoding::Utf8),
        (latin.clone(), Encoding::Latin1),
        (latin, Encoding::Windows1252),
        (utf16.clone(), Encoding::Utf16),
        ([b"\xFF\xFE", &utf16[..]].concat(), Encoding::Utf8),
        (gzip.finish().unwrap(), Encoding::Utf8),
    ];
    for (number, (bytes, encoding)) in files.into_iter().enumerate() {
        let file = File::new(&format!("dialect-{number}.csv"), &bytes);
        let options = options.clone().encoding(encoding);
        let whole = Table::read_csv_with(&file, &options).unwrap();
        assert_eq!(whole.numbers("value").unwrap()[399], 399.5, "{number}");
        for size in [16, 100, 1 << 20] {
            let scan = Table::scan_csv_with(&file, &options).unwrap().batch_bytes(size);
            same(&scan.collect().unwrap(), &whole);
        }
    }
}

#[test]
fn row_limits_skipped_lines_and_files_without_rows() {
    let file = File::new("limits.csv", b"made by a machine\na,b\n1,x\n2,y\n\n3,z");
    let options = CsvOptions::new().skip_rows(1);
    let scan = Table::scan_csv_with(&file, &options).unwrap().batch_bytes(16);
    assert_eq!(scan.collect().unwrap().integers("a").unwrap(), [1, 2, 3]);
    let scan = Table::scan_csv_with(&file, &options.rows(2)).unwrap().batch_bytes(16);
    assert_eq!(scan.collect().unwrap().texts("b").unwrap(), ["x", "y"]);
    let file = File::new("header.csv", b"a,b\n");
    let scan = Table::scan_csv(&file).unwrap();
    let empty = scan.collect().unwrap();
    assert_eq!((empty.rows(), empty.columns()), (0, &["a".to_string(), "b".to_string()][..]));
    assert_eq!(scan.group_by(&["a"], &[("b", Aggregate::Sum)]).unwrap().rows(), 0);
    assert_eq!(scan.value_counts("a").unwrap().rows(), 0);
}

#[test]
fn errors_name_the_line_of_the_file() {
    let mut text = String::from("id,value\n");
    (0..1000).for_each(|i| text += &format!("{i},{i}\n"));
    let misfit = File::new("misfit.csv", format!("{text}1000,many\n").as_bytes());
    let scan = Table::scan_csv(&misfit).unwrap().batch_bytes(500);
    let error = scan.collect().unwrap_err().to_string();
    let expected = "row 1002, column `value`: `many` does not fit a column of type integer";
    assert!(error.contains(expected) && error.contains("CsvOptions::column_type"), "{error}");
    let options = CsvOptions::new().column_type("value", ColumnType::Text);
    let scan = Table::scan_csv_with(&misfit, &options).unwrap().batch_bytes(500);
    assert_eq!(scan.collect().unwrap().texts("value").unwrap()[1000], "many");

    let ragged = File::new("ragged.csv", format!("{text}1000,1,2\n").as_bytes());
    let error = Table::scan_csv(&ragged).unwrap().batch_bytes(500).rows().unwrap_err().to_string();
    assert!(error.contains("row 1002") && error.contains("3 fields"), "{error}");
    let open = File::new("open.csv", format!("{text}\"1000,1\n1001,1\n").as_bytes());
    let error = Table::scan_csv(&open).unwrap().batch_bytes(500).collect().unwrap_err().to_string();
    assert!(error.contains("row 1002") && error.contains("never closed"), "{error}");

    let scan = Table::scan_csv(&misfit).unwrap();
    let error = scan.group_by(&["kind"], &[]).unwrap_err().to_string();
    assert!(error.contains("`kind`") && error.contains("the columns are id, value"), "{error}");
    let error = scan.filter_equal("kind", "a").collect().unwrap_err().to_string();
    assert!(error.contains("`kind`") && error.contains("the columns are id, value"), "{error}");
    let error = Table::scan_csv("no-such-file.csv").unwrap_err().to_string();
    assert!(error.contains("no-such-file.csv"), "{error}");
    let zip = File::new("zip.csv", b"PK\x03\x04....");
    let error = Table::scan_csv(&zip).unwrap_err().to_string();
    assert!(error.contains("found a zip archive") && error.contains("unpack it"), "{error}");
}
