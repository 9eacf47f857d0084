//! How soon the kernel is ready, and how long light cells take. `benches/README.md` has the figures; the limits here are
//! twice what is asked for, since other work may keep the machine busy.

mod common;

use common::{import, start};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn the_kernel_is_ready_at_once_and_light_cells_are_quick() {
    let uses = import("use cuaderno::prelude::*;");
    // The library is prepared once, which takes minutes.
    start(true).await.good(&uses).await;
    let begin = Instant::now();
    let mut kernel = start(true).await;
    kernel.good(&format!("{uses}\n6 * 7")).await;
    let ready = begin.elapsed();
    // Who reads what the first cell has shown gives it time to make itself ready for types.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut times = Vec::new();
    for cell in [
        "let epochs: usize = 10;\nlet seed: u64 = 0;",
        "let numbers = Column::from((0..200).map(f64::from).collect::<Vec<_>>());",
        "let table = Table::from_columns(vec![(\"x\", numbers)])?;",
        "table.head(5)",
        "table.schema()",
        "table.describe()",
        "let shown = table.drop_nulls(&[\"x\"])?;\nprintln!(\"{} rows\", shown.rows());",
        "plot::bars(&[\"a\", \"b\"], &[1.0, 2.0])?.title(\"Bars\")",
        "{\n    let counts = table.value_counts(\"x\")?;\n    counts.head(3)\n}",
        "let squares: Vec<f64> = table.numbers(\"x\")?.iter().map(|x| x * x).collect();",
        "println!(\"{:.1} {epochs} {seed}\", squares.iter().sum::<f64>());",
        "for i in 0..3 { println!(\"{i}\"); }",
        "fn double(x: f64) -> f64 { 2.0 * x }",
        "let doubled: Vec<f64> = squares.iter().copied().map(double).collect();",
        "doubled.len()",
    ] {
        let begin = Instant::now();
        kernel.good(cell).await;
        times.push(begin.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("ready after {ready:.2?}; median {median:.2} s, slowest {slowest:.2} s");
    assert!(ready < Duration::from_secs(20), "{ready:?}");
    assert!(median < 0.8 && slowest < 2.0, "{times:?}");
}
