//! The metrics give scikit-learn 1.9.1's numbers, and what holds for any data.

use cuaderno::ErrorKind;
use cuaderno::metrics::{
    ConfusionMatrix, KappaWeights, cohen_kappa, log_loss, mean_squared_error, roc_auc,
    roc_auc_one_vs_rest, top_k_accuracy,
};
use cuaderno::notebook::Show;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TRUTH: [usize; 10] = [0, 0, 1, 2, 2, 2, 3, 1, 0, 2];
const PREDICTED: [usize; 10] = [0, 1, 1, 2, 0, 2, 1, 1, 0, 4];
/// The fourth class is never predicted, the fifth never true.
const CLASSES: [&str; 5] = ["low", "medium", "high", "Niño", "nunca"];

fn close(ours: f64, reference: f64) {
    assert!((ours - reference).abs() < 1e-6, "{ours} instead of {reference}");
}

#[test]
fn confusion_matrix_and_what_follows_from_it() {
    let matrix = ConfusionMatrix::new(&TRUTH, &PREDICTED, &CLASSES).unwrap();
    let expected =
        [[2, 1, 0, 0, 0], [0, 2, 0, 0, 0], [1, 0, 2, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]];
    assert_eq!(matrix.counts(), expected.map(|row| row.to_vec()));
    close(matrix.accuracy(), 0.6);
    close(matrix.balanced_accuracy(), 0.5416666666666666);
    close(matrix.cohen_kappa(KappaWeights::None).unwrap(), 0.4666666666666667);
    close(cohen_kappa(&TRUTH, &PREDICTED, 5, KappaWeights::None).unwrap(), 0.4666666666666667);
    let confused = matrix.most_confused(2).unwrap();
    assert_eq!(confused[0], ("low".to_string(), "medium".to_string(), 1));
}

#[test]
fn the_report_prints_as_scikit_learns() {
    let matrix = ConfusionMatrix::new(&TRUTH, &PREDICTED, &CLASSES).unwrap();
    let report = matrix.report();
    // classification_report(truth, predicted, labels=range(5), target_names=classes, zero_division=0)
    let expected = "              precision    recall  f1-score   support\n\n         low       0.67      0.67      0.67         3\n      medium       0.50      1.00      0.67         2\n        high       1.00      0.50      0.67         4\n        Niño       0.00      0.00      0.00         1\n       nunca       0.00      0.00      0.00         0\n\n    accuracy                           0.60        10\n   macro avg       0.43      0.43      0.40        10\nweighted avg       0.70      0.60      0.60        10\n";
    assert_eq!(report.to_string(), expected);
    close(report.classes[0].scores.precision, 0.6666666666666666);
    close(report.macro_average.precision, 0.4333333333333333);
    close(report.macro_average.f1, 0.4);
    close(report.weighted_average.precision, 0.7);
    close(report.weighted_average.f1, 0.6);
    let html = report.bundle().html.unwrap();
    assert!(html.contains("<td style=\"text-align:right\">0.667</td>") && html.contains("Niño"));
}

#[test]
fn names_are_escaped_in_html() {
    let matrix = ConfusionMatrix::new(&[0, 1], &[0, 1], &["<script>", "a & b"]).unwrap();
    for html in [matrix.bundle().html.unwrap(), matrix.report().bundle().html.unwrap()] {
        assert!(html.contains("&lt;script&gt;") && html.contains("a &amp; b"));
        assert!(!html.contains("<script>"));
    }
}

#[test]
fn scores_and_probabilities() {
    let truth = [0, 1, 1, 0, 1, 0, 1, 0];
    close(roc_auc(&truth, &[0.1_f32, 0.8, 0.4, 0.4, 0.9, 0.35, 0.3, 0.7]).unwrap(), 0.71875);
    let truth = [0, 1, 2, 2, 1, 0];
    #[rustfmt::skip]
    let rows: [f32; 18] = [
        0.7, 0.2, 0.1, 0.3, 0.4, 0.3, 0.1, 0.3, 0.6,
        0.4, 0.4, 0.2, 0.2, 0.5, 0.3, 0.25, 0.5, 0.25,
    ];
    close(roc_auc_one_vs_rest(&truth, &rows, 3).unwrap(), 0.7083333333333334);
    close(log_loss(&truth, &rows, 3).unwrap(), 0.9121117922821358);
    close(top_k_accuracy(&truth, &rows, 3, 2).unwrap(), 0.6666666666666666);
    close(top_k_accuracy(&truth, &rows, 3, 1).unwrap(), 0.6666666666666666);
    // log_loss([0, 1], float32 [[1, 0], [1, 0]]): certain and wrong, yet finite.
    close(log_loss(&[0, 1], &[1.0_f32, 0.0, 1.0, 0.0], 2).unwrap(), 7.971192359924316);
    close(mean_squared_error(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]).unwrap(), 0.375);
}

