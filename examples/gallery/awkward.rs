//! Figures of awkward data: one value, very large and small ones, long names, gaps.

use cuaderno::Result;
use cuaderno::plot::{self, Figure, Group, Language, Metric, Series};
use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

/// Writes them all into `folder`.
pub fn write(folder: &Path) -> Result<()> {
    let random = &mut ChaCha8Rng::seed_from_u64(1);
    curves(folder, random)?;
    lines(folder, random)?;
    bars(folder, random)?;
    distributions(folder, random)?;
    matrices(folder, random)?;
    images(folder, random)?;
    own_drawing(folder)
}

fn save(folder: &Path, name: &str, figure: &Figure) -> Result<()> {
    figure.save(folder.join(name)).map(|_| ())
}

const CATEGORIES: [&str; 12] = [
    "Historia",
    "Cultura",
    "Arquitectura",
    "Patrimonio",
    "Escultura",
    "Misterio",
    "Ciencia",
    "Ocio",
    "Pintura",
    "Naturaleza",
    "Cine",
    "Gastronomía",
];

fn normal(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.gen_range(0.0..1.0)).sum::<f64>() - 6.0
}

fn curves(folder: &Path, random: &mut ChaCha8Rng) -> Result<()> {
    let mut history = |epochs: usize| {
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for epoch in 0..epochs {
            let t = epoch as f64 / epochs as f64;
            train.push(1.12 * (-1.8 * t).exp() + 0.01 * random.gen_range(-1.0..1.0));
            validation
                .push(1.08 * (-1.4 * t).exp() + 0.25 * t * t + 0.05 * random.gen_range(-1.0..1.0));
        }
        let accuracy = |losses: &[f64]| {
            losses.iter().map(|l| (1.0 - 0.55 * l).clamp(0.0, 1.0)).collect::<Vec<_>>()
        };
        (accuracy(&train), accuracy(&validation), train, validation)
    };
    for epochs in [1, 2, 10, 100] {
        let (train_accuracy, accuracy, train_loss, loss) = history(epochs);
        let figure = plot::curves(&[
            Metric::lower("Loss", &train_loss, &loss),
            Metric::higher("Accuracy", &train_accuracy, &accuracy),
        ])?;
        save(folder, &format!("curves_{epochs}"), &figure.title("Model A: small hybrid CNN"))?;
    }
    let (_, _, mut train, mut validation) = history(12);
    train[5] = f64::NAN;
    validation[6] = f64::INFINITY;
    let figure = plot::curves(&[Metric::lower("Pérdida (entropía cruzada)", &train, &validation)])?
        .title("Modelo A: pérdida por época, con un título que es tan largo que necesita más de una línea")
        .caption("Entrenado sobre 1 045 puntos de interés")
        .language(Language::Spanish);
    save(folder, "curves_spanish_gap", &figure)
}

fn lines(folder: &Path, random: &mut ChaCha8Rng) -> Result<()> {
    let rates: Vec<f64> = (0..20)
        .map(|i| {
            if i < 8 {
                1e-2
            } else if i < 14 {
                1e-3
            } else {
                1e-4
            }
        })
        .collect();
    save(folder, "learning_rate_steps", &plot::learning_rate(&rates)?.title("Learning rate"))?;
    let cosine: Vec<f64> = (0..50)
        .map(|i| 0.005 * (1.0 + (f64::from(i) / 50.0 * std::f64::consts::PI).cos()))
        .collect();
    save(folder, "learning_rate_cosine", &plot::learning_rate(&cosine)?.title("Cosine schedule"))?;
    let mut walk = 0.0;
    let noisy: Vec<f64> = (0..200_000)
        .map(|_| {
            walk += random.gen_range(-1.0..1.0);
            walk
        })
        .collect();
    let figure = plot::line(&[Series::counted("", &noisy)])?
        .title("200 000 steps")
        .x_label("step")
        .y_label("loss");
    save(folder, "line_many", &figure)?;
    let x: Vec<f64> = (0..60).map(|i| f64::from(i) / 6.0).collect();
    let wave = |shift: f64| x.iter().map(|x| (x + shift).sin() * 1e-7).collect::<Vec<_>>();
    let series: Vec<Series> =
        (0..6).map(|i| Series::new(format!("serie número {i}"), &x, &wave(f64::from(i)))).collect();
    save(
        folder,
        "line_tiny_values",
        &plot::line(&series)?.x_label("time / s").y_label("amplitude"),
    )?;
    let huge = plot::line(&[Series::new("", &[0.0, 1e9, 2e9], &[-3e12, 0.0, 4e12])])?;
    save(folder, "line_huge_values", &huge)?;
    save(folder, "line_one_point", &plot::line(&[Series::counted("", &[0.5])])?)
}

