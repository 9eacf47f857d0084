//! Frequencies: the most frequent of many values, and lengths of texts.

use super::super::axis::Scale;
use super::super::figure::Figure;
use super::super::scene::Align;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::{self, wrong};
use super::histogram::quantile;
use super::layers::{Layer, Layers, row_text};
use super::noun::Noun;
use crate::Result;

/// The `top` most frequent classes, each with its count and share, and all others as one bar at the end. Any number
/// of classes can be given.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::top_counts(&["a", "b", "c", "d"], &[5, 70, 20, 5], 2)?;
/// assert!(figure.svg()?.contains("70 · 70\u{202f}%"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if names and counts differ in number, if there are none, or if `top` is 0.
pub fn top_counts(classes: &[impl AsRef<str>], counts: &[usize], top: usize) -> Result<Figure> {
    frequent(data::names(classes), counts, top, true)
}

/// Token frequencies: the `top` most frequent tokens, each with its count and its share of all tokens.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::token_frequencies(&["funda", "gel", "negro"], &[60, 30, 10], 2)?;
/// assert_eq!(figure.to_string(), "figure: 2 bars of 3");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`top_counts`].
pub fn token_frequencies(
    tokens: &[impl AsRef<str>],
    counts: &[usize],
    top: usize,
) -> Result<Figure> {
    frequent(data::names(tokens), counts, top, false)
}

fn frequent(names: Vec<String>, counts: &[usize], top: usize, others: bool) -> Result<Figure> {
    data::same_length(names.len(), counts.len(), "counts")?;
    if names.is_empty() || top == 0 {
        return Err(
            wrong("there is no count to draw").help("give classes, and a `top` of at least 1")
        );
    }
    let total: usize = counts.iter().sum();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(counts[i]));
    let shown: Vec<usize> = order.iter().copied().take(top).collect();
    let rest: usize = order.iter().skip(top).map(|&i| counts[i]).sum();
    let left = names.len() - shown.len();
    let mut rows: Vec<(String, usize)> =
        shown.into_iter().map(|i| (names[i].clone(), counts[i])).collect();
    let with_rest = others && left > 0;
    if with_rest {
        // The chart has no words yet, so a symbol stands for "others".
        rows.push((format!("… (+{left})"), rest));
    }
    let most = rows.iter().map(|row| row.1).max().unwrap_or(0) as f64;
    let describe = if left > 0 {
        Caption::counted(rows.len() - usize::from(with_rest), Noun::Bar)
            .of_what()
            .text(names.len().to_string())
    } else {
        Caption::counted(rows.len(), Noun::Bar)
    };
    let labels = rows.iter().map(|row| row.0.clone()).collect();
    let mut chart = Layers::new(describe, Scale::from_zero(0.0, most)?, Scale::Bands(labels));
    let count = rows.len();
    let height = (100 + count * if count > 20 { 17 } else { 24 }).min(6000);
    chart.size = (640, height as u32);
    chart.grid = (true, false);
    chart.right = 96.0;
    chart.x_label = Caption::of(Word::Count);
    let size = row_text((height - 100) as f64, count).max(theme::SMALLEST_SIZE);
    for (i, (_, value)) in rows.iter().enumerate() {
        let (y, value) = (i as f64, *value as f64);
        let other = with_rest && i + 1 == count;
        let color = if other { theme::series(7) } else { theme::series(0) };
        let (from, to) = ((0.0, y - 0.36), (value, y + 0.36));
        chart.layers.push(Layer::Bar { from, to, color });
        let share = if total > 0 { value / total as f64 * 100.0 } else { 0.0 };
        let digits = usize::from(share < 9.95 && share > 0.0);
        let text =
            Caption::default().number(value, 0).text(" · ").number(share, digits).text("\u{202f}%");
        let at = (value, y);
        let (align, color) = (Align::Start, theme::TEXT);
        chart.layers.push(Layer::Text { at, shift: (5.0, 0.0), text, align, size, color });
    }
    Ok(Figure::new(chart))
}

/// Distribution of the lengths of texts, or of other whole numbers: a bar for each length (or several lengths
/// together, if there are many), with the median and the 95th percentile, a common length that cuts few texts.
///
/// ```
/// use cuaderno::plot;
/// let figure = plot::text_lengths(&[4, 6, 6, 7, 9, 6, 5, 18])?.x_label("tokens");
/// assert_eq!(figure.to_string(), "figure: lengths of 8 texts");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no length.
pub fn text_lengths(lengths: &[usize]) -> Result<Figure> {
    let mut sorted: Vec<f64> = lengths.iter().map(|&length| length as f64).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        return Err(wrong("there is no length to draw"));
    };
    let width = ((high - low + 1.0) / 60.0).ceil().max(1.0);
    let bins = ((high - low + 1.0) / width).ceil() as usize;
    let mut counts = vec![0.0; bins];
    for length in &sorted {
        let bin = ((length - low) / width) as usize;
        counts[bin.min(bins - 1)] += 1.0;
    }
    let most = counts.iter().copied().fold(1.0, f64::max);
    let mut chart = Layers::new(
        Caption::default().phrase("lengths of ", "longitudes de ").count(sorted.len(), Noun::Text),
        Scale::Whole { low: low - width * 0.6, high: low + width * (bins as f64 - 0.4) },
        Scale::Whole { low: 0.0, high: most * 1.06 },
    );
    chart.x_label = Caption::of(Word::Length);
    chart.y_label = Caption::of(Word::Count);
    for (bin, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0.0) {
        let left = low + width * (bin as f64 - 0.46);
        let (from, to) = ((left, 0.0), (left + width * 0.92, count));
        chart.layers.push(Layer::Bar { from, to, color: theme::series(0) });
    }
    for (share, word, series) in [(0.5, Word::Median, 1), (0.95, Word::Percentile95, 3)] {
        let value = quantile(&sorted, share);
        let color = theme::series(series);
        let (from, to) = ((value, 0.0), (value, most * 1.06));
        chart.layers.push(Layer::Rule { from, to, color, width: 1.6 });
        let digits = usize::from(value.fract() > 0.0);
        let name = Caption::of(word).text(" ").number(value, digits);
        chart.key(name, color, super::super::frame::Sample::Line);
    }
    Ok(Figure::new(chart))
}