#[test]
fn on_any_data() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..300 {
        let classes = random.gen_range(2..7);
        let n = random.gen_range(20..80);
        let names: Vec<String> = (0..classes).map(|i| i.to_string()).collect();
        let draw = |random: &mut ChaCha8Rng| {
            (0..n).map(|_| random.gen_range(0..classes)).collect::<Vec<_>>()
        };
        let (mut truth, predicted) = (draw(&mut random), draw(&mut random));
        (0..classes).for_each(|class| truth[class] = class);
        let matrix = ConfusionMatrix::new(&truth, &predicted, &names).unwrap();
        let report = matrix.report();
        assert_eq!(matrix.total(), n);
        close(report.weighted_average.recall, matrix.accuracy());
        close(report.macro_average.recall, matrix.balanced_accuracy());
        // Kappa does not care which side is the truth; perfect agreement is 1.
        close(
            cohen_kappa(&truth, &predicted, classes, KappaWeights::None).unwrap(),
            cohen_kappa(&predicted, &truth, classes, KappaWeights::None).unwrap(),
        );
        close(cohen_kappa(&truth, &truth, classes, KappaWeights::None).unwrap(), 1.0);

        let scores: Vec<f32> = (0..n * classes).map(|_| random.gen_range(0..9) as f32).collect();
        close(top_k_accuracy(&truth, &scores, classes, classes).unwrap(), 1.0);
        let mut before = 0.0;
        for k in 1..=classes {
            let share = top_k_accuracy(&truth, &scores, classes, k).unwrap();
            assert!(share >= before);
            before = share;
        }
        // The area is the share of pairs ranked rightly, counted one by one.
        let binary: Vec<usize> = truth.iter().map(|&class| class.min(1)).collect();
        let (mut won, mut pairs) = (0.0, 0.0);
        for i in (0..n).filter(|&i| binary[i] == 1) {
            for j in (0..n).filter(|&j| binary[j] == 0) {
                pairs += 1.0;
                won += if scores[i] > scores[j] {
                    1.0
                } else if scores[i] == scores[j] {
                    0.5
                } else {
                    0.0
                };
            }
        }
        close(roc_auc(&binary, &scores[..n]).unwrap(), won / pairs);
    }
}

#[test]
fn bad_input_is_an_error_that_says_what_is_wrong() {
    let message = |error: cuaderno::Error| error.to_string();
    let matrix =
        |truth: &[usize], predicted: &[usize]| ConfusionMatrix::new(truth, predicted, &["a", "b"]);
    assert!(
        message(matrix(&[0, 1], &[0]).unwrap_err())
            .contains("expected 2 predictions, one per true value, found 1")
    );
    assert!(message(matrix(&[], &[]).unwrap_err()).contains("expected at least one true value"));
    assert!(
        message(matrix(&[0, 2], &[0, 0]).unwrap_err())
            .contains("expected the true class of item 1 below 2, the number of classes, found 2")
    );
    assert!(message(matrix(&[0, 1], &[7, 0]).unwrap_err()).contains(
        "expected the predicted class of item 0 below 2, the number of classes, found 7"
    ));
    assert_eq!(
        matrix(&[0, 0], &[0, 0]).unwrap().cohen_kappa(KappaWeights::None).unwrap_err().kind(),
        ErrorKind::Numeric
    );

    assert!(roc_auc(&[1, 1], &[0.5, 0.6]).is_err());
    assert!(roc_auc(&[0, 2], &[0.5, 0.6]).is_err());
    assert!(roc_auc(&[0, 1], &[0.5]).is_err());
    assert_eq!(roc_auc(&[0, 1], &[0.5, f32::NAN]).unwrap_err().kind(), ErrorKind::Numeric);
    assert!(roc_auc_one_vs_rest(&[0, 1], &[0.5; 6], 3).is_err());
    assert!(message(log_loss(&[0], &[2.5, -1.0], 2).unwrap_err()).contains("softmax"));
    assert!(log_loss(&[0], &[0.5, 0.5], 0).is_err());
    assert!(log_loss(&[0], &[0.5, 0.5, 0.0], 2).is_err());
    assert!(log_loss(&[2], &[0.5, 0.5], 2).is_err());
    assert!(top_k_accuracy(&[0], &[0.5, 0.5], 2, 0).is_err());
    assert!(top_k_accuracy(&[0], &[0.5, 0.5], 2, 3).is_err());
    assert!(mean_squared_error(&[1.0], &[f64::INFINITY]).is_err());
    assert!(mean_squared_error(&[], &[]).is_err());
}
