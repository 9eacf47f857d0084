//! Figures that explore data.

use super::data::{CATEGORIES, PAINTERS, images, normal};
use cuaderno::Result;
use cuaderno::plot::{self, Figure, Group, Language, NetworkGraph, Period, Series};

/// All of them.
pub const ALL: &[super::Entry] = &[
    ("histogram", histogram),
    ("histogram_with_density", histogram_with_density),
    ("violin", violin),
    ("strip", strip),
    ("box_plot", box_plot),
    ("bars", bars),
    ("grouped_bars", grouped_bars),
    ("stacked_bars", stacked_bars),
    ("stacked_shares", stacked_shares),
    ("top_counts", top_counts),
    ("token_frequencies", token_frequencies),
    ("text_lengths", text_lengths),
    ("scatter", scatter),
    ("pair_plot", pair_plot),
    ("geo_scatter", geo_scatter),
    ("line", line),
    ("missing_values", missing_values),
    ("correlation", correlation),
    ("time_line", time_line),
    ("network", network),
    ("image_grid", image_grid),
    ("image_map", image_map),
];

fn groups() -> [Group; 3] {
    [
        Group::new("low", &normal(1, 400, 20.0, 4.0)),
        Group::new("medium", &normal(2, 250, 28.0, 6.0)),
        Group::new("high", &normal(3, 150, 36.0, 3.0)),
    ]
}

fn histogram() -> Result<Figure> {
    Ok(plot::histogram(&groups())?.title("Likes by engagement").x_label("likes"))
}

fn histogram_with_density() -> Result<Figure> {
    Ok(plot::histogram_with_density(&groups())?.title("Likes by engagement").x_label("likes"))
}

fn violin() -> Result<Figure> {
    Ok(plot::violin(&groups())?.title("Likes by engagement").y_label("likes"))
}

fn strip() -> Result<Figure> {
    Ok(plot::strip(&groups())?.title("Likes by engagement").y_label("likes"))
}

fn box_plot() -> Result<Figure> {
    Ok(plot::box_plot(&groups())?.title("Likes by engagement").y_label("likes"))
}

fn bars() -> Result<Figure> {
    Ok(plot::bars(&["low", "medium", "high"], &[0.672, 0.598, 0.731])?.title("F1").y_label("F1"))
}

fn grouped_bars() -> Result<Figure> {
    let f1 = [
        Group::new("precision", &[0.61, 0.48, 0.75, 0.52]),
        Group::new("recall", &[0.66, 0.41, 0.71, 0.63]),
    ];
    Ok(plot::grouped_bars(&CATEGORIES[..4], &f1)?.title("Report by class"))
}

fn stacked_bars() -> Result<Figure> {
    let splits = [
        Group::new("train", &[830.0, 420.0, 310.0, 120.0]),
        Group::new("validation", &[104.0, 52.0, 39.0, 15.0]),
        Group::new("test", &[104.0, 53.0, 38.0, 15.0]),
    ];
    Ok(plot::stacked_bars(&CATEGORIES[..4], &splits)?.title("Rows of each split"))
}

fn stacked_shares() -> Result<Figure> {
    let groups = [
        Group::new("bajo", &[30.0, 42.0, 31.0, 12.0, 3.0, 9.0, 20.0, 8.0]),
        Group::new("medio", &[10.0, 52.0, 39.0, 15.0, 8.0, 7.0, 10.0, 5.0]),
        Group::new("alto", &[14.0, 23.0, 38.0, 25.0, 4.0, 8.0, 20.0, 7.0]),
    ];
    let figure = plot::stacked_shares(&CATEGORIES, &groups)?;
    Ok(figure.title("Interés por categoría").language(Language::Spanish))
}

fn top_counts() -> Result<Figure> {
    let counts = [877, 702, 439, 336, 328, 311, 291, 262, 259, 239, 194, 193, 73, 47];
    Ok(plot::top_counts(&PAINTERS, &counts, 8)?.title("Paintings by artist"))
}

fn token_frequencies() -> Result<Figure> {
    let tokens = ["de", "para", "con", "nuevo", "original", "kit", "x", "led", "funda", "negro"];
    let counts = [51_200, 40_100, 22_800, 9_120, 8_830, 7_400, 7_200, 5_100, 4_020, 3_990];
    let figure = plot::token_frequencies(&tokens, &counts, 10)?;
    Ok(figure.title("Palabras más frecuentes").language(Language::Spanish))
}

fn text_lengths() -> Result<Figure> {
    let lengths: Vec<usize> =
        normal(7, 3000, 8.2, 2.4).into_iter().map(|v| v.max(1.0).round() as usize).collect();
    Ok(plot::text_lengths(&lengths)?.title("Tokens per title").x_label("tokens"))
}

fn scatter() -> Result<Figure> {
    let clouds = [
        Series::new("low", &normal(1, 150, 3.0, 1.0), &normal(2, 150, 2.0, 0.6)),
        Series::new("medium", &normal(3, 150, 5.0, 1.0), &normal(4, 150, 3.0, 0.6)),
        Series::new("high", &normal(5, 150, 7.0, 1.0), &normal(6, 150, 4.5, 0.6)),
    ];
    Ok(plot::scatter(&clouds)?.title("Embedding").x_label("component 1").y_label("component 2"))
}

