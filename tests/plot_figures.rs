//! What a user does with figures: show, save, draw, and give them data that cannot be drawn.

use cuaderno::notebook::Show;
use cuaderno::plot::{self, Figure, Group, Language, Metric, Series};
use cuaderno::{ErrorKind, Result};
use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn example() -> Figure {
    plot::curves(&[
        Metric::lower("loss", &[1.1, 0.8, 0.6], &[1.0, 0.7, 0.9]),
        Metric::higher("accuracy", &[0.4, 0.6, 0.7], &[0.3, 0.6, 0.5]),
    ])
    .unwrap()
    .title("Modelo <A> & compañía")
}

fn chunk<'a>(png: &'a [u8], name: &[u8]) -> &'a [u8] {
    let at = png.windows(4).position(|window| window == name).expect("the chunk is there");
    &png[at + 4..at + 20]
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().unwrap())
}

#[test]
fn a_figure_is_a_value_that_shows_itself() {
    fn plain<T: Send + Sync + Clone + std::fmt::Debug + 'static>(_: &T) {}
    let figure = example();
    plain(&figure);
    let bundle = figure.bundle();
    assert_eq!(bundle.plain, "figure: Modelo <A> & compañía, loss and accuracy over 3 epochs");
    let png = bundle.png.unwrap();
    let image = image::load_from_memory(&png).unwrap().to_rgb8();
    let svg = bundle.svg.unwrap();
    let (width, height) = (image.width() / 2, image.height() / 2);
    assert!(svg.contains(&format!("width=\"{width}\" height=\"{height}\"")));
    // 192 dpi are 7559 pixels to the metre: what honours it shows the image at its CSS size.
    let physical = chunk(&png, b"pHYs");
    assert_eq!((number(&physical[..4]), number(&physical[4..8]), physical[8]), (7559, 7559, 1));
    // Something is drawn, in the colors of the two series.
    let count = |color| image.pixels().filter(|pixel| pixel.0 == color).count();
    assert!(count([1, 115, 178]) > 500 && count([222, 143, 5]) > 500);
    assert!(count([255, 255, 255]) > image.pixels().len() / 2);
}

#[test]
fn svg_is_escaped_and_says_what_it_needs() {
    let svg = example().language(Language::Spanish).svg().unwrap();
    assert!(svg.contains("Modelo &lt;A&gt; &amp; compañía"));
    assert!(svg.contains("época") && svg.contains("validación"));
    assert!(svg.contains("font-family=\"DejaVu Sans, Verdana, sans-serif\""));
    assert_eq!(svg.matches("<svg").count(), 1);
    assert!(svg.trim_end().ends_with("</svg>"));
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
}

#[test]
fn photographs_stay_small_and_drawings_exact() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let photograph = RgbImage::from_fn(128, 128, |x, y| {
        let noise = random.gen_range(0..20);
        Rgb([x as u8 + noise, y as u8 + noise, 100 + noise])
    });
    let drawing = RgbImage::from_fn(128, 128, |x, y| Rgb([(x / 32 + y / 32) as u8 % 2 * 255; 3]));
    let figure = plot::image_grid(&[photograph, drawing], &["photograph", "drawing"]).unwrap();
    let svg = figure.svg().unwrap();
    let count = |kind: &str| svg.matches(&format!("data:image/{kind};base64,")).count();
    assert_eq!((count("jpeg"), count("png")), (1, 1));
    // A notebook keeps the images at their size, a saved file at double density.
    let shown = image::load_from_memory(&figure.bundle().png.unwrap()).unwrap();
    let saved = image::load_from_memory(&figure.png(2.0).unwrap()).unwrap();
    assert_eq!((2 * shown.width(), 2 * shown.height()), (saved.width(), saved.height()));
}

