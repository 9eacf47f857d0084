//! A figure in HTML, whose values show under the pointer: an image and, over it, an invisible layer of titles.
//!
//! It holds no script, so that data cannot bring one in. In a notebook that is not trusted, JupyterLab takes the layer away
//! and leaves the image.

use super::output::escape;
use super::scene::Scene;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;

/// Beyond these, places are too small to point at, and the layer too large to keep.
pub(super) const MOST: usize = 3000;

/// The figure with its notes, if they are not too many, and `alt` for readers who do not see it: nbconvert takes that from
/// HTML alone.
pub(super) fn html(scene: &Scene, png: &[u8], alt: &str) -> String {
    let (width, height) = (scene.width, scene.height);
    let mut html = format!(
        "<div style=\"position:relative;display:inline-block;max-width:100%\">\
         <img alt=\"{}\" width=\"{width}\" style=\"display:block;max-width:100%;height:auto\" \
         src=\"data:image/png;base64,{}\">",
        escape(alt),
        STANDARD.encode(png),
    );
    if (1..=MOST).contains(&scene.notes.len()) {
        let _ = write!(
            html,
            "<svg viewBox=\"0 0 {width} {height}\" \
             style=\"position:absolute;left:0;top:0;width:100%;height:100%\" aria-hidden=\"true\">"
        );
        for (rect, text) in &scene.notes {
            let (wide, high) = (rect.w.max(0.0), rect.h.max(0.0));
            let _ = write!(
                html,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" fill=\"transparent\">\
                 <title>{}</title></rect>",
                rect.x,
                rect.y,
                escape(text),
            );
        }
        html.push_str("</svg>");
    }
    html.push_str("</div>");
    html
}

#[cfg(test)]
mod tests {
    use crate::notebook::Show;
    use crate::plot::{self, Metric, NetworkGraph, Series};

    fn html(figure: plot::Figure) -> String {
        figure.bundle().html.unwrap()
    }

    #[test]
    fn values_show_under_the_pointer() {
        let bars = html(plot::bars(&["Goya", "Miró"], &[291.0, 102.5]).unwrap());
        assert!(
            bars.contains("<title>Goya: 291</title>")
                && bars.contains("<title>Miró: 102.5</title>")
        );
        let counts = [vec![45, 5], vec![12, 38]];
        let matrix = html(plot::confusion_matrix(&["cat", "dog"], &counts).unwrap());
        assert!(
            matrix
                .contains("<title>true class: cat\npredicted class: dog\n5 (10.0\u{a0}%)</title>"),
            "{matrix}"
        );
        let loss = Metric::lower("loss", &[1.1, 0.8], &[1.0, 0.9]);
        let curves = html(plot::curves(&[loss]).unwrap());
        assert!(
            curves.contains("<title>loss, epoch 2\ntrain: 0.8\nvalidation: 0.9</title>"),
            "{curves}"
        );
        let line = html(plot::line(&[Series::new("a", &[1.0, 2.0], &[0.5, 0.25])]).unwrap());
        assert!(line.contains("<title>a\n2, 0.25</title>"), "{line}");
        let places = [(0.0, 0.0), (1.0, 0.0)];
        let graph = NetworkGraph::new(&["Braque", "Gris"], &places, &[(0, 1)])
            .groups(&["Cubism", "Cubism"]);
        assert!(html(plot::network(&graph).unwrap()).contains("<title>Gris\nCubism</title>"));
    }

    #[test]
    fn names_cannot_bring_markup_in() {
        let html = html(plot::bars(&["</title><script>alert(1)</script>"], &[1.0]).unwrap());
        assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
        assert_eq!(html.matches("</title>").count(), 1);
    }

    #[test]
    fn thousands_of_cells_have_no_notes() {
        let classes: Vec<String> = (0..80).map(|i| i.to_string()).collect();
        let figure = plot::confusion_matrix(&classes, &vec![vec![1; 80]; 80]).unwrap();
        let html = html(figure);
        assert!(
            !html.contains("<svg") && html.contains("alt=\"figure: confusion matrix of 80 classes")
        );
    }
}
