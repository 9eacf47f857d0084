//! CSV files as people have them. The expected values are what pandas 3.1 gives with the same options.

use cuaderno::table::{ColumnType, CsvOptions, Encoding, ShortRows, Table, Value};
use std::io::Write;
use std::path::PathBuf;

fn written(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-csv-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn read(name: &str, content: impl AsRef<[u8]>) -> Table {
    Table::read_csv(written(name, content.as_ref())).unwrap()
}

fn read_with(name: &str, content: impl AsRef<[u8]>, options: CsvOptions) -> Table {
    Table::read_csv_with(written(name, content.as_ref()), &options).unwrap()
}

#[track_caller]
fn assert_refused(name: &str, content: impl AsRef<[u8]>, options: CsvOptions, parts: &[&str]) {
    let error = Table::read_csv_with(written(name, content.as_ref()), &options).unwrap_err();
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[test]
fn the_separator_is_found() {
    let semicolons = "tienda;producto;precio;unidades\nNorte;Cuaderno;3,50;12\n\
                      Sur;\"Lápiz; 2 uds\";1,25;40\nEste;Regla;;7\nNorte;Goma;0,99;31\n";
    let table = read("ventas.csv", semicolons);
    assert_eq!(table.columns(), ["tienda", "producto", "precio", "unidades"]);
    assert_eq!(table.texts("producto").unwrap()[1], "Lápiz; 2 uds");
    let prices = table.numbers("precio").unwrap();
    assert!(prices[2].is_nan());
    let sum: f64 = prices.iter().filter(|price| !price.is_nan()).sum();
    assert!((sum - 5.74).abs() < 1e-12);
    assert_eq!(table.integers("unidades").unwrap(), [12, 40, 7, 31]);

    let texts =
        |name: &str, content: &str, column: &str| read(name, content).texts(column).unwrap();
    assert_eq!(texts("s.csv", "id;nombre\n1;Prado\n2;Retiro\n", "nombre"), ["Prado", "Retiro"]);
    let tabs = "id\tnombre\tnivel\n1\tPrado\t1\n2\tRetiro, parque\t2\n";
    assert_eq!(texts("t.tsv", tabs, "nombre"), ["Prado", "Retiro, parque"]);
    assert_eq!(texts("p.csv", "a|b\n1|x,y\n2|z\n", "b"), ["x,y", "z"]);
    // One column of titles stays one, whatever stands in them.
    let titles = read("one.csv", "title\nmesa; silla\nuno | dos | tres\n");
    assert_eq!((titles.columns().len(), titles.rows()), (1, 2));
    // Commas win where both fit alike.
    assert_eq!(read("both.csv", "a;x,b\n1;2,3\n").columns(), ["a;x", "b"]);
}

#[test]
fn numbers_with_marks() {
    let content = "a;b\n1.234,50;x\n-7,25;y\n12.345.678,00;z\n";
    assert_eq!(read("g.csv", content).numbers("a").unwrap(), [1234.5, -7.25, 12345678.0]);
    let options = || CsvOptions::new().separator(',').thousands(',');
    let table = read_with("th.csv", "a,b\n\"1,234\",1\n\"12,000,000\",2\n", options());
    assert_eq!(table.integers("a").unwrap(), [1234, 12_000_000]);
    let comma = CsvOptions::new().separator('\t').decimal(',');
    assert_eq!(
        read_with("d.tsv", "a\tb\n0,5\t1\n1,5\t2\n", comma).numbers("a").unwrap(),
        [0.5, 1.5]
    );
    // A comma between commas' fields is no decimal mark: pandas gives text.
    let table = read("text.csv", "a,b\n\"1,5\",1\n");
    assert_eq!(table.column("a").unwrap().column_type(), ColumnType::Text);
}

#[test]
fn encodings() {
    let cp1252 =
        b"id,lugar,nota\n1,Alcal\xE1,\x93muy bonito\x94 \x96 5 \x80\n2,Logro\xF1o,se\xF1al\n";
    let table = read_with("cp.csv", cp1252, CsvOptions::new().encoding(Encoding::Windows1252));
    assert_eq!(table.texts("nota").unwrap(), ["“muy bonito” – 5 €", "señal"]);
    let latin = b"id,lugar\n1,Pe\xF1\xEDscola\n";
    let table = read_with("l1.csv", latin, CsvOptions::new().encoding(Encoding::Latin1));
    assert_eq!(table.texts("lugar").unwrap(), ["Peñíscola"]);
    assert_refused("l1.csv", latin, CsvOptions::new(), &["row 2", "column `lugar`", "Windows1252"]);

    let text = "id,lugar\n1,Alcalá\n2,😀\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes) in [
        ("le.csv", [b"\xFF\xFE", &little[..]].concat()),
        ("be.csv", [b"\xFE\xFF", &big[..]].concat()),
        ("bom.csv", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
    ] {
        assert_eq!(read(name, bytes).texts("lugar").unwrap(), ["Alcalá", "😀"], "{name}");
    }
    assert_refused("raw.csv", &little, CsvOptions::new(), &["UTF-16", "Encoding::Utf16"]);
    assert_refused("x.csv", b"PAR1\0\0\0\0data", CsvOptions::new(), &["a Parquet file"]);
}

#[test]
fn identifiers_stay_as_written() {
    let content = "id,postcode,hash\n00012,02116,12e3\n00345,28001,45e10\n";
    let table = read_with("ids.csv", content, CsvOptions::new().text(&["id", "hash"]));
    assert_eq!(table.texts("id").unwrap(), ["00012", "00345"]);
    assert_eq!(table.texts("hash").unwrap(), ["12e3", "45e10"]);
    assert_eq!(table.integers("postcode").unwrap(), [2116, 28001]);
    let table = read_with("all.csv", content, CsvOptions::new().text(&[]));
    assert_eq!(table.texts("postcode").unwrap(), ["02116", "28001"]);
    let float = CsvOptions::new().column_type("postcode", ColumnType::Float);
    let table = read_with("float.csv", content, float);
    assert_eq!(table.get("postcode", 0).unwrap(), Value::Float(2116.0));
    let wrong = CsvOptions::new().column_type("hash", ColumnType::Integer);
    let parts = ["row 2", "column `hash`", "`12e3` does not fit a column of type integer"];
    assert_refused("wrong.csv", content, wrong, &parts);
}

#[test]
fn missing_values_are_pandas_s_or_chosen() {
    let content = "code,style\nNA,None\nES,Gothic\n,\nUS,None\n";
    let table = read("na.csv", content);
    let nulls = |table: &Table, name| table.column(name).unwrap().nulls();
    assert_eq!((nulls(&table, "code"), nulls(&table, "style")), (2, 3));
    let table = read_with("kept.csv", content, CsvOptions::new().nulls(&[""]));
    assert_eq!((nulls(&table, "code"), nulls(&table, "style")), (1, 1));
    assert_eq!(table.texts("style").unwrap(), ["None", "Gothic", "", "None"]);
    let table = read_with("more.csv", "a,b\n-,1\n3,?\n", CsvOptions::new().more_nulls(&["-", "?"]));
    assert_eq!(table.column("a").unwrap().column_type(), ColumnType::Integer);
    assert_eq!(nulls(&table, "b"), 1);
}

#[test]
fn missing_texts_are_equal_whatever_stands_for_them() {
    let (named, empty) =
        (read("named.csv", "a,b\nx,NA\ny,z\n"), read("empty.csv", "a,b\nx,\ny,z\n"));
    assert_eq!(named.column("b").unwrap(), empty.column("b").unwrap());
    assert_ne!(named.column("a").unwrap(), empty.column("b").unwrap());
}

/// pandas keeps the mark there, too.
#[test]
fn a_byte_order_mark_behind_the_first_line_is_text() {
    let table = read("marks.csv", "a,b\n\u{feff},1\n\u{feff}x,2\n");
    assert_eq!(table.texts("a").unwrap(), ["\u{feff}", "\u{feff}x"]);
    let path = written("marks.csv", "\u{feff}a\n\u{feff}0123456789abcdef\n".repeat(9).as_bytes());
    let batches = Table::scan_csv(&path).unwrap().batch_bytes(16).collect().unwrap();
    let whole = Table::read_csv(&path).unwrap();
    assert_eq!(whole.column("a").unwrap(), batches.column("a").unwrap());
    assert!(whole.texts("a").unwrap().iter().all(|text| text.starts_with('\u{feff}')));
}

#[test]
fn rows_that_are_none_and_rows_of_other_lengths() {
    assert_eq!(read("spaces.csv", "id,name,n\n1,Prado,5\n2,Retiro,7\n   \n").rows(), 2);
    let table = read("trailing.csv", "id,name,n\n1,Prado,5,\n2,Retiro,7,\n");
    assert_eq!(table.integers("n").unwrap(), [5, 7]);
    let table = read("short.csv", "id,name,n\n1,Prado\n2,Retiro,7\n");
    assert_eq!((table.column("n").unwrap().nulls(), table.rows()), (1, 2));
    let refuse = CsvOptions::new().short_rows(ShortRows::Refuse);
    assert_refused(
        "short.csv",
        "id,n\n1\n2,7\n",
        refuse,
        &["row 2", "1 field,", "ShortRows::Fill"],
    );
    let table = read("twice.csv", "id,score,score,score.1\n1,5,6,7\n");
    assert_eq!(table.columns(), ["id", "score", "score.2", "score.1"]);
    assert_eq!(read("index.csv", ",name\n0,Prado\n").columns(), ["Unnamed: 0", "name"]);
}

#[test]
fn lines_before_and_between_the_rows() {
    let preamble = "Exported 2024-01-05\nsource: survey\nid,name,n\n1,Prado,5\n2,Retiro,7\n";
    assert_refused("pre.csv", preamble, CsvOptions::new(), &["row 3", "skip_rows(2)"]);
    let table = read_with("pre.csv", preamble, CsvOptions::new().skip_rows(2));
    assert_eq!(table.integers("n").unwrap(), [5, 7]);
    let comments = "# made by hand\nid,name,n\n1,Prado,5\n# a remark\n2,Retiro,oops\n";
    assert_refused("com.csv", comments, CsvOptions::new(), &["comment('#')"]);
    let table = read_with("com.csv", comments, CsvOptions::new().comment('#'));
    assert_eq!(table.texts("name").unwrap(), ["Prado", "Retiro"]);
    assert!(table.numbers("n").unwrap_err().to_string().contains("row 5"));
}

#[test]
fn an_error_names_the_line_whatever_ends_it() {
    let row = |name: &str, content: &str| read(name, content).numbers("n").unwrap_err().to_string();
    assert!(row("mac.csv", "id,n\r1,5\r2,oops\r").contains("row 3"));
    assert!(row("win.csv", "id,n\r\n1,\"5\"\r\n\r\n2,oops\r\n").contains("row 4"));
    let quoted = "id,name,n\r\n1,\"two\r\nlines\",5\r\n2,\"say \"\"hi\"\"\",7\r\n3,last,oops\r\n";
    assert!(row("quoted.csv", quoted).contains("row 5"));
}

#[test]
fn headers_columns_and_limits() {
    let table = read_with("none.csv", "1,x\n2,y\n", CsvOptions::new().no_header());
    assert_eq!((table.columns()[0].as_str(), table.rows()), ("column_1", 2));
    let named = CsvOptions::new().no_header().names(&["a", "b"]);
    assert_eq!(read_with("named.csv", "1,x\n2,y\n", named).texts("b").unwrap(), ["x", "y"]);
    let options = CsvOptions::new().columns(&["c", "a"]).rows(1);
    let table = read_with("some.csv", "a,b,c\n1,2,3\n4,5,6\n", options);
    assert_eq!((table.columns(), table.rows()), (&["a".to_string(), "c".to_string()][..], 1));
    assert_refused("no.csv", "a,b\n1,2\n", CsvOptions::new().columns(&["z"]), &["`z`", "a, b"]);
    let escaped = CsvOptions::new().escape('\\');
    let table = read_with("escape.csv", "a,b\n\"say \\\"hi\\\"\",2\n", escaped);
    assert_eq!(table.texts("a").unwrap(), ["say \"hi\""]);
    let bare = CsvOptions::new().no_quotes();
    assert_eq!(read_with("bare.csv", "a,b\n\"x,y\"\n", bare).texts("a").unwrap(), ["\"x"]);
    let same = CsvOptions::new().separator(';').quote(';');
    assert_refused("same.csv", "a", same, &["separator", "quote", "must differ"]);
}

#[test]
fn packed_files_are_known_by_their_content() {
    let text = b"id,name\n1,Prado\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).unwrap();
    let packed = gzip.finish().unwrap();
    assert_eq!(read("packed.csv", &packed).texts("name").unwrap(), ["Prado"]);
    assert_refused("cut.csv.gz", &packed[..20], CsvOptions::new(), &["gzip", "cut off"]);
    assert_refused("big.gz", &packed, CsvOptions::new().max_bytes(10), &["10 bytes", "max_bytes"]);
    let zip = zip_of("poi.csv", text);
    assert_eq!(read("packed.zip", zip).texts("name").unwrap(), ["Prado"]);
}

fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(content).unwrap();
    zip.finish().unwrap().into_inner()
}

/// Large files are split while they are read, small and packed ones in memory; the values are those of the generator.
#[test]
fn large_files_are_read_as_packed_ones() {
    const ROWS: usize = 120_000;
    let row = |i: usize| match i % 5 {
        0 => format!("{i},\"Funda, \"\"gel\"\"\r\npara {i}\",{}.5,\r\n", i % 100),
        1 => format!("{i},NA,,true\n"),
        2 => format!("{i},Niño {i} de la colección entera,{}.5,false\n\n", i % 100),
        _ => format!("{i},\"{}\",1e3\n", "palabra ".repeat(i % 11)),
    };
    let text = format!("id,title,price,new\n{}", (0..ROWS).map(row).collect::<String>());
    assert!(text.len() > 5_000_000);
    let folder = std::env::temp_dir();
    let [plain, packed] = ["csv", "csv.gz"]
        .map(|end| folder.join(format!("cuaderno-table-csv-large-{}.{end}", std::process::id())));
    let pack = |text: &[u8]| {
        std::fs::write(&plain, text).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        std::fs::write(&packed, gzip.finish().unwrap()).unwrap();
    };
    pack(text.as_bytes());
    let [large, small] = [&plain, &packed].map(|file| Table::read_csv(file).unwrap());
    assert_eq!(large.integers("id").unwrap(), (0..ROWS as i64).collect::<Vec<_>>());
    let nulls = (0..ROWS).filter(|i| i % 5 == 1 || i % 5 > 2 && i % 11 == 0).count();
    assert_eq!(large.column("title").unwrap().nulls(), nulls);
    assert_eq!(large.get("title", 110_000).unwrap(), Value::Text("Funda, \"gel\"\r\npara 110000"));
    assert_eq!(large.get("new", 110_001).unwrap(), Value::Boolean(true));
    std::fs::write(&plain, [b"\xEF\xBB\xBF", text.as_bytes()].concat()).unwrap();
    let marked = Table::read_csv(&plain).unwrap();
    for name in small.columns() {
        assert_eq!(marked.column(name).unwrap(), small.column(name).unwrap(), "{name}");
        assert_eq!(large.column(name).unwrap(), small.column(name).unwrap(), "{name}");
    }

    // Five rows take seven lines: a row in front of row 100,000 is on line 2 + 140,000.
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let damaged = |line: usize, row: &[u8]| {
        let (before, after) = (lines[..line - 1].concat(), lines[line - 1..].concat());
        pack(&[before.as_bytes(), row, after.as_bytes()].concat());
        let [large, small] =
            [&plain, &packed].map(|file| Table::read_csv(file).unwrap_err().to_string());
        let unnamed = |error: &str| error.split_once(", ").unwrap().1.to_string();
        assert_eq!(unnamed(&large), unnamed(&small));
        large
    };
    let error = damaged(140_002, b"1,2,3,4,5\n");
    assert!(error.contains("row 140002: the row has 5 fields"), "{error}");
    let error = damaged(140_002, b"1,M\xE1laga,3,true\n");
    assert!(error.contains("row 140002, column `title`") && error.contains("UTF-8"), "{error}");
    let error = damaged(168_002, b"1,\"never closed,3,true\n");
    assert!(error.contains("row 168002") && error.contains("never closed"), "{error}");
    [plain, packed].iter().for_each(|file| std::fs::remove_file(file).unwrap());
}