#[test]
fn size_and_scale_are_kept() {
    let figure = example().size(500, 300);
    for (scale, expected) in [(1.0, (500, 300)), (2.0, (1000, 600)), (1.5, (750, 450))] {
        let png = figure.png(scale).unwrap();
        let header = chunk(&png, b"IHDR");
        assert_eq!((number(&header[..4]), number(&header[4..8])), expected);
    }
    for (width, height) in [(0, 300), (300, 0), (20, 20), (90, 4000), (30_000, 300)] {
        let error = figure.clone().size(width, height).png(1.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Figure, "{width} × {height}");
    }
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e9, 1e-9] {
        assert_eq!(figure.png(scale).unwrap_err().kind(), ErrorKind::Figure, "{scale}");
    }
    // A figure that cannot be drawn says so in the cell.
    let bundle = figure.size(20, 20).bundle();
    assert!(bundle.png.is_none() && bundle.plain.contains("leaves no room"));
}

#[test]
fn save_makes_folders_and_all_files_or_says_why_not() {
    let folder = std::env::temp_dir().join(format!("cuaderno-figures-{}", std::process::id()));
    let paths = example().save(folder.join("deep/er/curves.v2")).unwrap();
    let ends = ["png", "svg", "pdf"];
    assert_eq!(paths, ends.map(|end| folder.join(format!("deep/er/curves.v2.{end}"))));
    assert_eq!(std::fs::read(&paths[2]).unwrap(), example().pdf().unwrap());
    assert_eq!(std::fs::read(&paths[0]).unwrap(), example().png(2.0).unwrap());
    assert_eq!(std::fs::read_to_string(&paths[1]).unwrap(), example().svg().unwrap());
    // An extension that is already there is not doubled; nothing else is left behind.
    example().save(folder.join("deep/er/curves.v2.png")).unwrap();
    assert_eq!(std::fs::read_dir(folder.join("deep/er")).unwrap().count(), 3);
    let error = example().save(folder.join("deep/er/curves.v2.svg/inside")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("curves.v2.svg"));
    assert_eq!(example().save("..").unwrap_err().kind(), ErrorKind::Parameter);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn figures_draw_on_any_plotters_backend() {
    use plotters::prelude::*;
    let mut buffer = vec![255; 600 * 300 * 3];
    {
        let area = BitMapBackend::with_buffer(&mut buffer, (600, 300)).into_drawing_area();
        let images = [RgbImage::from_pixel(4, 4, Rgb([9, 99, 199]))];
        let halves = area.split_evenly((1, 2));
        example().draw(&halves[0]).unwrap();
        plot::image_grid(&images, &["x"]).unwrap().draw(&halves[1]).unwrap();
    }
    let count = |half: usize, color: [u8; 3]| {
        let pixels = buffer.chunks(3).enumerate().filter(|(i, _)| (i % 600) / 300 == half);
        pixels.filter(|(_, pixel)| *pixel == color).count()
    };
    assert!(count(0, [1, 115, 178]) > 20);
    assert!(count(1, [9, 99, 199]) > 10_000);
}

fn problem(result: Result<Figure>) -> String {
    let error = result.expect_err("such data cannot be drawn");
    assert_eq!(error.kind(), ErrorKind::Figure);
    error.to_string()
}

#[test]
fn data_that_cannot_be_drawn_is_an_error() {
    let none: [&str; 0] = [];
    let nan = [f64::NAN, f64::INFINITY];
    let too_far = [-1.7e308, 1.7e308];
    let empty_group = [Group::new("g", &[])];

    assert!(problem(plot::curves(&[])).contains("no measure"));
    assert!(problem(plot::curves(&[Metric::lower("loss", &nan, &[])])).contains("NaN"));
    assert!(problem(plot::line(&[])).contains("no value"));
    assert!(
        problem(plot::line(&[Series::new("s", &[1.0], &[1.0, 2.0])]))
            .contains("1 x values and 2 y")
    );
    problem(plot::line(&[Series::new("s", &[1.0, f64::NAN], &[f64::NAN, 1.0])]));
    problem(plot::learning_rate(&[]));
    assert!(problem(plot::bars(&["a"], &[1.0, 2.0])).contains("1 names for 2 values"));
    problem(plot::bars(&none, &[]));
    problem(plot::bars(&["a", "b"], &nan));
    problem(plot::class_counts(&none, &[]));
    problem(plot::grouped_bars(&["a"], &[]));
    assert!(
        problem(plot::grouped_bars(&["a", "b"], &[Group::new("g", &[1.0])])).contains("group `g`")
    );
    problem(plot::histogram(&empty_group));
    problem(plot::histogram(&[Group::new("g", &too_far)]));
    let bins = plot::histogram_with_bins(&[Group::new("g", &[1.0])], 0).unwrap_err();
    assert_eq!(bins.kind(), ErrorKind::Parameter);
    problem(plot::scatter(&[]));
    problem(plot::box_plot(&empty_group));
    problem(plot::heatmap(&["a"], &["b"], &[vec![f64::NAN]]));
    problem(plot::heatmap(&["a"], &["b"], &[vec![1.0, 2.0]]));
    assert!(problem(plot::correlation(&["a"], &[vec![1.5]])).contains("not a correlation"));
    problem(plot::confusion_matrix(&none, &[]));
    problem(plot::confusion_matrix(&["a", "b"], &[vec![1, 2], vec![3]]));
    problem(plot::image_grid(&[], &none));
    problem(plot::image_grid(&[RgbImage::new(0, 5)], &none));
    problem(plot::image_grid(&[RgbImage::new(5, 5)], &["a", "b"]));
    problem(plot::drawing(0, 5, |_| Ok(())));
    assert!(problem(plot::drawing(50, 50, |_| Err("by hand".into()))).contains("by hand"));

    // Too far apart shows only when the axis is made.
    assert!(plot::bars(&["a", "b"], &too_far).and_then(|figure| figure.png(1.0)).is_err());
    assert!(plot::line(&[Series::new("", &[0.0, 1.0], &too_far)]).and_then(|f| f.svg()).is_err());
}

#[test]
fn the_caption_says_what_is_not_drawn() {
    let svg = plot::line(&[Series::counted("s", &[1.0, f64::NAN, 2.0])]).unwrap().svg().unwrap();
    assert!(svg.contains("1 value that is not finite is not drawn"));
}

/// Numbers of every size, now and then none at all.
fn any(random: &mut ChaCha8Rng) -> f64 {
    match random.gen_range(0..12) {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => 0.0,
        3 => -random.gen_range(0.0..1.0) * 1e-300,
        _ => random.gen_range(-1.0..1.0) * 10_f64.powi(random.gen_range(-20..20)),
    }
}

#[test]
fn no_data_and_no_size_makes_a_figure_panic() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let words =
        ["", "ñandú", "a", "una categoría con un nombre larguísimo y acentuado", "<&\">", "漢字"];
    let mut drawn = 0;
    for _ in 0..400 {
        let n = random.gen_range(0..30);
        let r = &mut random;
        let values = |r: &mut ChaCha8Rng| (0..n).map(|_| any(r)).collect::<Vec<f64>>();
        let names: Vec<&str> = (0..n).map(|_| words[r.gen_range(0..words.len())]).collect();
        let (a, b) = (values(r), values(r));
        let groups = [Group::new("", &a), Group::new(words[3], &b)];
        let rows: Vec<Vec<f64>> = (0..n).map(|_| values(r)).collect();
        let counts: Vec<Vec<usize>> = (0..n)
            .map(|_| (0..n).map(|_| r.gen_range(0..99_usize).saturating_sub(60)).collect())
            .collect();
        let figure = match r.gen_range(0..10) {
            0 => plot::curves(&[Metric::lower(words[3], &a, &b), Metric::higher("", &b, &[])]),
            1 => plot::line(&[Series::new("", &a, &b), Series::counted("x", &b)]),
            2 => plot::learning_rate(&a),
            3 => plot::bars(&names, &a),
            4 => plot::grouped_bars(&names, &groups),
            5 => plot::histogram(&groups),
            6 => plot::scatter(&[Series::new("", &a, &b)]),
            7 => plot::box_plot(&groups),
            8 => plot::heatmap(&names, &names, &rows),
            _ => plot::confusion_matrix(&names, &counts),
        };
        let Ok(mut figure) = figure else { continue };
        figure =
            figure.title(words[r.gen_range(0..words.len())]).x_label(words[3]).y_label(words[3]);
        if r.gen_bool(0.6) {
            figure = figure.size(r.gen_range(0..700), r.gen_range(0..500));
        }
        if let (Ok(_), Ok(_)) = (figure.png(0.5), figure.svg()) {
            drawn += 1;
        }
    }
    assert!(drawn > 100, "{drawn} figures were drawn");
}
