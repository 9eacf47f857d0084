//! The learning rate finder: a trial run whose rate rises from step to step, and leaves no trace.

use super::callback::Batch;
use super::learner::Learner;
use super::learning_rate_curve::LearningRateCurve;
use crate::notebook::Progress;
use crate::tensor::backward;
use crate::{Error, ErrorKind, Result};

/// Settings of [`Learner::find_learning_rate_with`]; the defaults are those of fastai's `lr_find`.
///
/// ```
/// use cuaderno::train::LearningRateFinder;
/// let short = LearningRateFinder { end: 1.0, steps: 50, ..LearningRateFinder::default() };
/// assert_eq!((short.start, short.smoothing), (1e-7, 0.98));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearningRateFinder {
    /// Learning rate of the first step.
    pub start: f64,
    /// Learning rate that the last step approaches.
    pub end: f64,
    /// Steps, one batch each.
    pub steps: usize,
    /// Weight of the past in the smoothed loss: `smoothed = smoothing · smoothed + (1 − smoothing) · loss`, divided by
    /// `1 − smoothing^steps` so that the first losses count in full.
    pub smoothing: f64,
    /// Stops once the smoothed loss is more than this many times the lowest so far.
    pub stop_factor: f64,
}

impl Default for LearningRateFinder {
    fn default() -> Self {
        Self { start: 1e-7, end: 10.0, steps: 100, smoothing: 0.98, stop_factor: 4.0 }
    }
}

impl LearningRateFinder {
    fn check(&self) -> Result<()> {
        let wrong = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        let Self { start, end, steps, smoothing, stop_factor } = *self;
        if !(start.is_finite() && start > 0.0) {
            return wrong(format!("`start` must be finite and above 0, found {start}"));
        }
        if !(end.is_finite() && end > start) {
            return wrong(format!("`end` must be finite and above `start`, {start}, found {end}"));
        }
        if steps < 10 {
            return wrong(format!("`steps` must be at least 10, found {steps}"));
        }
        if !(0.0..1.0).contains(&smoothing) {
            return wrong(format!("`smoothing` must be at least 0 and below 1, found {smoothing}"));
        }
        if stop_factor.is_nan() || stop_factor <= 1.0 {
            return wrong(format!("`stop_factor` must be above 1, found {stop_factor}"));
        }
        Ok(())
    }

    fn rate(&self, step: usize) -> f64 {
        self.start * (self.end / self.start).powf(step as f64 / self.steps as f64)
    }
}

impl Learner {
    /// Looks for a learning rate: trains for up to 100 batches while the rate rises from 1e-7 to 10, until the loss
    /// diverges (Smith, "Cyclical Learning Rates for Training Neural Networks", 2017; fastai's `lr_find`). Weights,
    /// optimizer and everything else of the learner are afterwards as before, bit for bit. Callbacks are not called.
    ///
    /// ```
    /// # use cuaderno::prelude::*;
    /// # fn main() -> Result<()> {
    /// # let values = ndarray::Array2::from_shape_fn((40, 2), |(row, column)| ((row + column) % 2) as f32);
    /// # let names = vec!["a".to_string(), "b".to_string()];
    /// # let features = cuaderno::table::FeatureMatrix { values, names, unknown: Vec::new() };
    /// # let labels: Vec<usize> = (0..40).map(|row| row % 2).collect();
    /// # let set = Dataset::new(&labels, &["even", "odd"])?.with_features(&features)?;
    /// # let model = Sequential::new().add(Linear::new(2, 2, &mut Init::seed(0))?);
    /// # let config = TrainConfig { batch_size: 4, ..TrainConfig::default() };
    /// let mut learner = Learner::new(model, &set, &set, &config)?;
    /// let found = learner.find_learning_rate()?;
    /// learner.set_learning_rate(found.suggestion()?)?;
    /// let figure = found.figure()?;
    /// # let _ = figure;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Numeric`] when the loss of the first step is not finite; [`ErrorKind::Interrupted`] when the user
    /// requests it; those of the network. The learner is as before then, too.
    pub fn find_learning_rate(&mut self) -> Result<LearningRateCurve> {
        self.find_learning_rate_with(&LearningRateFinder::default())
    }

