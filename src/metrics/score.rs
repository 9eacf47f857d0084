//! The number types that scores and probabilities come in.

/// A score: `f32`, as networks compute it, or `f64`, as files hold it. Metrics are computed in `f64` either way.
pub trait Score: Copy + sealed::Number {}

impl Score for f32 {}
impl Score for f64 {}

pub(super) mod sealed {
    pub trait Number {
        /// Distance from 1 to the next larger number of the type.
        const EPSILON: f64;

        fn to_f64(self) -> f64;
    }

    impl Number for f32 {
        const EPSILON: f64 = f32::EPSILON as f64;

        fn to_f64(self) -> f64 {
            f64::from(self)
        }
    }

    impl Number for f64 {
        const EPSILON: f64 = f64::EPSILON;

        fn to_f64(self) -> f64 {
            self
        }
    }
}

pub(super) fn to_f64<S: Score>(scores: &[S]) -> Vec<f64> {
    scores.iter().map(|score| score.to_f64()).collect()
}