fn pair_plot() -> Result<Figure> {
    let class: Vec<&str> = (0..240).map(|i| ["low", "medium", "high"][i % 3]).collect();
    let shift = |values: Vec<f64>| -> Vec<f64> {
        values.into_iter().enumerate().map(|(i, v)| v + (i % 3) as f64 * 2.2).collect()
    };
    let visits = shift(normal(1, 240, 10.0, 1.0));
    let likes: Vec<f64> =
        visits.iter().zip(normal(2, 240, 0.0, 0.8)).map(|(a, b)| a * 0.6 + b).collect();
    let variables = [
        Group::new("visits", &visits),
        Group::new("likes", &likes),
        Group::new("tier", &shift(normal(4, 240, 3.0, 1.6))),
    ];
    Ok(plot::pair_plot(&variables, &class)?.title("Numeric columns by engagement"))
}

fn geo_scatter() -> Result<Figure> {
    let places = [
        Series::new("Madrid", &normal(1, 300, -3.70, 0.05), &normal(2, 300, 40.42, 0.03)),
        Series::new("Toledo", &normal(3, 90, -4.02, 0.02), &normal(4, 90, 39.86, 0.02)),
    ];
    Ok(plot::geo_scatter(&places)?.title("Points of interest"))
}

fn line() -> Result<Figure> {
    let y: Vec<f64> = (0..40).map(|i| (f64::from(i) / 6.0).sin() + f64::from(i) * 0.05).collect();
    let low: Vec<f64> = y.iter().map(|v| v - 0.3).collect();
    let high: Vec<f64> = y.iter().map(|v| v + 0.3).collect();
    let series = Series::counted("mean of 5 folds ± standard deviation", &y).band(&low, &high);
    Ok(plot::line(&[series])?.title("A line with its band").x_label("epoch"))
}

fn missing_values() -> Result<Figure> {
    let gone = |every: usize, from: usize| -> Vec<bool> {
        (0..1569).map(|i| i % every == 0 || (from..from + 60).contains(&i)).collect()
    };
    let missing =
        [gone(7, 2000), gone(3000, 300), gone(2, 2000), gone(10_000, 5000), gone(90, 900)];
    Ok(plot::missing_values(&CATEGORIES[..5], &missing)?.title("Missing values"))
}

fn correlation() -> Result<Figure> {
    let names = ["Visits", "Likes", "Dislikes", "Bookmarks"];
    let values = [
        vec![1.0, 0.72, -0.31, 0.55],
        vec![0.72, 1.0, -0.62, 0.83],
        vec![-0.31, -0.62, 1.0, -0.48],
        vec![0.55, 0.83, -0.48, 1.0],
    ];
    Ok(plot::correlation(&names, &values)?.title("Correlation"))
}

fn time_line() -> Result<Figure> {
    let lives = [
        Period::new("Albrecht Dürer", 1471.0, 1528.0).group("Northern Renaissance"),
        Period::new("Rembrandt", 1606.0, 1669.0).group("Baroque"),
        Period::new("Francisco Goya", 1746.0, 1828.0).group("Romanticism"),
        Period::new("Edgar Degas", 1834.0, 1917.0).group("Impressionism"),
        Period::new("Claude Monet", 1840.0, 1926.0).group("Impressionism"),
        Period::new("Vincent van Gogh", 1853.0, 1890.0).group("Post-Impressionism"),
        Period::new("Pablo Picasso", 1881.0, 1973.0).group("Cubism"),
    ];
    Ok(plot::time_line(&lives)?.title("Painters' lives"))
}

fn network() -> Result<Figure> {
    let place = |i: usize| {
        let angle = i as f64 / 14.0 * std::f64::consts::TAU;
        let far = if i.is_multiple_of(2) { 1.0 } else { 0.55 };
        (angle.cos() * far, angle.sin() * far)
    };
    let positions: Vec<(f64, f64)> = (0..14).map(place).collect();
    let mut edges: Vec<(usize, usize)> = (0..14).map(|i| (i, (i + 2) % 14)).collect();
    edges.extend((0..7).map(|i| (i, i + 7)));
    let groups: Vec<&str> =
        (0..14).map(|i| ["Impressionism", "Cubism", "Baroque"][i % 3]).collect();
    let sizes: Vec<f64> = (0..14).map(|i| f64::from(i % 5 + 1)).collect();
    let graph = NetworkGraph::new(&PAINTERS, &positions, &edges).groups(&groups).sizes(&sizes);
    Ok(plot::network(&graph)?.title("Painters who share a movement"))
}

fn image_grid() -> Result<Figure> {
    Ok(plot::image_grid(&images(10), &PAINTERS[..10])?.title("Paintings"))
}

fn image_map() -> Result<Figure> {
    let points: Vec<(f64, f64)> =
        normal(1, 60, 0.0, 1.0).into_iter().zip(normal(2, 60, 0.0, 1.0)).collect();
    Ok(plot::image_map(&points, &images(60))?.title("Paintings by their features"))
}