fn bars(folder: &Path, random: &mut ChaCha8Rng) -> Result<()> {
    let counts = [1297, 1030, 660, 603, 482, 382, 132, 76, 48, 43, 23, 18];
    let figure =
        plot::class_counts(&CATEGORIES, &counts)?.title("Categories").language(Language::Spanish);
    save(folder, "class_counts_12", &figure)?;
    let painters: Vec<String> = (0..50).map(|i| format!("Pintor Núñez {i}")).collect();
    let works: Vec<usize> = (0..50).map(|i| 877 / (i + 1) + 20).collect();
    save(
        folder,
        "class_counts_50",
        &plot::class_counts(&painters, &works)?.title("Paintings by artist"),
    )?;
    save(
        folder,
        "bars_upright",
        &plot::bars(&["low", "medium", "high"], &[0.672, 0.598, 0.7312])?.y_label("F1"),
    )?;
    let long = [
        "Patrimonio histórico-artístico de la Comunidad de Madrid y alrededores, con acentos y eñes",
        "Señalización turística",
        "Corazón de piña",
        "Otros",
    ];
    save(
        folder,
        "bars_long_negative",
        &plot::bars(&long, &[12.5, -7.25, f64::NAN, 3.0])?.title("Change in score"),
    )?;
    save(folder, "bars_negative", &plot::bars(&["a", "b", "c"], &[-12.5, -7.25, 3.0])?)?;
    save(folder, "bars_one", &plot::bars(&["only"], &[3.0])?)?;
    let mut values = || (0..5).map(|_| random.gen_range(0.2..0.95)).collect::<Vec<f64>>();
    let groups = [
        Group::new("precision", &values()),
        Group::new("recall", &values()),
        Group::new("F1", &values()),
    ];
    let figure = plot::grouped_bars(&CATEGORIES[..5], &groups)?.title("Report by class");
    save(folder, "grouped_bars", &figure)?;
    let mut values = || (0..12).map(|_| random.gen_range(0.2..0.95)).collect::<Vec<f64>>();
    let groups = [Group::new("precision", &values()), Group::new("recall", &values())];
    save(
        folder,
        "grouped_bars_12",
        &plot::grouped_bars(&CATEGORIES, &groups)?.title("Report by class"),
    )
}

fn distributions(folder: &Path, random: &mut ChaCha8Rng) -> Result<()> {
    let mut sample = |n: usize, mean: f64, spread: f64| {
        (0..n).map(|_| mean + spread * normal(random)).collect::<Vec<f64>>()
    };
    let (a, b, c) = (sample(800, 20.0, 4.0), sample(500, 28.0, 5.0), sample(300, 36.0, 3.0));
    save(
        folder,
        "histogram_one",
        &plot::histogram(&[Group::new("", &a)])?.x_label("title length / words"),
    )?;
    let groups = [Group::new("low", &a), Group::new("medium", &b), Group::new("high", &c)];
    save(
        folder,
        "histogram_three",
        &plot::histogram(&groups)?.title("Likes by engagement").x_label("likes"),
    )?;
    save(folder, "histogram_constant", &plot::histogram(&[Group::new("", &[7.0; 9])])?)?;
    save(
        folder,
        "box_plot",
        &plot::box_plot(&groups)?.title("Likes by engagement").y_label("likes"),
    )?;
    let many: Vec<Group> = CATEGORIES
        .iter()
        .enumerate()
        .map(|(i, name)| Group::new(*name, &sample(60, i as f64, 2.0)))
        .collect();
    save(folder, "box_plot_12", &plot::box_plot(&many)?)?;
    let clouds = [
        Series::new("low", &sample(150, 3.0, 1.0), &sample(150, 2.0, 0.6)),
        Series::new("medium", &sample(150, 5.0, 1.0), &sample(150, 3.0, 0.6)),
        Series::new("high", &sample(150, 7.0, 1.0), &sample(150, 4.5, 0.6)),
    ];
    let figure = plot::scatter(&clouds)?
        .title("Embedding")
        .x_label("first component")
        .y_label("second component");
    save(folder, "scatter", &figure)?;
    let dense = Series::new("", &sample(8000, 0.0, 1.0), &sample(8000, 0.0, 1.0));
    save(folder, "scatter_8000", &plot::scatter(&[dense])?)?;
    save(folder, "scatter_one", &plot::scatter(&[Series::new("", &[1.0], &[2.0])])?)
}

