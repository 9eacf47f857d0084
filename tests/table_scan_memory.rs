//! A file much larger than the memory that is taken for it. Linux counts that memory; elsewhere the test passes.

use cuaderno::table::{Aggregate, Table};
use std::io::Write;

/// The largest resident memory of this process so far, in megabytes.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0 / 1e6)
}

#[test]
fn a_large_file_is_filtered_grouped_and_written_in_little_memory() {
    const ROWS: usize = 1_500_000;
    let name = |kind: &str| format!("cuaderno-scan-memory-{}-{kind}.csv", std::process::id());
    let [file, target] = ["from", "to"].map(|kind| std::env::temp_dir().join(name(kind)));
    let mut writer = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    writer.write_all(b"title,language,category,price\n").unwrap();
    for row in 0..ROWS {
        let (language, price) = (["es", "pt"][row % 2], row % 1000);
        let title = "\"Funda de silicona, con \"\"tapa\"\" para celular";
        writeln!(writer, "{title} {row}\",{language},CATEGORY_{},{price}", row % 632).unwrap();
    }
    drop(writer.into_inner().unwrap());
    let bytes = std::fs::metadata(&file).unwrap().len() as f64 / 1e6;
    let before = peak();

    let scan = Table::scan_csv(&file).unwrap().batch_bytes(1 << 20);
    let prices = scan.group_by(&["category"], &[("price", Aggregate::Max)]).unwrap();
    assert_eq!(prices.integers("count").unwrap().iter().sum::<i64>(), ROWS as i64);
    let spanish = scan.filter_equal("language", "es").map_batches(Box::new(|batch| {
        batch.with_column("length", batch.text_lengths("title")?.into())
    }));
    assert_eq!(spanish.write_csv(&target).unwrap(), ROWS / 2);
    let written = Table::scan_csv(&target).unwrap().batch_bytes(1 << 20);
    let lengths = written.group_by(&["language"], &[("length", Aggregate::Max)]).unwrap();
    assert_eq!(lengths.integers("length_max").unwrap(), [50]);

    if let (Some(before), Some(after)) = (before, peak()) {
        let taken = after - before;
        println!("{bytes:.0} MB in the file, {taken:.0} MB taken");
        assert!(bytes > 100.0 && taken < 0.25 * bytes, "{taken} MB for {bytes} MB");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(&target).unwrap();
}
