//! Learning rate schedules.

use super::super::callback::{Batch, Callback, TrainContext};
use crate::{Error, ErrorKind, Result};
use std::f64::consts::PI;

/// A learning rate schedule: the rate of each step as a function of the epochs completed, set before every batch. It
/// depends on nothing else, so that an interrupted or resumed run follows the same curve.
///
/// ```
/// use cuaderno::train::callbacks::Schedule;
/// assert!((Schedule::step(2, 0.1).rate(1.0, 4.5)? - 0.01).abs() < 1e-12);
/// let half = Schedule::cosine(10.0).rate(0.2, 5.0)?;
/// assert!((half - 0.1).abs() < 1e-12);
/// # Ok::<(), cuaderno::Error>(())
/// ```
pub struct Schedule(Curve);

enum Curve {
    Step { epochs: usize, factor: f64 },
    Cosine { epochs: f64, warmup: f64, min_lr: f64 },
    OneCycle { epochs: f64, start: f64, max_lr: f64, div: f64, div_final: f64, pct_start: f64 },
    Function(Box<dyn Fn(f64) -> f64 + Send + Sync>),
}

impl Schedule {
    /// Multiplies the base rate by `factor` every `epochs` epochs (`StepLR` in PyTorch).
    pub fn step(epochs: usize, factor: f64) -> Self {
        Self(Curve::Step { epochs, factor })
    }

    /// Falls from the base rate to 0 along half a cosine within `epochs` epochs (Loshchilov and Hutter, 2017), and
    /// stays there.
    pub fn cosine(epochs: f64) -> Self {
        Self(Curve::Cosine { epochs, warmup: 0.0, min_lr: 0.0 })
    }

    /// For a cosine: rises linearly from 0 to the base rate in the first `epochs` epochs.
    pub fn warmup(mut self, epochs: f64) -> Self {
        if let Curve::Cosine { warmup, .. } = &mut self.0 {
            *warmup = epochs;
        }
        self
    }

    /// For a cosine: the rate that it falls to.
    pub fn min_lr(mut self, rate: f64) -> Self {
        if let Curve::Cosine { min_lr, .. } = &mut self.0 {
            *min_lr = rate;
        }
        self
    }

    /// One cycle within `epochs` epochs, as fastai's `fit_one_cycle` (Smith and Topin, 2018): from `max_lr / 25` along
    /// half a cosine up to `max_lr` in the first quarter, then down to `max_lr / 1e5`. Momentum stays constant.
    pub fn one_cycle(max_lr: f64, epochs: f64) -> Self {
        let (start, div, div_final, pct_start) = (0.0, 25.0, 1e5, 0.25);
        Self(Curve::OneCycle { epochs, start, max_lr, div, div_final, pct_start })
    }

    /// For one cycle: begins after this many epochs of the run.
    pub fn starting_at(mut self, epochs: f64) -> Self {
        if let Curve::OneCycle { start, .. } = &mut self.0 {
            *start = epochs;
        }
        self
    }

    /// For one cycle: the part of it in which the rate rises.
    pub fn pct_start(mut self, part: f64) -> Self {
        if let Curve::OneCycle { pct_start, .. } = &mut self.0 {
            *pct_start = part;
        }
        self
    }

    /// For one cycle: the rate starts at `max_lr` divided by this.
    #[expect(clippy::should_implement_trait, reason = "fastai's name of the setting")]
    pub fn div(mut self, factor: f64) -> Self {
        if let Curve::OneCycle { div, .. } = &mut self.0 {
            *div = factor;
        }
        self
    }

    /// The rate as any function of the epochs completed, such as 1.5 in the middle of the second.
    pub fn function(rate: Box<dyn Fn(f64) -> f64 + Send + Sync>) -> Self {
        Self(Curve::Function(rate))
    }

