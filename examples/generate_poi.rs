//! Writes the sample of points of interest: `generate_poi FOLDER [ROWS] [SEED]`.

use cuaderno::practices::poi;

fn main() -> cuaderno::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    let folder = arguments.get(1).map_or("data/poi", String::as_str);
    let rows = number(2).map_or(poi::SAMPLE_ROWS, |rows| rows as usize);
    println!("{}", poi::generate(folder, rows, number(3).unwrap_or(poi::SAMPLE_SEED))?);
    Ok(())
}
