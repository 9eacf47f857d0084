//! Measures of how good predictions are: pure functions on slices, equal to scikit-learn's.
