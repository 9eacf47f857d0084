//! PDFs as other programs read them: rendered by `pdftoppm` they look like the PNG, and `pdftotext` finds their text.

use cuaderno::plot::{self, Figure, Group, Language, Metric, NetworkGraph, Series};
use image::{Rgb, RgbImage};
use std::process::Command;

fn figures() -> Vec<(&'static str, Figure)> {
    let curves = plot::curves(&[
        Metric::lower("pérdida", &[1.1, 0.8, 0.6], &[1.0, 0.7, 0.9]),
        Metric::higher("exactitud", &[0.4, 0.6, 0.7], &[0.3, 0.6, 0.5]),
    ]);
    let names = ["Dürer", "Goya", "Monet"];
    let counts = vec![vec![50, 3, 2], vec![4, 61, 5], vec![0, 9, 33]];
    let values: Vec<f64> = (0..6000).map(|i| f64::from(i * i % 977)).collect();
    let cloud = Series::new("", &values, &values.iter().rev().copied().collect::<Vec<_>>());
    let image = RgbImage::from_fn(60, 40, |x, y| Rgb([x as u8 * 4, y as u8 * 6, 128]));
    let graph = NetworkGraph::new(&names, &[(0.0, 0.0), (1.0, 0.4), (0.3, 1.0)], &[(0, 1), (1, 2)]);
    let made = [
        ("curves", curves),
        ("confusion", plot::confusion_matrix(&names, &counts)),
        ("violin", plot::violin(&[Group::new("uno", &values[..90]), Group::new("dos", &values)])),
        ("cloud", plot::scatter(&[cloud])),
        ("images", plot::image_grid(&[image.clone(), image], &["una", "otra"])),
        ("network", plot::network(&graph)),
    ];
    made.map(|(name, figure)| {
        (name, figure.unwrap().title("Prueba de impresión").language(Language::Spanish))
    })
    .into()
}

#[test]
fn a_pdf_looks_like_the_png() {
    if Command::new("pdftoppm").arg("-v").output().is_err() {
        println!("skipped: there is no pdftoppm");
        return;
    }
    let folder = std::env::temp_dir().join(format!("cuaderno-pdf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, figure) in figures() {
        let file = folder.join(format!("{name}.pdf"));
        std::fs::write(&file, figure.pdf().unwrap()).unwrap();
        let run = Command::new("pdftoppm")
            .args(["-r", "96", "-singlefile", "-png"])
            .args([&file, &folder.join(name)])
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success() && complaint.is_empty(), "{name}: {complaint}");
        let drawn = image::open(folder.join(format!("{name}.png"))).unwrap().to_rgb8();
        let ours = image::load_from_memory(&figure.png(1.0).unwrap()).unwrap().to_rgb8();
        assert!(drawn.width().abs_diff(ours.width()) <= 1, "{name}");
        assert!(drawn.height().abs_diff(ours.height()) <= 1, "{name}");
        // Averages over 4 × 4 pixels: edges are smoothed differently, places and colors are the same.
        let (w, h) = (ours.width() / 4, ours.height() / 4);
        let shrink = |image: &RgbImage| image::imageops::thumbnail(image, w, h);
        let (a, b) = (shrink(&drawn), shrink(&ours));
        let off = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b)));
        let mean = off.sum::<u64>() as f64 / a.as_raw().len() as f64;
        // A cloud of half-transparent dots depends on how each edge is smoothed.
        let most = if name == "cloud" { 6.0 } else { 2.5 };
        assert!(mean < most, "{name}: the mean difference is {mean} of 255");
        let text = Command::new("pdftotext").arg(&file).arg("-").output().unwrap();
        let text = String::from_utf8_lossy(&text.stdout).to_string();
        assert!(text.contains("Prueba de impresión"), "{name}: {text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