    /// The rate after `progress` epochs.
    ///
    /// # Errors
    /// When a setting is out of range, or the function returns a rate that is not finite and at least 0.
    pub fn rate(&self, base: f64, progress: f64) -> Result<f64> {
        let positive = |name: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                return Ok(());
            }
            let problem = format!("the schedule's `{name}` must be above 0, found {value}");
            Err(Error::new(ErrorKind::Parameter, problem))
        };
        let half_cosine = |from: f64, to: f64, part: f64| {
            to + (from - to) * 0.5 * (1.0 + (PI * part.clamp(0.0, 1.0)).cos())
        };
        let rate = match &self.0 {
            Curve::Step { epochs, factor } => {
                positive("epochs", *epochs as f64)?;
                base * factor.powi((progress.floor() as usize / epochs) as i32)
            }
            Curve::Cosine { epochs, warmup, min_lr } => {
                positive("epochs", epochs - warmup)?;
                if progress < *warmup {
                    base * progress / warmup
                } else {
                    half_cosine(base, *min_lr, (progress - warmup) / (epochs - warmup))
                }
            }
            Curve::OneCycle { epochs, start, max_lr, div, div_final, pct_start } => {
                positive("epochs", *epochs)?;
                positive("max_lr", *max_lr)?;
                positive("div", *div)?;
                if !(*pct_start > 0.0 && *pct_start < 1.0) {
                    let problem = format!(
                        "the schedule's `pct_start` must lie between 0 and 1, found {pct_start}"
                    );
                    return Err(Error::new(ErrorKind::Parameter, problem));
                }
                let part = ((progress - start) / epochs).clamp(0.0, 1.0);
                if part < *pct_start {
                    half_cosine(max_lr / div, *max_lr, part / pct_start)
                } else {
                    half_cosine(*max_lr, max_lr / div_final, (part - pct_start) / (1.0 - pct_start))
                }
            }
            Curve::Function(function) => function(progress),
        };
        if rate.is_finite() && rate >= 0.0 {
            return Ok(rate);
        }
        let problem = format!("the schedule's rate after {progress:.2} epochs is {rate}");
        Err(Error::new(ErrorKind::Parameter, problem).help("it must be finite and at least 0"))
    }
}

impl Callback for Schedule {
    fn on_batch_begin(&mut self, run: &mut TrainContext<'_>, _batch: &mut Batch) -> Result<()> {
        *run.learning_rate = self.rate(run.base_learning_rate, run.progress())?;
        Ok(())
    }
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Curve::Step { .. } => "Schedule::step",
            Curve::Cosine { .. } => "Schedule::cosine",
            Curve::OneCycle { .. } => "Schedule::one_cycle",
            Curve::Function(_) => "Schedule::function",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cycle_is_that_of_torch() {
        // torch.optim.lr_scheduler.OneCycleLR(max_lr=1e-3, total_steps=100001, pct_start=0.25, div_factor=25,
        // final_div_factor=4000), which divides the initial rate, at steps 0, 10000, 25000, 60000 and 100000.
        let expected = [4e-5, 3.716_890_5e-4, 1e-3, 5.522_603_8e-4, 1e-8];
        let schedule = Schedule::one_cycle(1e-3, 10.0);
        for (part, expected) in [0.0, 0.1, 0.25, 0.6, 1.0].into_iter().zip(expected) {
            let rate = schedule.rate(1.0, part * 10.0).unwrap();
            assert!((rate - expected).abs() < 3e-8, "{part} {rate} {expected}");
        }
    }

    #[test]
    fn warmup_rises_and_settings_are_checked() {
        let schedule = Schedule::cosine(10.0).warmup(2.0).min_lr(0.1);
        assert_eq!(schedule.rate(1.0, 1.0).unwrap(), 0.5);
        assert_eq!(schedule.rate(1.0, 2.0).unwrap(), 1.0);
        assert!((schedule.rate(1.0, 30.0).unwrap() - 0.1).abs() < 1e-12);
        assert!(Schedule::step(0, 0.1).rate(1.0, 0.0).is_err());
        assert!(Schedule::cosine(2.0).warmup(2.0).rate(1.0, 0.0).is_err());
        assert!(Schedule::function(Box::new(|_| f64::NAN)).rate(1.0, 0.0).is_err());
    }
}
