//! The charts, one a file. Each checks its data when it is made, and draws itself into a rectangle.

pub(super) mod bars;
pub(super) mod box_plot;
pub(super) mod confusion;
pub(super) mod curves;
pub(super) mod data;
pub(super) mod drawing;
pub(super) mod grouped_bars;
pub(super) mod heatmap;
pub(super) mod histogram;
pub(super) mod image_grid;
pub(super) mod line;
pub(super) mod scatter;

use super::frame::{Entry, Frame};
use super::scene::{Rect, Scene};
use super::words::Language;
use crate::Result;

/// A chart with its data, checked.
pub(super) trait Chart: std::fmt::Debug + Send + Sync {
    /// One clause that says what it shows, such as "2 series, 10 points".
    fn describe(&self) -> String;

    /// The size that suits the content, in CSS pixels.
    fn size(&self, _frame: &Frame) -> (u32, u32) {
        (640, 400)
    }

    /// The entries of the legend; none if there is nothing to tell apart.
    fn legend(&self, _language: Language) -> Vec<Entry> {
        Vec::new()
    }

    /// How many values are not finite and therefore not drawn.
    fn left_out(&self) -> usize {
        0
    }

    /// Draws the chart inside `body`.
    fn draw(&self, scene: &mut Scene, body: Rect, frame: &Frame) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::super::font;
    use super::super::scene::{Align, Label, Mark, Rect, Scene};
    use super::super::{self as plot, Figure, Group, Metric, Series};
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
        for round in 0..400 {
            let r = &mut random;
            let n = r.gen_range(1..if round % 4 == 0 { 50 } else { 12 });
            let size = 10_f64.powi(r.gen_range(-7..9));
            let positive =
                |r: &mut ChaCha8Rng| (0..n).map(|_| r.gen_range(0.0..size)).collect::<Vec<_>>();
            let values =
                |r: &mut ChaCha8Rng| (0..n).map(|_| r.gen_range(-size..size)).collect::<Vec<_>>();
            let names: Vec<String> =
                (0..n).map(|i| format!("{} {i}", words[r.gen_range(0..words.len())])).collect();
            let (a, b) = (values(r), positive(r));
            let groups: Vec<Group> =
                words.iter().map(|name| Group::new(*name, &positive(r))).collect();
            let counts: Vec<Vec<usize>> =
                (0..n).map(|_| (0..n).map(|_| r.gen_range(0..2000)).collect()).collect();
            let rows: Vec<Vec<f64>> = (0..n).map(|_| values(r)).collect();
            let images: Vec<RgbImage> =
                (0..n).map(|_| RgbImage::new(r.gen_range(1..50), r.gen_range(1..50))).collect();
            let figure: Figure = match round % 11 {
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
}
