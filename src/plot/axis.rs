//! The scale of an axis: ranges, round tick values and their text.

use crate::{Error, ErrorKind, Result};

/// The smallest and largest finite value, if there is any.
pub(super) fn extent<'a>(values: impl IntoIterator<Item = &'a f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().copied().filter(|v| v.is_finite());
    finite.fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((f64::min(low, v), f64::max(high, v))),
    })
}

/// The scale of an axis: how values map to positions.
#[derive(Clone, Debug)]
pub(super) enum Scale {
    /// Numbers from `low` to `high`.
    Linear { low: f64, high: f64 },
    /// Counting numbers, whose ticks are whole.
    Whole { low: f64, high: f64 },
    /// Positive numbers by their logarithm.
    Log { low: f64, high: f64 },
    /// One equal band for each name.
    Bands(Vec<String>),
}

/// A tick: the value and its text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub label: String,
}

impl Scale {
    /// Numbers from `low` to `high` with some air at both ends. One value alone stands in the middle.
    pub fn around(low: f64, high: f64) -> Result<Self> {
        let (low, high) = widened(low, high)?;
        let air = (high - low) * 0.04;
        Ok(Self::Linear { low: low - air, high: high + air })
    }

    /// Numbers from zero to the values, with air only at the far ends.
    pub fn from_zero(low: f64, high: f64) -> Result<Self> {
        let (low, high) = (low.min(0.0), high.max(0.0));
        if low == 0.0 && high == 0.0 {
            return Ok(Self::Linear { low: 0.0, high: 1.0 });
        }
        let air = span(low, high)? * 0.06;
        Ok(Self::Linear {
            low: if low < 0.0 { low - air } else { 0.0 },
            high: if high > 0.0 { high + air } else { 0.0 },
        })
    }

    /// The position of `value`: 0 at the low end, 1 at the high end. In bands, values count from 0 and stand
    /// in the middle of their band.
    pub fn place(&self, value: f64) -> f64 {
        match self {
            Self::Linear { low, high } | Self::Whole { low, high } => (value - low) / (high - low),
            Self::Log { low, high } => (value / low).ln() / (high / low).ln(),
            Self::Bands(names) => (value + 0.5) / names.len().max(1) as f64,
        }
    }

    /// Round values, at most about `most` of them.
    pub fn ticks(&self, most: usize) -> Vec<Tick> {
        match *self {
            Self::Linear { low, high } => {
                round_ticks(low, high, nice_step((high - low) / most.max(1) as f64))
            }
            Self::Whole { low, high } => {
                let step = nice_step(((high - low) / most.max(1) as f64).max(0.7)).max(1.0);
                // A step of 2.5 would skip between whole numbers.
                let step = if step == 2.5 { 5.0 } else { step };
                round_ticks(low, high, step)
            }
            Self::Log { low, high } => log_ticks(low, high, most),
            Self::Bands(ref names) => names
                .iter()
                .enumerate()
                .map(|(i, name)| Tick { value: i as f64, label: name.clone() })
                .collect(),
        }
    }
}

fn span(low: f64, high: f64) -> Result<f64> {
    let span = high - low;
    if span.is_finite() && low.abs().max(high.abs()) < 1e300 {
        return Ok(span);
    }
    Err(Error::new(
        ErrorKind::Figure,
        format!("values from {low:e} to {high:e} are too far apart to draw"),
    )
    .help("leave out or clip the largest"))
}

/// The range itself, or a range around it when it is too narrow to be told from a point.
fn widened(low: f64, high: f64) -> Result<(f64, f64)> {
    let size = low.abs().max(high.abs());
    if span(low, high)? > size * 1e-9 && high - low > 1e-300 {
        return Ok((low, high));
    }
    let half = if size > 1e-290 { size * 0.1 } else { 0.5 };
    Ok((low - half, high + half))
}

/// The next of 1, 2, 2.5, 5 and 10 times a power of ten that is at least `rough`.
fn nice_step(rough: f64) -> f64 {
    if !(rough.is_finite() && rough > 0.0) {
        return 1.0;
    }
    let power = 10_f64.powf(rough.log10().floor());
    let part = rough / power;
    let nice = [1.0, 2.0, 2.5, 5.0].into_iter().find(|&nice| part <= nice * (1.0 + 1e-9));
    nice.unwrap_or(10.0) * power
}

fn round_ticks(low: f64, high: f64, step: f64) -> Vec<Tick> {
    let slack = step * 1e-6;
    let first = ((low - slack) / step).ceil();
    let count = ((((high + slack) / step).floor() - first).max(-1.0) + 1.0).min(1000.0) as usize;
    let most = low.abs().max(high.abs());
    (0..count)
        .map(|i| (first + i as f64) * step)
        .map(|value| Tick { value, label: stepped(value, step, most) })
        .collect()
}

fn log_ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let (from, to) = (low.log10().ceil() as i32, high.log10().floor() as i32);
    let decades = (to - from + 1).max(0) as usize;
    let mut values = Vec::new();
    let parts: &[f64] = if decades * 3 <= most { &[1.0, 2.0, 5.0] } else { &[1.0] };
    // One way of writing on the whole axis.
    let small = low < 1e-3;
    let stride = decades.div_ceil(most.max(1)).max(1);
    for power in (from - 1..=to).step_by(1) {
        for part in parts {
            let skipped = parts.len() == 1 && (power - from).rem_euclid(stride as i32) != 0;
            let value = part * 10_f64.powi(power);
            if !skipped && value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9) {
                let label = if small { powered(*part, power) } else { significant(value, 1) };
                values.push(Tick { value, label });
            }
        }
    }
    if values.len() < 2 {
        round_ticks(low, high, nice_step((high - low) / most as f64))
    } else {
        values
    }
}