fn matrices(folder: &Path, random: &mut ChaCha8Rng) -> Result<()> {
    for classes in [1, 2, 3, 5, 12, 20, 50] {
        let names: Vec<String> = match classes {
            12 => CATEGORIES.map(String::from).to_vec(),
            5 => ["Highly negative", "Negative", "Neutral", "Positive", "Highly positive"]
                .map(String::from)
                .to_vec(),
            3 => ["low", "medium", "high"].map(String::from).to_vec(),
            n => (0..n).map(|i| format!("Pintor Núñez {i}")).collect(),
        };
        let counts: Vec<Vec<usize>> = (0..classes)
            .map(|i| {
                let size = random.gen_range(10..200);
                (0..classes)
                    .map(|j| if i == j { size } else { random.gen_range(0..=size * 2 / classes) })
                    .collect()
            })
            .collect();
        let mut figure = plot::confusion_matrix(&names, &counts)?;
        if classes == 12 {
            figure = figure.title("Matriz de confusión").language(Language::Spanish);
        }
        save(folder, &format!("confusion_{classes}"), &figure)?;
    }
    for n in [4, 12] {
        let columns: Vec<Vec<f64>> =
            (0..n).map(|_| (0..n).map(|_| random.gen_range(-1.0..1.0)).collect()).collect();
        let values: Vec<Vec<f64>> = (0..n)
            .map(|i| {
                (0..n)
                    .map(|j| if i == j { 1.0 } else { (columns[i][j] + columns[j][i]) / 2.0 })
                    .collect()
            })
            .collect();
        save(
            folder,
            &format!("correlation_{n}"),
            &plot::correlation(&CATEGORIES[..n], &values)?.title("Correlation"),
        )?;
    }
    let rows = vec![vec![0.0, 120.0, 44000.0], vec![3.5, f64::NAN, 21500.0]];
    save(folder, "heatmap_amounts", &plot::heatmap(&["ene.", "feb."], &["a", "b", "c"], &rows)?)
}

/// An image with soft shapes: stripes would show resampling as moiré, flat ones would hide it.
fn image(random: &mut ChaCha8Rng, width: u32, height: u32) -> RgbImage {
    let (cx, cy) = (random.gen_range(0.2..0.8), random.gen_range(0.2..0.8));
    let tint: [f64; 3] = std::array::from_fn(|_| random.gen_range(60.0..255.0));
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
        let light = 1.0 - (x - cx).hypot(y - cy);
        Rgb(tint.map(|channel| (channel * light).clamp(0.0, 255.0) as u8))
    })
}

fn images(folder: &Path, random: &mut ChaCha8Rng) -> Result<()> {
    let images: Vec<RgbImage> = (0..12).map(|_| image(random, 128, 128)).collect();
    let titles: Vec<String> = (0..12)
        .map(|i| format!("true {}\npredicted {}", CATEGORIES[i], CATEGORIES[(i + 1) % 12]))
        .collect();
    save(folder, "image_grid", &plot::image_grid(&images, &titles)?.title("Most confused images"))?;
    let sizes = [(200, 90), (90, 200), (28, 28), (640, 480), (1, 300)];
    let mixed: Vec<RgbImage> = sizes.iter().map(|&(w, h)| image(random, w, h)).collect();
    let titles = sizes.map(|(w, h)| format!("{w} × {h}"));
    save(folder, "image_grid_mixed", &plot::image_grid(&mixed, &titles)?)?;
    save(
        folder,
        "image_grid_one",
        &plot::image_grid(&images[..1], &["a painting with a title that is far too long"])?,
    )?;
    let many: Vec<RgbImage> = (0..36).map(|_| image(random, 28, 28)).collect();
    save(folder, "image_grid_36", &plot::image_grid(&many, &[""; 0])?)
}

fn own_drawing(folder: &Path) -> Result<()> {
    use plotters::prelude::*;
    let figure = plot::drawing(500, 320, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .x_label_area_size(30)
            .y_label_area_size(44)
            .build_cartesian_2d(-3.2..3.2, -1.2..1.2)?;
        chart.configure_mesh().x_desc("angle").draw()?;
        let wave = (-320..=320).map(|i| f64::from(i) / 100.0).map(|x| (x, x.sin()));
        chart
            .draw_series(LineSeries::new(wave, BLUE.stroke_width(2)))?
            .label("sine")
            .legend(|(x, y)| Circle::new((x, y), 4, BLUE.filled()));
        chart.configure_series_labels().border_style(BLACK).draw()?;
        Ok(())
    })?;
    save(folder, "drawing", &figure.title("A chart of plotters' own"))
}
