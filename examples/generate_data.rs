//! Writes the samples of the practices into a folder: `cargo run --example generate_data -- FOLDER`.

fn main() -> cuaderno::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "data".to_string());
    cuaderno::practices::generate_samples(&folder)
}
