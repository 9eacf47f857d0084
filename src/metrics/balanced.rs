//! Balanced accuracy: the mean recall of the classes that occur.

/// As scikit-learn's `balanced_accuracy_score`: classes without a true item do not count.
pub(super) fn balanced_accuracy(counts: &[Vec<usize>]) -> f64 {
    let mut recalls = 0.0;
    let mut occurring = 0;
    for (i, row) in counts.iter().enumerate() {
        let support: usize = row.iter().sum();
        if support > 0 {
            recalls += row[i] as f64 / support as f64;
            occurring += 1;
        }
    }
    recalls / f64::from(occurring.max(1))
}