    /// [`Self::find_learning_rate`] with other settings.
    ///
    /// # Errors
    /// As [`Self::find_learning_rate`], and [`ErrorKind::Parameter`] when a setting is out of range.
    pub fn find_learning_rate_with(
        &mut self,
        settings: &LearningRateFinder,
    ) -> Result<LearningRateCurve> {
        settings.check()?;
        let (model, optimizer) = (self.model.clone(), self.optimizer.clone());
        let (rate, accumulated) = (self.learning_rate, std::mem::take(&mut self.accumulated));
        self.feature_cache.check(&*self.model);
        let found = self.ramp(settings);
        (self.model, self.optimizer) = (model, optimizer);
        (self.learning_rate, self.accumulated) = (rate, accumulated);
        found
    }

    fn ramp(&mut self, settings: &LearningRateFinder) -> Result<LearningRateCurve> {
        let mut curve = LearningRateCurve {
            rates: Vec::new(),
            losses: Vec::new(),
            smoothed: Vec::new(),
            diverged: false,
            planned: settings.steps,
        };
        let mut bar = self.is_first().then(|| Progress::new("learning rates", settings.steps));
        let mut average = Average::default();
        let mut epoch = self.history.epochs.len();
        loop {
            epoch += 1;
            let order = self.plan(epoch);
            let mut number = 0;
            let mut more = false;
            self.each_batch(&order, epoch, &mut |learner, batch| {
                let last = number + 1 == order.len();
                learner.learning_rate = settings.rate(curve.rates.len());
                let loss = learner.trial_step(&batch, [epoch, number], last)?;
                number += 1;
                more = curve.push(learner.learning_rate, loss, &mut average, settings)?;
                bar.iter_mut().for_each(|bar| bar.step(1));
                Ok(more)
            })?;
            if !more {
                bar.iter_mut().for_each(Progress::finish);
                return Ok(curve);
            }
        }
    }

    /// A training step without callbacks and measurements. Returns the loss; one that is not finite changes nothing.
    fn trial_step(&mut self, batch: &Batch, place: [usize; 2], last: bool) -> Result<f64> {
        crate::notebook::check()?;
        let (_, loss) = self.forward(batch, &self.pass(place, 0))?;
        let (value, loss) = super::step::value_of(loss);
        if value.is_finite() {
            self.descend(backward(loss)?, batch.weight(), last)?;
        }
        Ok(value)
    }
}

/// An exponential moving average that counts its first values in full.
#[derive(Default)]
struct Average {
    sum: f64,
    weight: f64,
}

impl LearningRateCurve {
    /// Adds a step. Returns whether there is to be another.
    fn push(
        &mut self,
        rate: f64,
        loss: f64,
        average: &mut Average,
        settings: &LearningRateFinder,
    ) -> Result<bool> {
        if !loss.is_finite() {
            if self.rates.is_empty() {
                let problem =
                    format!("the loss is {loss} in the first step, at a rate of {rate:e}");
                return Err(Error::new(ErrorKind::Numeric, problem)
                    .help("check the inputs and the weights for NaN"));
            }
            self.diverged = true;
            return Ok(false);
        }
        let past = settings.smoothing;
        average.sum = past * average.sum + (1.0 - past) * loss;
        average.weight = past * average.weight + (1.0 - past);
        let smoothed = average.sum / average.weight;
        let lowest = self.smoothed.iter().copied().fold(smoothed, f64::min);
        self.rates.push(rate);
        self.losses.push(loss);
        self.smoothed.push(smoothed);
        self.diverged = smoothed > settings.stop_factor * lowest;
        Ok(!self.diverged && self.rates.len() < settings.steps)
    }
}
