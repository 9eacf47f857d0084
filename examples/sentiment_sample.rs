//! Writes the sample of practice 5 into `data/sentiment`, or into the folder given.

use cuaderno::practices::sentiment;

fn main() -> cuaderno::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "data/sentiment".to_string());
    let paths = sentiment::generate(folder, sentiment::SAMPLE_ROWS, sentiment::SAMPLE_SEED)?;
    println!("{paths}");
    Ok(())
}
