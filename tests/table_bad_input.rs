//! What a broken file says: file, row, column, and what to do.

use cuaderno::table::Table;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;

fn written(name: &str, content: &[u8]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("cuaderno-bad-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[track_caller]
fn assert_says(error: cuaderno::Error, parts: &[&str]) {
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

#[track_caller]
fn assert_refused(name: &str, content: &[u8], parts: &[&str]) {
    let error = Table::read_csv(written(name, content)).unwrap_err();
    assert_says(error, &[&[name], parts].concat());
}

#[test]
fn a_file_or_folder_that_is_not_there() {
    let error = Table::read_csv("/nowhere/at/all/poi.csv").unwrap_err();
    assert_says(
        error,
        &["/nowhere/at/all/poi.csv", "no such file", "the folder `/nowhere/at/all`"],
    );
    let error = Table::read_csv("not-there.csv").unwrap_err();
    assert_says(error, &["not-there.csv", "no such file", "check the path"]);
    let error = Table::read_csv(std::env::temp_dir()).unwrap_err();
    assert_says(error, &["found a folder", "name the file"]);
}

#[test]
fn an_empty_file() {
    assert_refused("empty.csv", b"", &["the file is empty", "name the columns"]);
    assert_refused("blank.csv", b"\n\n", &["the file is empty"]);
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let table = Table::read_csv(written("header.csv", b"a,b\n")).unwrap();
    assert_eq!((table.rows(), table.columns().len()), (0, 2));
    assert_eq!(table.describe().rows(), 8);
    assert_eq!(table.value_counts("a").unwrap().rows(), 0);
}

#[test]
fn a_ragged_row() {
    let help = "double quotes";
    let parts = ["row 3", "the row has 3 fields, but the header has 2 fields", help];
    assert_refused("wide.csv", b"a,b\n1,2\n3,4,5\n", &parts);
    assert_refused("open.csv", b"a,b\n1,2\n\"3,4\n5,6\n", &["row 3", "never closed"]);
}

#[test]
fn bytes_that_are_not_utf8() {
    let parts = ["row 3", "column `b`", "not valid UTF-8", "save the file as UTF-8"];
    assert_refused("latin.csv", b"a,b\n1,x\n2,Alcal\xE1\n", &parts);
    assert_refused("header.latin.csv", b"a,pa\xEDs\n1,x\n", &["row 1", "not valid UTF-8"]);
    // Two halves of one character in neighbouring rows are no text either.
    assert_refused("halves.csv", b"a\n\xC3\n\xA1\n", &["row 2", "not valid UTF-8"]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let table = Table::read_csv(written("mark.csv", b"\xEF\xBB\xBFid,x\n1,2\n")).unwrap();
    assert_eq!(table.columns(), ["id", "x"]);
}

#[test]
fn a_number_that_is_none() {
    let path = written("number.csv", b"id,Visits\na,10001\nb,many\nc,\n");
    let table = Table::read_csv(path).unwrap();
    let error = table.numbers("Visits").unwrap_err();
    assert_says(
        error,
        &[
            "number.csv",
            "row 3",
            "column `Visits`",
            "`many` is not a number",
            "leave the cell empty",
        ],
    );
    let path = written("gap.csv", b"id,Visits\na,10001\nc,\n");
    let error = Table::read_csv(path).unwrap().integers("Visits").unwrap_err();
    assert_says(error, &["gap.csv", "row 3", "column `Visits`", "the cell is empty", "fill_nulls"]);
    let path = written("half.csv", b"n\n1.5\n");
    let error = Table::read_csv(path).unwrap().integers("n").unwrap_err();
    assert_says(error, &["row 2", "column `n`", "`1.5` is not a whole number"]);
}

#[test]
fn a_missing_column_names_what_there_is() {
    let table = Table::read_csv(written("columns.csv", b"Likes,Visits\n1,2\n")).unwrap();
    let error = table.numbers("Like").unwrap_err();
    assert_says(error, &["columns.csv", "`Like`", "did you mean `Likes`?", "Likes, Visits"]);
}

#[test]
fn a_cell_that_is_no_list() {
    let table = Table::read_csv(written("lists.csv", b"tags\n\"['a', 'b']\"\n\"['a'\"\n")).unwrap();
    let error = table.parse_lists(&["tags"]).unwrap_err();
    assert_says(
        error,
        &["lists.csv", "row 3", "column `tags`", "`['a'` is not a list", "['one', 'two']"],
    );
    let error = table.lists("tags").unwrap_err();
    assert_says(error, &["column `tags`", "holds text values", "parse_lists"]);
}

#[test]
fn a_row_index_past_the_end() {
    let table = Table::from_columns(vec![("a", vec![1_i64, 2].into())]).unwrap();
    assert_says(table.filter_rows(&[0, 2]).unwrap_err(), &["row index 2", "2 rows"]);
    assert_says(table.get("a", 9).unwrap_err(), &["row index 9"]);
}

/// Bytes that look like CSV more often than not, so that parsing gets far.
#[test]
fn random_bytes_never_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let alphabet = b"a,1\"\n\r'[]\\.-eENaA \xC3\xA1\xFF0x{}u";
    let (mut read, mut refused) = (0, 0);
    for case in 0..1500 {
        let length = random.next_u32() as usize % 120;
        let bytes: Vec<u8> = (0..length)
            .map(|_| match random.next_u32() % 20 {
                0 => random.next_u32() as u8,
                1..=6 => b',',
                7..=8 => b'\n',
                _ => alphabet[random.next_u32() as usize % alphabet.len()],
            })
            .collect();
        match Table::read_csv(written(&format!("random-{}.csv", case % 4), &bytes)) {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
            Ok(table) => {
                read += 1;
                let _ =
                    (table.describe(), table.schema(), table.correlation(&[]), table.to_string());
                for name in table.columns() {
                    let _ = (table.numbers(name), table.integers(name), table.value_counts(name));
                    let _ = (table.parse_lists(&[name]), table.sort_by(name, true));
                }
                let _ = cuaderno::notebook::Show::bundle(&table);
            }
        }
    }
    assert!(read > 20 && refused > 20, "{read} {refused}");
}
