//! What a learning rate finder measured, and the rates that it suggests.

use crate::notebook::{Bundle, Show, show_in_cells};
use crate::plot::{Figure, learning_rate_finder};
use crate::table::Table;
use crate::{Error, ErrorKind, Result};

/// The losses of a trial run whose learning rate rises from step to step; the result of
/// [`Learner::find_learning_rate`](super::Learner::find_learning_rate). A notebook shows its figure.
///
/// ```
/// use cuaderno::train::LearningRateCurve;
/// # fn main() -> cuaderno::Result<()> {
/// let rates: Vec<f64> = (0..60).map(|step| 1e-6 * 1.3_f64.powi(step)).collect();
/// // Falls most at a rate of 0.001, and diverges above 0.1.
/// let loss = |rate: &f64| 1.0 / (1.0 + rate / 1e-3) + 20.0 * (rate - 0.1).max(0.0);
/// let losses: Vec<f64> = rates.iter().map(loss).collect();
/// let curve = LearningRateCurve::new(&rates, &losses)?;
/// let (valley, steepest) = (curve.valley()?, curve.steepest()?);
/// assert!(valley < 1e-2 && steepest > 3e-4 && steepest < 3e-3, "{valley} {steepest}");
/// println!("{:.0e}", curve.suggestion()?);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LearningRateCurve {
    /// The learning rate of each step, ascending.
    pub rates: Vec<f64>,
    /// The loss of the batch of each step.
    pub losses: Vec<f64>,
    /// The losses smoothed by an exponential moving average.
    pub smoothed: Vec<f64>,
    /// `true` if the run was stopped because the loss rose too far.
    pub diverged: bool,
    /// Steps that the run was to take.
    pub(super) planned: usize,
}

impl LearningRateCurve {
    /// A curve from losses measured elsewhere, which are not smoothed again.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] when there are not as many losses as rates; [`ErrorKind::Parameter`] when the rates do not
    /// rise from above 0.
    pub fn new(rates: &[f64], losses: &[f64]) -> Result<Self> {
        if rates.len() != losses.len() {
            let problem =
                format!("expected a loss per rate, found {} for {}", losses.len(), rates.len());
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        let rises = rates.windows(2).all(|pair| pair[0] < pair[1]);
        if !(rises && rates.iter().all(|rate| rate.is_finite() && *rate > 0.0)) {
            let problem = "expected learning rates that rise from above 0";
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        let (rates, losses) = (rates.to_vec(), losses.to_vec());
        let (planned, smoothed) = (rates.len(), losses.clone());
        Ok(Self { rates, losses, smoothed, diverged: false, planned })
    }

    /// The steps that suggestions are made from: without the first tenth, where smoothing has little to average, the
    /// last 5, where the loss diverges, and what follows a loss that is not finite, as in fastai.
    fn judged(&self) -> Result<(&[f64], &[f64])> {
        let first = self.planned / 10;
        let last = self.rates.len().saturating_sub(5);
        let losses = self.smoothed.get(first..last).unwrap_or_default();
        let finite = losses.iter().take_while(|loss| loss.is_finite()).count();
        if finite < 3 {
            let problem = format!(
                "the learning rate finder took {} steps, too few for a suggestion",
                self.rates.len()
            );
            return Err(Error::new(ErrorKind::Numeric, problem).help(
                "raise `steps`, or lower `start` so that the loss falls before it diverges",
            ));
        }
        Ok((&self.rates[first..first + finite], &losses[..finite]))
    }

    /// The rate in the middle of the longest descent of the smoothed loss, counted in steps (fastai's `valley`, its
    /// default; the descent is the longest falling subsequence).
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] when the loss diverged within the first few steps.
    pub fn valley(&self) -> Result<f64> {
        let (rates, losses) = self.judged()?;
        let mut lengths = vec![1usize; losses.len()];
        let (mut start, mut end) = (0i64, 0);
        for i in 1..losses.len() {
            for j in 0..i {
                if losses[i] < losses[j] && lengths[i] < lengths[j] + 1 {
                    lengths[i] = lengths[j] + 1;
                }
                if lengths[end] < lengths[i] {
                    end = i;
                    start = end as i64 - lengths[end] as i64;
                }
            }
        }
        let third = (end as i64 - start) as f64 / 3.0;
        let place = start + third as i64 + (third / 2.0) as i64;
        Ok(rates[usize::try_from(place).unwrap_or(0).min(rates.len() - 1)])
    }

    /// The rate at which the smoothed loss falls fastest over the logarithm of the rate (fastai's `steep`).
    ///
    /// # Errors
    /// As [`Self::valley`].
    pub fn steepest(&self) -> Result<f64> {
        let (rates, losses) = self.judged()?;
        let slopes = rates.windows(2).zip(losses.windows(2));
        let slopes = slopes.map(|(rate, loss)| (loss[1] - loss[0]) / (rate[1] / rate[0]).ln());
        let place = slopes.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(i, _)| i);
        Ok(rates[place])
    }

