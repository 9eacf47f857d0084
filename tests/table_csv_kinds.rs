//! Further kinds of CSV files. The expected values are what pandas 3.1.1 gives; where pandas reads a file of another kind
//! as one column of garbage, an error that names the kind.

use cuaderno::table::{ColumnType, CsvOptions, Encoding, Table};
use std::io::Write;
use std::path::PathBuf;

fn written(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-kinds-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn read(name: &str, content: impl AsRef<[u8]>) -> Table {
    Table::read_csv(written(name, content.as_ref())).unwrap()
}

/// Both the reader of whole files and that of batches refuse the file.
#[track_caller]
fn assert_refused(name: &str, content: impl AsRef<[u8]>, parts: &[&str]) {
    let path = written(name, content.as_ref());
    let whole = Table::read_csv(&path).map(|_| ());
    let batches =
        Table::scan_csv(&path).and_then(|scan| scan.batch_bytes(16).collect()).map(|_| ());
    for error in [whole.unwrap_err(), batches.unwrap_err()] {
        let message = error.to_string();
        for part in [&[name], parts].concat() {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    assert_refused("page.csv", "\n <!DOCTYPE html>\n<html>404, not found</html>", &["a web page"]);
    assert_refused("xml.csv", "<?xml version='1.0'?><Error>AccessDenied</Error>", &["XML"]);
    assert_refused("lfs.csv", "version https://git-lfs.github.com/spec/v1\nsize 1\n", &["Git LFS"]);
    assert_refused("a.csv", "[{\"a\": 1, \"b\": 2}]\n", &["JSON", "to_csv"]);
    assert_refused("b.csv", "{\"a\": 1}\n{\"a\": 2}\n", &["JSON"]);
    assert_refused("c.csv", b"BZh91AY&SYabc", &["bzip2"]);
    assert_refused("d.csv", b"\xFD7zXZ\0abc", &["xz", "gzip"]);
    assert_refused("e.csv", b"%PDF-1.7\n", &["a PDF"]);
    assert_refused("f.csv", b"\xFF\xFE\0\0i\0\0\0d\0\0\0", &["UTF-32"]);
    // Without a header the first line may be anything.
    let path = written("g.csv", b"{\"a\": 1}\n");
    assert_eq!(Table::read_csv_with(path, &CsvOptions::new().no_header()).unwrap().rows(), 1);
}

#[test]
fn a_zip_may_hold_what_a_mac_adds_but_no_workbook() {
    let zipped = |files: &[(&str, &[u8])]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let mac =
        zipped(&[("data/a.csv", b"a,b\n1,2\n"), ("__MACOSX/data/._a.csv", b"\0\x05\x16\x07")]);
    assert_eq!(read("mac.zip", mac).integers("b").unwrap(), [2]);
    let workbook = zipped(&[("[Content_Types].xml", b"<a/>"), ("xl/workbook.xml", b"<a/>")]);
    let error = Table::read_csv(written("book.csv", &workbook)).unwrap_err().to_string();
    assert!(error.contains("Excel") && error.contains("save it as CSV"), "{error}");
}

#[test]
fn quotes_that_are_never_closed_are_refused_whatever_the_width() {
    let parts = ["row 2", "never closed", "no_quotes"];
    assert_refused("width.csv", "a,b\n1,\"x\n2,y\n3,z\n", &parts);
    assert_refused("first.csv", "a,b\n\"x,1\n2,y\n", &parts);
    assert_refused("last.csv", "a,b\n1,x\n2,\"y", &["row 3", "never closed"]);
    assert_refused("header.csv", "\"a,b\n1,2\n", &["row 1", "never closed"]);
    assert_refused("even.csv", "a,b\n1,\"x\"\"\n", &parts);
    // Quotes in the middle of a cell, and closed ones, are none.
    let table = read("inch.csv", "a,b\n1,Tv 27\"\n2,\"y\"\"z\"\n\"x\"\"y\",5\"");
    assert_eq!(table.texts("b").unwrap(), ["Tv 27\"", "y\"z", "5\""]);
    assert_eq!(read("end.csv", "a,b\n1,\"x\"").texts("b").unwrap(), ["x"]);
    let escaped = written("escape.csv", b"a,b\n1,\"x \\\" y\"");
    let options = CsvOptions::new().escape('\\');
    assert_eq!(Table::read_csv_with(escaped, &options).unwrap().texts("b").unwrap(), ["x \" y"]);
}

#[test]
fn the_separator_line_of_excel() {
    let content = "sep=;\r\nid;precio\r\n1;caro\r\n2;2,5\r\n";
    let table = read("sep.csv", content);
    assert_eq!(table.columns(), ["id", "precio"]);
    assert!(table.numbers("precio").unwrap_err().to_string().contains("row 3"));
    let scan = Table::scan_csv(written("sep.csv", content.as_bytes())).unwrap().batch_bytes(16);
    assert_eq!(scan.collect().unwrap().texts("precio").unwrap(), ["caro", "2,5"]);
    // A bar that the first rows would not show.
    assert_eq!(read("bar.csv", "sep=|\na|b\n").columns(), ["a", "b"]);
    // A column may be called so.
    assert_eq!(read("name.csv", "sep=a\n1\n").columns(), ["sep=a"]);
}

#[test]
fn numbers_and_booleans_are_pandas_s() {
    let kind = |table: &Table, name: &str| table.column(name).unwrap().column_type();
    let table = read("tabs.csv", "a,b\n\t1,x\n2\t,y\n");
    assert_eq!(
        (kind(&table, "a"), table.integers("a").unwrap()),
        (ColumnType::Integer, vec![1, 2])
    );
    let table = read("exponent.csv", "a;b\n1,5e3;x\n-2,0E-1;y\n");
    assert_eq!(table.numbers("a").unwrap(), [1500.0, -0.2]);
    let table = read("boolean.csv", "a\ntRUE\nfalse\n");
    assert_eq!(kind(&table, "a"), ColumnType::Boolean);
    let table = read("spanish.csv", "a\nsí\nno\n");
    assert_eq!(kind(&table, "a"), ColumnType::Text);
    assert_eq!(kind(&read("comma.csv", "a;b\n1,5x;1\ne,5;2\n"), "a"), ColumnType::Text);
}

#[test]
fn zero_bytes_and_utf16_without_a_mark() {
    let table = read("nul.csv", b"a,b\n1,x\0y\n2,z\n");
    assert_eq!(table.texts("b").unwrap(), ["x\0y", "z"]);
    assert_refused("binary.csv", b"\x7FELF\x02\x01\0\0\xFF\xFE\x80,\n", &["a binary file"]);
    let text = "id,lugar\n1,Alcalá\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes) in [("little.csv", little), ("big.csv", big)] {
        let path = written(name, &bytes);
        let options = CsvOptions::new().encoding(Encoding::Utf16);
        let whole = Table::read_csv_with(&path, &options).unwrap();
        let batches = Table::scan_csv_with(&path, &options).unwrap().collect().unwrap();
        for table in [whole, batches] {
            assert_eq!(table.texts("lugar").unwrap(), ["Alcalá"], "{name}");
        }
    }
}

#[test]
fn rows_with_a_name_in_front() {
    let content = "a,b\nx,1,2\ny,3,4\n";
    let error = Table::read_csv(written("r.csv", content.as_bytes())).unwrap_err().to_string();
    for part in ["row 2", "3 fields", "no_header().names"] {
        assert!(error.contains(part), "{error}");
    }
    let options = CsvOptions::new().skip_rows(1).no_header().names(&["row", "a", "b"]);
    let table = Table::read_csv_with(written("r.csv", content.as_bytes()), &options).unwrap();
    assert_eq!(
        (table.texts("row").unwrap(), table.integers("b").unwrap()),
        (vec!["x".into(), "y".into()], vec![2, 4])
    );
}

/// With `sep=";"`, and `decimal=","` where there are decimal commas, pandas 3.1.1 gives these columns.
#[test]
fn the_separator_is_found_in_few_rows_of_other_lengths() {
    for (name, content) in [
        ("short.csv", "a;b;c\n1;2\n3;4;5\n6;7;8\n"),
        ("tail.csv", "a;b;c\n1;2;9;\n3;4;5;\n"),
        ("one.csv", "a|b|c\n1|2\n"),
    ] {
        let table = read(name, content);
        assert_eq!(table.columns(), ["a", "b", "c"], "{name}");
        assert_eq!(table.integers("b").unwrap()[0], 2, "{name}");
    }
}

#[test]
fn points_without_a_comma_group_nothing() {
    let kind = |table: &Table, name: &str| table.column(name).unwrap().column_type();
    let table = read("ip.csv", "ip;id;x\n192.168.001;123.456;,5\n192.168.002;234.567.890;-,25\n");
    assert_eq!(table.texts("ip").unwrap(), ["192.168.001", "192.168.002"]);
    assert_eq!(kind(&table, "id"), ColumnType::Text);
    assert_eq!(table.numbers("x").unwrap(), [0.5, -0.25]);
}

/// pandas 3.1.1 with `na_values=["-999"]`.
#[test]
fn a_null_that_is_a_number_is_one_however_it_is_written() {
    let options = CsvOptions::new().more_nulls(&["-999"]);
    let path = written("null.csv", b"a,b\n-999.0,-999\n1.5,-99\n");
    let table = Table::read_csv_with(path, &options).unwrap();
    assert_eq!((table.column("a").unwrap().nulls(), table.column("b").unwrap().nulls()), (1, 1));
}

#[test]
fn binary_tables_are_named() {
    assert_refused("f.csv", b"ARROW1\0\0\xFF\xFF\xFF\xFF", &["Feather", "to_csv"]);
    assert_refused("n.csv", b"\x93NUMPY\x01\0v\0", &["NumPy"]);
    assert_refused("p.csv", b"\x80\x04\x95\x1E\0\0\0\0\0\0\0", &["pickle"]);
    assert_refused("t.csv", [&b"a.csv"[..], &[0; 252], b"ustar\x0000"].concat(), &["tar"]);
}