fn powered(part: f64, power: i32) -> String {
    if part == 1.0 {
        format!("10{}", raised(power))
    } else {
        format!("{part:.0}×10{}", raised(power))
    }
}

/// The text of a tick `value` on an axis with this `step` whose largest value is `most`.
fn stepped(value: f64, step: f64, most: f64) -> String {
    let value = if value.abs() < step * 1e-6 { 0.0 } else { value };
    if most >= 1e6 && step >= 1e3 || most < 1e-3 {
        if value == 0.0 {
            return "0".to_string();
        }
        // All ticks of an axis show the power of the largest, with as many decimals as the step needs.
        let power = most.log10().floor() as i32;
        let scale = 10_f64.powi(power);
        return format!("{}×10{}", fixed(value / scale, decimals(step / scale)), raised(power));
    }
    fixed(value, decimals(step))
}

fn decimals(step: f64) -> usize {
    (0..12)
        .find(|&digits| {
            let scaled = step * 10_f64.powi(digits);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1e-300) && scaled >= 0.5
        })
        .unwrap_or(12) as usize
}

/// `value` with `digits` decimals, a real minus sign, and a thin space between thousands from 10 000.
pub(super) fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, format!(".{rest}")),
        None => (text.as_str(), String::new()),
    };
    let negative = value < 0.0 && text.chars().any(|c| ('1'..='9').contains(&c));
    grouped(whole, negative) + &rest
}

/// Digits with a thin space between thousands, from five digits on.
pub(super) fn grouped(digits: &str, negative: bool) -> String {
    let mut grouped = if negative { "−".to_string() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && digits.len() > 4 && (digits.len() - i).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// `value` with about `digits` significant digits, without trailing zeros: the text at a bar's end.
pub(super) fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "—".to_string();
    }
    if value == 0.0 {
        return "0".to_string();
    }
    let power = value.abs().log10().floor() as i32;
    if !(-4..6).contains(&power) {
        let mantissa = trimmed(fixed(value / 10_f64.powi(power), digits.saturating_sub(1)));
        return format!("{mantissa}×10{}", raised(power));
    }
    trimmed(fixed(value, (digits as i32 - 1 - power).clamp(0, 12) as usize))
}

fn trimmed(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

fn raised(power: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    power.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale, most: usize) -> Vec<String> {
        scale.ticks(most).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_labels_short() {
        assert_eq!(
            labels(&Scale::Linear { low: 0.0, high: 1.0 }, 5),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(&Scale::Linear { low: -1.0, high: 1.0 }, 4),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
        assert_eq!(labels(&Scale::Whole { low: 1.0, high: 3.0 }, 8), ["1", "2", "3"]);
        assert_eq!(
            labels(&Scale::Linear { low: 0.0, high: 20_000.0 }, 2),
            ["0", "10\u{202f}000", "20\u{202f}000"]
        );
        assert_eq!(
            labels(&Scale::Linear { low: 0.0, high: 3e9 }, 3),
            ["0", "1×10⁹", "2×10⁹", "3×10⁹"]
        );
        assert_eq!(labels(&Scale::Linear { low: 0.0, high: 2e-7 }, 2), ["0", "1×10⁻⁷", "2×10⁻⁷"]);
        assert_eq!(
            labels(&Scale::Log { low: 1e-5, high: 1e-2 }, 5),
            ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]
        );
    }

    #[test]
    fn every_range_gives_distinct_ticks_inside_it() {
        use rand::{Rng, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        for _ in 0..3000 {
            let low = random.gen_range(-1.0..1.0) * 10_f64.powi(random.gen_range(-12..12));
            let high = low + random.gen_range(0.0..1.0) * 10_f64.powi(random.gen_range(-12..12));
            let scale = Scale::around(low, high).unwrap();
            let Scale::Linear { low, high } = scale else { panic!() };
            let ticks = scale.ticks(6);
            assert!((2..=8).contains(&ticks.len()), "{low} {high} {ticks:?}");
            for pair in ticks.windows(2) {
                assert!(pair[0].value < pair[1].value);
                assert_ne!(pair[0].label, pair[1].label, "{low} {high}");
            }
            for tick in &ticks {
                assert!((-1e-5..1.00001).contains(&scale.place(tick.value)));
            }
        }
    }

    #[test]
    fn ranges_that_cannot_be_drawn_are_errors() {
        assert!(Scale::around(-1e308, 1e308).is_err());
        assert!(Scale::from_zero(0.0, f64::MAX).is_err());
        assert!(Scale::around(5e-324, 5e-324).is_ok());
        assert_eq!(extent(&[f64::NAN, f64::INFINITY]), None);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(significant(0.4533333, 3), "0.453");
        assert_eq!(significant(523.0, 3), "523");
        assert_eq!(significant(12345.0, 3), "12\u{202f}345");
        assert_eq!(significant(-0.5, 3), "−0.5");
        assert_eq!(significant(1.5e7, 3), "1.5×10⁷");
        assert_eq!(fixed(-0.001, 1), "0.0");
    }
}
