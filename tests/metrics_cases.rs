//! Every metric against scikit-learn 1.9.1 on 2,000 random cases: empty classes, one class only, ties, unbalanced classes.
//! `tests/reference/metrics.py` computes the reference and draws the same cases.

use cuaderno::metrics::{
    Average, Bootstrap, Calibration, ConfusionMatrix, KappaWeights, MultiLabelScores, Normalize,
    accuracy, average_precision_one_vs_rest, balanced_accuracy, brier_score, cohen_kappa, f_beta,
    f1, log_loss, matthews_correlation, mean_absolute_error, mean_squared_error, precision, r2,
    recall, roc_auc_one_vs_rest, top_k_accuracy,
};

const CASES: usize = 2000;
const COLUMNS: usize = 40;

/// Knuth's linear congruential generator.
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % count
    }
}

struct Case {
    classes: usize,
    truth: Vec<usize>,
    scores: Vec<f64>,
    predicted: Vec<usize>,
}

fn case(number: usize) -> Case {
    let mut draw = Draw(number as u64);
    (0..4).for_each(|_| {
        draw.below(2);
    });
    let classes = 2 + draw.below(5);
    let items = 2 + draw.below(60);
    let used = 1 + draw.below(classes);
    let truth: Vec<usize> = (0..items).map(|_| draw.below(used)).collect();
    let mut scores = Vec::new();
    for _ in 0..items {
        let row: Vec<usize> = (0..classes).map(|_| 1 + draw.below(6)).collect();
        let sum: usize = row.iter().sum();
        scores.extend(row.iter().map(|v| *v as f64 / sum as f64));
    }
    let helped = draw.below(4);
    let mut guess = |truth: &usize| {
        if draw.below(4) < helped { *truth } else { draw.below(classes) }
    };
    let predicted = truth.iter().map(&mut guess).collect();
    Case { classes, truth, scores, predicted }
}

fn ours(case: &Case) -> Vec<Option<f64>> {
    let Case { classes: k, truth, scores, predicted } = case;
    let k = *k;
    let mut values =
        vec![accuracy(truth, predicted).ok(), balanced_accuracy(truth, predicted, k).ok()];
    for average in [Average::Macro, Average::Micro, Average::Weighted] {
        values.extend([
            precision(truth, predicted, k, average).ok(),
            recall(truth, predicted, k, average).ok(),
            f1(truth, predicted, k, average).ok(),
            f_beta(truth, predicted, k, 2.0, average).ok(),
            f_beta(truth, predicted, k, 0.5, average).ok(),
        ]);
    }
    let names: Vec<String> = (0..k).map(|class| class.to_string()).collect();
    let matrix = ConfusionMatrix::new(truth, predicted, &names).unwrap();
    values.push(Some(matrix.occurring().f1(Average::Macro)));
    values.push(matthews_correlation(truth, predicted, k).ok());
    for weights in [KappaWeights::None, KappaWeights::Linear, KappaWeights::Quadratic] {
        values.push(cohen_kappa(truth, predicted, k, weights).ok());
    }
    let narrow: Vec<f32> = scores.iter().map(|v| *v as f32).collect();
    values.push(log_loss(truth, scores, k).ok());
    values.push(log_loss(truth, &narrow, k).ok());
    values.push(brier_score(truth, scores, k).ok());
    let full = (0..k).all(|class| truth.contains(&class));
    values.push(roc_auc_one_vs_rest(truth, scores, k).ok());
    values.push(average_precision_one_vs_rest(truth, scores, k).ok().filter(|_| full));
    let top = |most| top_k_accuracy(truth, scores, k, most).ok().filter(|_| k > 2);
    values.extend([top(1), top(2)]);
    let column = |class: usize| scores.iter().skip(class).step_by(k).copied().collect::<Vec<_>>();
    let (real, guess) = (column(0), column(1));
    values.extend([
        mean_squared_error(&real, &guess).ok(),
        mean_absolute_error(&real, &guess).ok(),
        r2(&real, &guess).ok(),
    ]);
    values.push(Calibration::new(truth, scores, k, 10).ok().map(|found| found.expected_error()));
    let mut several = vec![0.0; scores.len()];
    for (item, (truth, predicted)) in truth.iter().zip(predicted).enumerate() {
        several[item * k + truth] = 1.0;
        several[item * k + predicted] = 1.0;
    }
    let several = MultiLabelScores::new(&several, scores, k, 0.3).unwrap();
    values.extend([
        Some(several.f1(Average::Micro)),
        Some(several.f1(Average::Macro)),
        Some(several.hamming_loss()),
        Some(several.subset_accuracy()),
        Some(several.mean_average_precision()),
    ]);
    let largest = |values: Vec<f64>| values.into_iter().fold(0.0, f64::max);
    values.push(Some(largest(matrix.normalized(Normalize::Truth)[0].clone())));
    let shares = matrix.normalized(Normalize::Predicted);
    values.push(Some(largest(shares.iter().map(|row| row[0]).collect())));
    values
}

