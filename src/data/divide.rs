//! Rows divided into parts, with whole groups and even classes.

use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, HashMap};

/// The number of each group in order of appearance.
pub(super) fn numbered(groups: &[String]) -> Vec<usize> {
    let mut known = HashMap::new();
    let mut numbers = Vec::with_capacity(groups.len());
    for group in groups {
        let next = known.len();
        numbers.push(*known.entry(group.as_str()).or_insert(next));
    }
    numbers
}

/// Checks that there is one group per label.
pub(super) fn check_groups(labels: &[usize], groups: &[String]) -> Result<()> {
    if labels.len() == groups.len() {
        return Ok(());
    }
    let problem =
        format!("expected {} groups, one per label, found {}", labels.len(), groups.len());
    Err(Error::new(ErrorKind::Parameter, problem))
}

/// Checks that fractions lie from 0 to 1 and add up to 1.
pub(super) fn check_fractions(fractions: &[f64]) -> Result<()> {
    let valid = fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction));
    let sum: f64 = fractions.iter().sum();
    if valid && (sum - 1.0).abs() <= 1e-6 {
        return Ok(());
    }
    let problem = format!("expected fractions from 0 to 1 that add up to 1, found {fractions:?}");
    Err(Error::new(ErrorKind::Parameter, problem)
        .help("pass one fraction per part, such as [0.7, 0.15, 0.15]"))
}

/// Checks that every part with a fraction above 0 has rows.
pub(super) fn check_parts(parts: &[Vec<usize>], fractions: &[f64], rows: usize) -> Result<()> {
    for (number, (part, fraction)) in parts.iter().zip(fractions).enumerate() {
        if *fraction > 0.0 && part.is_empty() {
            let name = match (number, parts.len()) {
                (0, 3) => "train part".to_string(),
                (1, 3) => "validation part".to_string(),
                (2, 3) => "test part".to_string(),
                _ => format!("part {number}"),
            };
            let problem = format!("{rows} rows are too few: no row is left for the {name}");
            return Err(Error::new(ErrorKind::Parameter, problem)
                .help("pass more rows or groups, or a fraction of 0 for that part"));
        }
    }
    Ok(())
}

/// Groups in random order, the largest first, each to the part that lacks its rows most; rows ascend in every part.
pub(super) fn divide(
    labels: &[usize],
    groups: &[usize],
    fractions: &[f64],
    seed: u64,
) -> Result<Vec<Vec<usize>>> {
    check_fractions(fractions)?;
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(row);
    }
    let mut members: Vec<Vec<usize>> = members.into_values().collect();
    shuffle(&mut members, seed);
    // Large groups first: the small ones that follow can even out the imbalance that those leave.
    members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));

    // Rows that each class still lacks in each part.
    let mut lacking: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for label in labels {
        let wanted = lacking.entry(*label).or_insert_with(|| vec![0.0; fractions.len()]);
        for (wanted, fraction) in wanted.iter_mut().zip(fractions) {
            *wanted += fraction;
        }
    }
    let mut room: Vec<f64> =
        fractions.iter().map(|fraction| fraction * labels.len() as f64).collect();
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); fractions.len()];
    for rows in members {
        // Sainte-Laguë's rule: half of what is about to be given counts as given already. Without it
        // the smallest part would always be served first.
        let same =
            |row: usize| rows.iter().filter(|other| labels.get(**other) == labels.get(row)).count();
        let halves: Vec<f64> = rows.iter().map(|row| same(*row) as f64 / 2.0).collect();
        let need = |part: usize| {
            let of_class: f64 = rows
                .iter()
                .zip(&halves)
                .filter_map(|(row, half)| Some(lacking.get(labels.get(*row)?)?[part] - half))
                .map(|wanted| wanted / fractions[part])
                .sum();
            (of_class, (room[part] - rows.len() as f64 / 2.0) / fractions[part])
        };
        let best = (0..fractions.len())
            .filter(|part| fractions[*part] > 0.0)
            .max_by(|a, b| {
                let ((a_class, a_room), (b_class, b_room)) = (need(*a), need(*b));
                // Equal needs differ by rounding; then the larger part comes first.
                if (a_class - b_class).abs() > 1e-9 {
                    a_class.total_cmp(&b_class)
                } else if (a_room - b_room).abs() > 1e-9 {
                    a_room.total_cmp(&b_room)
                } else {
                    fractions[*a].total_cmp(&fractions[*b]).then(b.cmp(a))
                }
            })
            .unwrap_or(0);
        for &row in &rows {
            if let Some(wanted) = labels.get(row).and_then(|label| lacking.get_mut(label)) {
                wanted[best] -= 1.0;
            }
            room[best] -= 1.0;
        }
        parts[best].extend(rows);
    }
    check_parts(&parts, fractions, groups.len())?;
    parts.iter_mut().for_each(|part| part.sort_unstable());
    Ok(parts)
}

/// Fisher–Yates with ChaCha, whose numbers are the same in every version of `rand`.
pub(super) fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..items.len()).rev() {
        let other = (random.next_u64() % (last as u64 + 1)) as usize;
        items.swap(last, other);
    }
}
