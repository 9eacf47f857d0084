//! Generates the sample of points of interest: `cargo run --release --example poi_sample -- FOLDER`.

use cuaderno::practices::poi;
use cuaderno::{Error, ErrorKind, Result};

fn main() -> Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err(Error::new(ErrorKind::Parameter, "expected a folder, found no argument"));
    };
    println!("{}", poi::generate(folder, poi::SAMPLE_ROWS, poi::SAMPLE_SEED)?);
    Ok(())
}
