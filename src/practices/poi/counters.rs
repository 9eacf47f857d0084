//! Visits, likes, dislikes and bookmarks of a place.

use super::scene::Scene;
use crate::practices::dice::Dice;

/// The counters of one row.
pub(super) struct Counters {
    pub(super) visits: i64,
    pub(super) likes: i64,
    pub(super) dislikes: i64,
    pub(super) bookmarks: i64,
}

/// The attraction of a place: mostly what its image shows, partly its metadata, and a little chance.
pub(super) fn attraction(
    scene: &Scene,
    tier: i64,
    categories: &[&str],
    distance: f64,
    dice: &mut Dice,
) -> f64 {
    let rank = match tier {
        1 => 0.46,
        2 => -0.46,
        3 => -0.7,
        _ => -0.3,
    };
    let kinds: f64 = categories
        .iter()
        .map(|name| match *name {
            "Naturaleza" => 0.40,
            "Ocio" => 0.25,
            "Misterio" => 0.15,
            "Ciencia" => -0.25,
            "Escultura" => -0.15,
            _ => 0.0,
        })
        .sum();
    let place = if distance < 0.05 { 0.06 } else { -0.18 };
    1.15 * scene.appeal() + rank + kinds + place + 0.10 * dice.normal()
}

impl Counters {
    /// Likes and bookmarks grow together, over two orders of magnitude; dislikes fall; visits are independent.
    pub(super) fn draw(attraction: f64, dice: &mut Dice) -> Self {
        let level = 1.0 / (1.0 + (-1.4 * (attraction + 0.10 * dice.normal())).exp());
        let likes = 110.0 * (200.0_f64).powf(level) * (0.06 * dice.normal()).exp();
        let bookmarks = 30.0 + 0.28 * likes * (0.17 * dice.normal()).exp();
        let dislikes = 55.0 + 4200.0 * (1.0 - level) * (0.30 * dice.normal()).exp();
        let visits = 10_001 + (0..4).map(|_| dice.below(7)).sum::<usize>() as i64;
        Self {
            visits,
            likes: likes.round() as i64,
            dislikes: dislikes.round() as i64,
            bookmarks: bookmarks.round() as i64,
        }
    }
}
