//! Confident learning: labels that a classifier contradicts (Northcutt, Jiang and Chuang, 2021).

/// An example whose label is probably wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSuspect {
    /// Index of the example.
    pub index: usize,
    /// The given label.
    pub label: usize,
    /// The class that the classifier suggests instead.
    pub suggested: usize,
    /// Probability of the given label (self-confidence).
    pub label_probability: f32,
    /// Probability of the suggested class.
    pub suggested_probability: f32,
}

/// The off-diagonal examples of the confident joint, the least plausible label first. `probabilities` is `[examples,
/// classes]`, row-major; labels are below `classes`.
pub(super) fn label_suspects(
    labels: &[usize],
    probabilities: &[f32],
    classes: usize,
) -> Vec<LabelSuspect> {
    // As in cleanlab, so that a probability that equals its threshold reaches it despite rounding.
    const TOLERANCE: f64 = 1e-6;
    let rows = || probabilities.chunks_exact(classes).zip(labels);
    let mut sums = vec![(0.0, 0usize); classes];
    for (row, label) in rows() {
        sums[*label].0 += f64::from(row[*label]);
        sums[*label].1 += 1;
    }
    let thresholds: Vec<f64> = sums
        .into_iter()
        .map(|(sum, count)| if count > 0 { sum / count as f64 } else { f64::INFINITY })
        .collect();
    let suspect = |(index, (row, label)): (usize, (&[f32], &usize))| {
        let confident = |class: &usize| f64::from(row[*class]) >= thresholds[*class] - TOLERANCE;
        let best = |best: usize, class: usize| if row[class] > row[best] { class } else { best };
        let predicted = (0..classes).fold(0, best);
        let mut reached = (0..classes).filter(confident);
        let first = reached.next()?;
        let suggested = if reached.next().is_some() { predicted } else { first };
        // A label that is also the prediction is not suspect.
        (suggested != *label && predicted != *label).then(|| LabelSuspect {
            index,
            label: *label,
            suggested,
            label_probability: row[*label],
            suggested_probability: row[suggested],
        })
    };
    let mut suspects: Vec<LabelSuspect> = rows().enumerate().filter_map(suspect).collect();
    suspects.sort_by(|a, b| a.label_probability.total_cmp(&b.label_probability));
    suspects
}

#[cfg(test)]
mod tests {
    use super::label_suspects;

    /// Numbers in [0, 1) by splitmix64, the same in Python.
    fn uniform(seed: u64, count: usize) -> Vec<f64> {
        let number = |place: usize| {
            let state = seed.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((state ^ (state >> 31)) >> 40) as f64 / f64::from(1 << 24)
        };
        (0..count).map(number).collect()
    }

    #[test]
    fn suspects_are_cleanlabs() {
        let (examples, classes) = (60, 3);
        let draws = uniform(7, examples * (classes + 1));
        let (mut labels, mut probabilities) = (Vec::new(), Vec::new());
        for (index, draw) in draws.chunks_exact(classes + 1).enumerate() {
            let truth = index % classes;
            let score = |class: usize| {
                let bonus = if class == truth { 1.2 } else { 0.0 };
                ((2.0 * draw[class] + bonus) as f32).exp()
            };
            let scores: Vec<f32> = (0..classes).map(score).collect();
            let sum: f32 = scores.iter().sum();
            probabilities.extend(scores.iter().map(|score| score / sum));
            labels.push(if draw[classes] < 0.25 { (truth + 1) % classes } else { truth });
        }
        let suspects = label_suspects(&labels, &probabilities, classes);
        let indices: Vec<usize> = suspects.iter().map(|suspect| suspect.index).collect();
        // cleanlab 2.7: find_label_issues(labels, p, filter_by="confident_learning",
        // return_indices_ranked_by="self_confidence")
        assert_eq!(indices, [10, 51, 34, 50, 40, 55, 27, 13, 44]);
    }
}
