//! Points by longitude and latitude.

use super::super::axis::{Scale, extent};
use super::super::figure::Figure;
use super::super::frame::Sample;
use super::super::theme;
use super::super::words::Word;
use super::caption::Caption;
use super::data::{self, Series, wrong};
use super::layers::{Layer, Layers};
use super::noun::Noun;
use crate::Result;

/// Map of places: `x` is the longitude and `y` the latitude, both in degrees, and a kilometer is as long
/// to the east as to the north in the middle of the map (equirectangular projection).
///
/// ```
/// use cuaderno::plot::{self, Series};
/// let cities = Series::new("cities", &[-3.70, 2.17, -5.98], &[40.42, 41.39, 37.39]);
/// let figure = plot::geo_scatter(&[cities])?;
/// assert_eq!(figure.to_string(), "figure: map of 3 places");
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// As [`scatter`](crate::plot::scatter), and if a longitude lies outside −180 to 180 or a latitude outside −90 to 90.
pub fn geo_scatter(groups: &[Series]) -> Result<Figure> {
    data::check_series(groups)?;
    let x = || groups.iter().flat_map(|group| &group.x);
    let y = || groups.iter().flat_map(|group| &group.y);
    for (values, most, what) in [(extent(x()), 180.0, "longitude"), (extent(y()), 90.0, "latitude")]
    {
        if let Some((low, high)) = values.filter(|(low, high)| *low < -most || *high > most) {
            let worst = if high > most { high } else { low };
            return Err(wrong(format!("{worst} is not a {what}"))
                .help(format!("give degrees from -{most} to {most}; x is the longitude")));
        }
    }
    let (x_low, x_high) = extent(x()).unwrap_or((0.0, 1.0));
    let (y_low, y_high) = extent(y()).unwrap_or((0.0, 1.0));
    let points: usize = groups.iter().map(|group| group.x.len()).sum();
    let describe = Caption::default().phrase("map of ", "mapa de ").count(points, Noun::Place);
    let mut chart =
        Layers::new(describe, Scale::around(x_low, x_high)?, Scale::around(y_low, y_high)?);
    chart.size = (600, 480);
    chart.grid = (true, true);
    chart.x_label = Caption::of(Word::Longitude);
    chart.y_label = Caption::of(Word::Latitude);
    chart.aspect = Some(1.0 / ((y_low + y_high) / 2.0).to_radians().cos().max(0.05));
    chart.left_out = data::not_finite(x().chain(y()));
    let crowded = (points as f64).log10();
    let radius = (4.5 - crowded * 0.65).clamp(1.2, 3.8);
    let alpha = (1.15 - crowded * 0.17).clamp(0.25, 0.85);
    for (i, group) in groups.iter().enumerate() {
        let points = group.x.iter().copied().zip(group.y.iter().copied()).collect();
        let color = theme::series(i);
        chart.layers.push(Layer::Dots { points, color: color.alpha(alpha), radius });
        if groups.len() > 1 || !group.name.is_empty() {
            chart.key(group.name.as_str(), color, Sample::Dot);
        }
    }
    Ok(Figure::new(chart))
}
