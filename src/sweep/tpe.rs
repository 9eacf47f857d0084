//! The tree-structured Parzen estimator (Bergstra et al., 2011), each setting on its own.

use super::settings::{Settings, Value};
use super::space::{Range, Space};
use crate::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Runs drawn at random before the estimator begins.
const FIRST: usize = 10;
/// The share of runs that count as good.
const GOOD: f64 = 0.15;
/// Draws among which the most promising is taken.
const CANDIDATES: usize = 24;

/// The settings of run `number`, given the scores of the runs so far, the higher the better.
pub(super) fn suggest(
    space: &Space,
    known: &[(&Settings, f64)],
    number: usize,
    seed: u64,
) -> Result<Settings> {
    space.check()?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(number as u64);
    if known.len() < FIRST {
        let drawn = space.ranges.iter().map(|(_, range)| range.draw(&mut random)).collect();
        return Ok(space.settings(drawn));
    }
    let mut sorted = known.to_vec();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let good = ((known.len() as f64 * GOOD).ceil() as usize).clamp(1, known.len() - 1);
    let mut values = Vec::new();
    for (name, range) in &space.ranges {
        let of = |runs: &[(&Settings, f64)]| -> Vec<Value> {
            runs.iter().filter_map(|(settings, _)| settings.get(name).cloned()).collect()
        };
        let (better, worse) = (of(&sorted[..good]), of(&sorted[good..]));
        let mut best: Option<(f64, Value)> = None;
        for _ in 0..CANDIDATES {
            let drawn = near(range, &better, &mut random);
            let gain = density(range, &better, &drawn).ln() - density(range, &worse, &drawn).ln();
            if best.as_ref().is_none_or(|(known, _)| gain > *known) {
                best = Some((gain, drawn));
            }
        }
        let fallback = range.draw(&mut random);
        values.push(best.map_or(fallback, |(_, value)| value));
    }
    Ok(space.settings(values))
}

/// The value on the scale where the range is uniform, and the range's ends there; `None` for choices.
fn scaled(range: &Range, value: &Value) -> Option<(f64, f64, f64)> {
    let number = value.number()?;
    match range {
        Range::Choices(_) => None,
        Range::Integers(low, high) => Some((number, *low as f64 - 0.5, *high as f64 + 0.5)),
        Range::Uniform(low, high) => Some((number, *low, *high)),
        Range::LogUniform(low, high) => Some((number.ln(), low.ln(), high.ln())),
    }
}

/// The width of the bell around each known value.
fn width(low: f64, high: f64, count: usize) -> f64 {
    (high - low) / (count as f64 + 1.0).sqrt() / 2.0
}

/// A draw near one of the known values, or anywhere: the prior counts as one more of them.
fn near(range: &Range, known: &[Value], random: &mut ChaCha8Rng) -> Value {
    let place = random.gen_range(0..=known.len());
    let Some(center) = known.get(place) else { return range.draw(random) };
    let Some((center, low, high)) = scaled(range, center) else { return center.clone() };
    let bell: f64 = (0..12).map(|_| random.r#gen::<f64>()).sum::<f64>() - 6.0;
    let drawn = (center + bell * width(low, high, known.len())).clamp(low, high);
    match range {
        Range::Integers(low, high) => Value::Integer((drawn.round() as i64).clamp(*low, *high)),
        Range::LogUniform(low, high) => Value::Float(drawn.exp().clamp(*low, *high)),
        _ => Value::Float(drawn),
    }
}

/// How dense the known values lie at a value, the prior included.
fn density(range: &Range, known: &[Value], value: &Value) -> f64 {
    let total = known.len() as f64 + 1.0;
    match (range, scaled(range, value)) {
        (Range::Choices(choices), _) => {
            let same = known.iter().filter(|other| *other == value).count() as f64;
            (same + 1.0 / choices.len() as f64) / total
        }
        (_, Some((at, low, high))) => {
            let width = width(low, high, known.len());
            let bells =
                known.iter().filter_map(|other| scaled(range, other)).map(|(other, _, _)| {
                    (-0.5 * ((at - other) / width).powi(2)).exp() / (width * 2.506_628_3)
                });
            (bells.sum::<f64>() + 1.0 / (high - low)) / total
        }
        _ => 1.0,
    }
}