#[test]
fn two_thousand_cases_as_scikit_learn() {
    let bytes = include_bytes!("reference/metrics.bin");
    assert_eq!(bytes.len(), CASES * COLUMNS * 8);
    let mut compared = 0;
    for number in 0..CASES {
        let case = case(number);
        let row = ours(&case);
        assert_eq!(row.len(), COLUMNS);
        for (column, value) in row.iter().enumerate() {
            let at = (number * COLUMNS + column) * 8;
            let reference = f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            if reference.is_nan() {
                assert_eq!(*value, None, "case {number}, column {column}");
                continue;
            }
            let value = value.unwrap_or_else(|| panic!("case {number}, column {column}: an error"));
            // scikit-learn computes the log-loss of f32 in f32.
            let most = if column == 23 { 2e-6 } else { 1e-9 };
            let message = format!("case {number}, column {column}: {value}, expected {reference}");
            assert!((value - reference).abs() <= most, "{message}");
            compared += 1;
        }
    }
    assert!(compared > 70_000);
}

#[test]
fn bootstrap_intervals_cover_the_truth() {
    // The standard error of a share p of n items is √(p (1 − p) / n).
    let truth: Vec<usize> = vec![0; 400];
    let predicted: Vec<usize> = (0..400).map(|item| usize::from(item % 4 == 0)).collect();
    let bootstrap = Bootstrap { resamples: 4000, ..Bootstrap::default() };
    let found = bootstrap.confusion(&truth, &predicted, 2, &|m| Ok(m.accuracy())).unwrap();
    let error = (0.75f64 * 0.25 / 400.0).sqrt();
    assert!((found.standard_error / error - 1.0).abs() < 0.05, "{found:?}");
    assert!((found.high - found.low - 2.0 * 1.96 * error).abs() < 0.1 * error * 3.92, "{found:?}");
    assert_eq!(found.estimate, 0.75);
    // The same resamples by the general way.
    let share = |rows: &[usize]| {
        Ok(rows.iter().filter(|row| predicted[**row] == 0).count() as f64 / rows.len() as f64)
    };
    assert_eq!(bootstrap.interval(400, &share).unwrap(), found);
    // In strata of equal items nothing varies.
    let strata = Some(predicted.clone());
    let fixed = Bootstrap { strata, ..bootstrap.clone() };
    let fixed = fixed.confusion(&truth, &predicted, 2, &|m| Ok(m.accuracy())).unwrap();
    assert_eq!((fixed.low, fixed.high, fixed.standard_error), (0.75, 0.75, 0.0));
    // A model against itself.
    let paired = bootstrap.compare(&truth, &predicted, &predicted, 2, &|m| Ok(m.accuracy()));
    let paired = paired.unwrap();
    assert_eq!((paired.difference.low, paired.difference.high, paired.p_value), (0.0, 0.0, 1.0));
    for bad in [
        Bootstrap { resamples: 0, ..Bootstrap::default() },
        Bootstrap { confidence: 1.0, ..Bootstrap::default() },
        Bootstrap { strata: Some(vec![0; 3]), ..Bootstrap::default() },
    ] {
        assert!(bad.interval(400, &share).is_err());
    }
    assert!(Bootstrap::default().interval(0, &share).is_err());
}
