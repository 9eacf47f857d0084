//! Texts of figures never touch, checked by geometry over random labels.

use super::super::font;
use super::super::scene::{Align, Label, Mark, Rect, Scene};
use super::super::{
    self as plot, Estimate, Figure, Group, Metric, NetworkGraph, Period, Run, Series,
};
use image::RgbImage;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The box that the capitals of a label fill.
fn ink(label: &Label) -> Rect {
    let (along, up) = (font::width(&label.text, label.size, label.bold), 0.73 * label.size);
    let before = match label.align {
        Align::Start => 0.0,
        Align::Middle => along / 2.0,
        Align::End => along,
    };
    if label.upward {
        Rect::new(label.x - up, label.y + before - along, up, along)
    } else {
        Rect::new(label.x - before, label.y - up, along, up)
    }
}

/// The first two labels that touch, or the first that leaves the figure.
fn collision(scene: &Scene) -> Option<String> {
    let labels: Vec<&Label> = scene
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Label(label) = mark { Some(label) } else { None })
        .collect();
    for (i, a) in labels.iter().enumerate() {
        let left = ink(a);
        if left.x < -0.5
            || left.y < -0.5
            || left.right() > scene.width + 0.5
            || left.bottom() > scene.height + 0.5
        {
            return Some(format!("`{}` leaves the figure: {left:?}", a.text));
        }
        for b in &labels[i + 1..] {
            let right = ink(b);
            let apart = left.right() <= right.x + 0.5
                || right.right() <= left.x + 0.5
                || left.bottom() <= right.y + 0.5
                || right.bottom() <= left.y + 0.5;
            if !apart {
                return Some(format!("`{}` {left:?} touches `{}` {right:?}", a.text, b.text));
            }
        }
    }
    None
}

#[test]
fn no_two_texts_touch_and_none_leaves_the_figure() {
    let words =
        ["Historia", "Patrimonio", "Gastronomía", "Ocio", "Naturaleza y paisaje", "Ciencia"];
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for round in 0..780 {
        let r = &mut random;
        let n = r.gen_range(1..if round % 5 == 0 { 50 } else { 12 });
        let size = 10_f64.powi(r.gen_range(-7..9));
        let positive =
            |r: &mut ChaCha8Rng| (0..n).map(|_| r.gen_range(0.0..size)).collect::<Vec<_>>();
        let values =
            |r: &mut ChaCha8Rng| (0..n).map(|_| r.gen_range(-size..size)).collect::<Vec<_>>();
        let names: Vec<String> =
            (0..n).map(|i| format!("{} {i}", words[r.gen_range(0..words.len())])).collect();
        let (a, b) = (values(r), positive(r));
        let groups: Vec<Group> = words.iter().map(|name| Group::new(*name, &positive(r))).collect();
        let counts: Vec<Vec<usize>> =
            (0..n).map(|_| (0..n).map(|_| r.gen_range(0..2000)).collect()).collect();
        let rows: Vec<Vec<f64>> = (0..n).map(|_| values(r)).collect();
        let whole: Vec<usize> = (0..n).map(|_| r.gen_range(0..5000)).collect();
        let images: Vec<RgbImage> =
            (0..n).map(|_| RgbImage::new(r.gen_range(1..50), r.gen_range(1..50))).collect();
        let figure: Figure = match round % 26 {
            0 => plot::curves(&[Metric::lower("Loss", &a, &b), Metric::higher("F1", &b, &a)]),
            1 => plot::line(&[Series::new("one", &a, &b), Series::counted("two", &b)]),
            2 => plot::bars(&names, &b),
            3 => plot::grouped_bars(&names, &groups[..2]),
            4 => plot::histogram(&groups),
            5 => plot::scatter(&[Series::new("one", &a, &b), Series::new("two", &b, &a)]),
            6 => plot::box_plot(&groups),
            7 => plot::heatmap(&names, &names, &rows),
            8 => plot::confusion_matrix(&names, &counts),
            9 => plot::image_grid(&images, &names),
            10 => plot::violin(&groups),
            11 => plot::strip(&groups),
            12 => plot::histogram_with_density(&groups),
            13 => plot::stacked_bars(&names, &[Group::new("one", &b), Group::new("two", &b)]),
            14 => plot::top_counts(&names, &whole, 9),
            15 => plot::text_lengths(&whole),
            16 => {
                let at = |i: usize, low, high| Estimate::with_interval(&names[i], low, low, high);
                let all: Vec<_> = (0..n).map(|i| at(i, b[i], b[i] * 2.0)).collect();
                plot::estimates(&all, Some(Estimate::new("published", b[0])))
            }
            17 => plot::cross_validation(&groups),
            18 => {
                let edges: Vec<_> = (0..n).map(|i| (i, i / 2)).collect();
                let places: Vec<_> = a.iter().copied().zip(b.iter().copied()).collect();
                plot::network(&NetworkGraph::new(&names, &places, &edges).groups(&names))
            }
            19 => {
                let all = names.iter().zip(&b).map(|(name, &b)| Period::new(name, b, b * 1.5));
                plot::time_line(&all.collect::<Vec<_>>())
            }
            20 => plot::parallel_coordinates(&[
                Group::new("a rather long name of an axis", &a),
                Group::new("rate", &b),
                Group::new("score", &b),
            ]),
            21 => plot::pair_plot(&[Group::new(&names[0], &a), Group::new("b", &b)], &names),
            22 => plot::missing_values(&names, &vec![vec![true, false]; n]),
            23 => plot::runs(
                "loss",
                &[Run::lower("one", &b).learning_rates(&b), Run::lower("two", &a)],
            ),
            24 => plot::prediction_grid(&images, &names, &names, &[]),
            _ => plot::bars(&names, &a),
        }
        .unwrap()
        .title("Un título que dice de qué trata la figura")
        .x_label("horizontal")
        .y_label("vertical")
        .caption("Una nota al pie de la figura");
        let scene = figure.scene().unwrap();
        assert_eq!(collision(&scene), None, "round {round}: {figure}");
    }
}
