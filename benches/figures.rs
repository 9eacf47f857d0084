//! The time that figures take as PNG, under the names of the matplotlib figures with the same content and
//! the same number of pixels. One JSON line each; `cargo bench --bench figures`.

use cuaderno::Result;
use cuaderno::plot::{self, Metric, NetworkGraph, Series};
use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

/// matplotlib's 12 inches at 150 dpi are 1800 pixels: 900 CSS pixels at double density.
const SCALE: f64 = 2.0;

fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let measure = |name: &str, draw: &dyn Fn() -> Result<Vec<u8>>| -> Result<()> {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            return Ok(());
        }
        black_box(draw()?);
        let mut times = Vec::new();
        for _ in 0..9 {
            let start = Instant::now();
            black_box(draw()?);
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{{\"name\": \"{name}\", \"value\": {:.3}, \"unit\": \"ms\"}}",
            times[times.len() / 2]
        );
        Ok(())
    };

    let mut random = ChaCha8Rng::seed_from_u64(0);
    let names: Vec<String> = (0..50).map(|i| format!("class {i}")).collect();
    let counts: Vec<Vec<usize>> =
        (0..50).map(|_| (0..50).map(|_| random.gen_range(0..100)).collect()).collect();
    measure("confusion_matrix_figure", &|| {
        plot::confusion_matrix(&names, &counts)?.size(900, 900).png(SCALE)
    })?;

    let images = paintings(&mut random);
    let titles = vec!["painting"; images.len()];
    measure("image_grid_figure", &|| {
        plot::image_grid(&images, &titles)?.size(900, 900).png(SCALE)
    })?;

    let curve = |top: f64| (0..100).map(|i| top / f64::from(i + 1)).collect::<Vec<f64>>();
    let (train, validation) = (curve(1.0), curve(1.1));
    measure("curves_figure", &|| {
        let metrics = [
            Metric::lower("loss", &train, &validation),
            Metric::higher("accuracy", &train, &validation),
        ];
        plot::curves(&metrics)?.size(900, 300).png(SCALE)
    })?;

    // networkx.gnm_random_graph(50, 200); its layout is part of the reference, and so is ours: places on circles.
    let places: Vec<(f64, f64)> = (0..50)
        .map(|i| {
            let angle = f64::from(i) * 2.4;
            (angle.cos() * f64::from(i).sqrt(), angle.sin() * f64::from(i).sqrt())
        })
        .collect();
    let edges: Vec<(usize, usize)> =
        (0..200).map(|_| (random.gen_range(0..50), random.gen_range(0..50))).collect();
    let graph = NetworkGraph::new(&names, &places, &edges);
    measure("network_graph_figure", &|| plot::network(&graph)?.size(640, 480).png(1.5))?;

    let mut coordinate =
        || (0..1_000_000).map(|_| random.gen_range(-3.0..3.0)).collect::<Vec<f64>>();
    let (x, y) = (coordinate(), coordinate());
    let third = |values: &[f64], of: usize| -> Vec<f64> {
        values.iter().skip(of).step_by(3).copied().collect()
    };
    let clouds: Vec<Series> = (0..3)
        .map(|of| Series::new(format!("group {of}"), &third(&x, of), &third(&y, of)))
        .collect();
    measure("scatter_million_points_figure", &|| plot::scatter(&clouds)?.size(640, 480).png(1.5))
}

/// 36 real paintings where they are at hand, else noise of the same size, which compresses worse.
fn paintings(random: &mut ChaCha8Rng) -> Vec<RgbImage> {
    let data = std::env::var_os("CUADERNO_REAL_DATA")
        .map_or_else(|| "../shared/data".into(), PathBuf::from);
    let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("art/images"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.sort();
    let mut images: Vec<RgbImage> = files
        .iter()
        .filter_map(|file| image::open(file).ok())
        .take(36)
        .map(|i| i.to_rgb8())
        .collect();
    while images.len() < 36 {
        images.push(RgbImage::from_fn(128, 128, |_, _| Rgb(random.r#gen())));
    }
    images
}