    /// The suggested learning rate: [`Self::valley`].
    ///
    /// # Errors
    /// As [`Self::valley`].
    pub fn suggestion(&self) -> Result<f64> {
        self.valley()
    }

    /// The smoothed loss over the learning rate, with both suggestions marked where there are some.
    ///
    /// # Errors
    /// When there is no finite loss.
    pub fn figure(&self) -> Result<Figure> {
        // The last steps of a diverging run would flatten all others.
        let shown = match self.diverged && self.rates.len() > 10 {
            true => self.rates.len() - 5,
            false => self.rates.len(),
        };
        let (rates, losses) = (&self.rates[..shown], &self.smoothed[..shown]);
        learning_rate_finder(rates, losses, self.valley().ok(), self.steepest().ok())
    }

    /// A row per step: learning rate, loss, smoothed loss.
    ///
    /// # Errors
    /// Never for the result of a finder.
    pub fn table(&self) -> Result<Table> {
        Table::from_columns(vec![
            ("learning rate", self.rates.clone().into()),
            ("loss", self.losses.clone().into()),
            ("smoothed loss", self.smoothed.clone().into()),
        ])
    }
}

impl Show for LearningRateCurve {
    fn bundle(&self) -> Bundle {
        self.figure().map(|figure| figure.bundle()).unwrap_or_default()
    }
}

show_in_cells!(LearningRateCurve);

#[cfg(test)]
mod tests {
    use super::*;

    /// `valley` and `steep` of fastai for 40 rates `1e-7 · (10 / 1e-7)^(i / 40)` and the losses below; see
    /// tests/reference/learning_rate_finder.py.
    #[test]
    fn suggestions_are_those_of_fastai() {
        for (case, losses) in cases().into_iter().enumerate() {
            let rates: Vec<f64> =
                (0..40).map(|i| 1e-7 * 1e8f64.powf(f64::from(i) / 40.0)).collect();
            let curve = LearningRateCurve::new(&rates, &losses).unwrap();
            let (valley, steep) = EXPECTED[case];
            let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-5;
            assert!(near(curve.valley().unwrap(), valley), "{case}: {:?}", curve.valley());
            assert!(near(curve.steepest().unwrap(), steep), "{case}: {:?}", curve.steepest());
            assert!(curve.figure().is_ok());
        }
    }

    fn cases() -> [Vec<f64>; 3] {
        let fall = |i: u32| 2.0 - 1.5 / (1.0 + (-(f64::from(i) - 24.0) / 3.0).exp());
        let rise = |i: u32| if i > 32 { f64::from(i - 32).powi(2) * 0.2 } else { 0.0 };
        let wave = |i: u32| 0.05 * (f64::from(i) * 1.7).sin();
        [
            (0..40).map(|i| fall(i) + rise(i)).collect(),
            (0..40).map(|i| fall(i) + rise(i) + wave(i)).collect(),
            (0..40).map(|i| 1.0 + f64::from(i * i) * 0.001).collect(),
        ]
    }

    const EXPECTED: [(f64, f64); 3] =
        [(1.584893e-4, 3.981072e-3), (1.584893e-3, 6.309574e-3), (6.309573e-7, 6.309573e-7)];

    #[test]
    fn too_few_steps_are_an_error_and_curves_are_checked() {
        let curve = LearningRateCurve::new(&[0.1, 0.2, 0.3], &[3.0, 2.0, 1.0]).unwrap();
        let error = curve.suggestion().unwrap_err().to_string();
        assert!(error.contains("took 3 steps, too few"), "{error}");
        assert!(curve.figure().is_ok());
        assert!(LearningRateCurve::new(&[0.1], &[]).is_err());
        assert!(LearningRateCurve::new(&[0.2, 0.1], &[1.0, 1.0]).is_err());
        assert!(LearningRateCurve::new(&[0.0, 0.1], &[1.0, 1.0]).is_err());
    }
}
