//! Fine-tuning a pretrained network: which layers train in which epoch, and how fast.

use super::callbacks::Schedule;
use crate::nn::{Model, has_prefix};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Settings of [`Learner::fine_tune_with`](super::Learner::fine_tune_with); the defaults are those of fastai's
/// `fine_tune`.
///
/// ```
/// use cuaderno::train::FineTune;
/// let gradual = FineTune { groups: 4, gradual: true, ..FineTune::default() };
/// assert_eq!((gradual.freeze_epochs, gradual.lr_mult), (1, 100.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FineTune {
    /// Learning rate of the head while the backbone is frozen, and twice that of the head afterwards; none for
    /// [`TrainConfig::learning_rate`](super::TrainConfig::learning_rate).
    pub learning_rate: Option<f64>,
    /// Epochs with a frozen backbone, at first.
    pub freeze_epochs: usize,
    /// Groups of layers that the backbone is divided into, from the images to the head. Each has a learning rate of its
    /// own, evenly spaced on a logarithmic scale (discriminative learning rates).
    pub groups: usize,
    /// How many times lower the learning rate of the first group is than that of the head.
    pub lr_mult: f64,
    /// Whether the groups are unfrozen one per epoch, the last first (gradual unfreezing), and not all at once.
    pub gradual: bool,
    /// Part of the epochs after unfreezing in which the learning rate rises.
    pub pct_start: f64,
    /// The learning rate after unfreezing starts at its highest value divided by this.
    pub div: f64,
}

impl Default for FineTune {
    fn default() -> Self {
        Self {
            learning_rate: None,
            freeze_epochs: 1,
            groups: 2,
            lr_mult: 100.0,
            gradual: false,
            pct_start: 0.3,
            div: 5.0,
        }
    }
}

impl FineTune {
    fn check(&self) -> Result<()> {
        let wrong = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        if let Some(rate) = self.learning_rate.filter(|rate| !(rate.is_finite() && *rate > 0.0)) {
            return wrong(format!("`learning_rate` must be finite and above 0, found {rate}"));
        }
        if self.groups == 0 {
            return wrong("`groups` must be at least 1, found 0".to_string());
        }
        for (name, value) in [("lr_mult", self.lr_mult), ("div", self.div)] {
            if !(value.is_finite() && value >= 1.0) {
                return wrong(format!("`{name}` must be finite and at least 1, found {value}"));
            }
        }
        if !(self.pct_start > 0.0 && self.pct_start < 1.0) {
            let found = self.pct_start;
            return wrong(format!("`pct_start` must lie between 0 and 1, found {found}"));
        }
        Ok(())
    }
}

/// A fine-tuning that is under way. It follows from its settings and the network's layout, so that a checkpoint needs
/// no more than those.
#[derive(Debug)]
pub(super) struct FineTuning {
    pub settings: FineTune,
    /// Epochs after unfreezing.
    pub epochs: usize,
    /// Epochs of the run before it.
    pub start: usize,
    /// Learning rate of the first stage.
    rate: f64,
    /// The group of each parameter of the backbone, by name.
    groups: HashMap<String, usize>,
}

impl FineTuning {
    /// Plans `epochs` after unfreezing, for a run that has `start` epochs so far.
    pub fn new(
        model: &dyn Model,
        settings: FineTune,
        epochs: usize,
        start: usize,
        learning_rate: f64,
    ) -> Result<Self> {
        settings.check()?;
        let modules = backbone_modules(model)?;
        let groups = settings.groups.min(modules.len());
        let mut group_of = HashMap::new();
        for (place, names) in modules.iter().enumerate() {
            for name in names {
                group_of.insert(name.clone(), place * groups / modules.len());
            }
        }
        let rate = settings.learning_rate.unwrap_or(learning_rate);
        let settings = FineTune { groups, ..settings };
        Ok(Self { settings, epochs, start, rate, groups: group_of })
    }

    /// The epoch at which it ends.
    pub fn until(&self) -> usize {
        self.start + self.settings.freeze_epochs + self.epochs
    }

    /// Freezes and unfreezes what an epoch, counted from 1, calls for.
    pub fn prepare(&self, model: &mut dyn Model, epoch: usize) {
        let unfrozen = self.unfrozen(epoch);
        for (name, parameter) in model.parameters_mut() {
            let group = self.groups.get(&name);
            parameter
                .set_trainable(group.is_none_or(|group| group + unfrozen >= self.settings.groups));
        }
    }

    /// How many groups of the backbone are trained in an epoch, the last ones.
    fn unfrozen(&self, epoch: usize) -> usize {
        let after = epoch.saturating_sub(self.start + self.settings.freeze_epochs);
        match after {
            0 => 0,
            _ if self.settings.gradual => after.min(self.settings.groups),
            _ => self.settings.groups,
        }
    }

    /// The learning rate of the head after `progress` epochs of the run: one cycle for each of the two stages, the
    /// second at half the rate.
    pub fn rate(&self, progress: f64) -> Result<f64> {
        let FineTune { freeze_epochs, pct_start, div, .. } = self.settings;
        let first = (self.start + freeze_epochs) as f64;
        let cycle = if progress < first {
            Schedule::one_cycle(self.rate, freeze_epochs as f64)
                .pct_start(0.99)
                .starting_at(self.start as f64)
        } else {
            Schedule::one_cycle(self.rate / 2.0, self.epochs.max(1) as f64)
                .pct_start(pct_start)
                .div(div)
                .starting_at(first)
        };
        cycle.rate(self.rate, progress)
    }

    /// The part of the head's learning rate that a parameter gets.
    pub fn factor(&self, name: &str) -> f64 {
        let groups = self.settings.groups as f64;
        let below = self.groups.get(name).map_or(0.0, |group| groups - *group as f64);
        self.settings.lr_mult.powf(-below / groups)
    }
}

/// The names of the backbone's parameters, module by module from the images on. Where the backbone is the whole
/// network, its last module is the head and left out.
fn backbone_modules(model: &dyn Model) -> Result<Vec<Vec<String>>> {
    let Some((prefix, _)) = model.backbone() else {
        let problem = "the network has no backbone to freeze";
        return Err(Error::new(ErrorKind::Parameter, problem)
            .help("train it by `fit`, or implement `Model::backbone` for it"));
    };
    let parameters = model.parameters();
    let (inside, outside): (Vec<String>, Vec<String>) =
        parameters.into_iter().map(|(name, _)| name).partition(|name| has_prefix(name, prefix));
    let mut modules: Vec<(String, Vec<String>)> = Vec::new();
    for name in inside {
        let module = name.rsplit_once('.').map_or("", |(module, _)| module).to_string();
        match modules.last_mut().filter(|(last, _)| *last == module) {
            Some((_, names)) => names.push(name),
            None => modules.push((module, vec![name])),
        }
    }
    let head = if outside.is_empty() { modules.pop() } else { None };
    if modules.is_empty() {
        let head = head.map_or_else(String::new, |(name, _)| format!(" before its head `{name}`"));
        let problem = format!("the network has no layers{head} to freeze");
        return Err(Error::new(ErrorKind::Parameter, problem).help("train it by `fit`"));
    }
    Ok(modules.into_iter().map(|(_, names)| names).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Hybrid, HybridConfig, densenet121, resnet18, squeezenet1_1};
    use crate::models::{efficientnet_lite0, nasnet_mobile};

    #[test]
    fn the_head_of_every_network_of_the_zoo_is_left_out() {
        for network in [
            resnet18(3, 0).unwrap(),
            squeezenet1_1(3, 0).unwrap(),
            densenet121(3, 0).unwrap(),
            efficientnet_lite0(3, 0).unwrap(),
            nasnet_mobile(3, 0).unwrap(),
        ] {
            let tuning = FineTuning::new(&network, FineTune::default(), 2, 0, 1e-3).unwrap();
            for (name, _) in network.parameters() {
                let head = has_prefix(&name, network.head());
                assert_eq!(tuning.groups.contains_key(&name), !head, "{} {name}", network.name());
            }
        }
    }

    #[test]
    fn rates_and_groups_are_those_of_fastai() {
        let mut network = resnet18(3, 0).unwrap();
        let settings = FineTune { learning_rate: Some(2e-3), ..FineTune::default() };
        let tuning = FineTuning::new(&network, settings, 3, 5, 1e-3).unwrap();
        assert_eq!(tuning.until(), 9);
        // slice(lr / 100, lr) over fastai's three groups, which part after layer2 and before the head.
        for (name, factor) in [
            ("conv1.weight", 0.01),
            ("layer2.1.bn2.bias", 0.01),
            ("layer3.0.conv1.weight", 0.1),
            ("layer4.1.bn2.weight", 0.1),
            ("fc.weight", 1.0),
        ] {
            assert!((tuning.factor(name) - factor).abs() < 1e-12, "{name} {}", tuning.factor(name));
        }
        let rate = |progress| tuning.rate(progress).unwrap();
        // combined_cos(0.99, 2e-3 / 25, 2e-3, 2e-8), then combined_cos(0.3, 2e-4, 1e-3, 1e-8).
        for (progress, expected) in
            [(5.0, 8e-5), (5.495, 1.04e-3), (6.0, 2e-4), (6.45, 6e-4), (6.9, 1e-3), (9.0, 1e-8)]
        {
            assert!((rate(progress) - expected).abs() < 1e-9, "{progress} {}", rate(progress));
        }
        let trained = |model: &dyn Model| -> Vec<String> {
            let trained = model.parameters().into_iter().filter(|(_, p)| p.is_trainable());
            trained.map(|(name, _)| name).collect()
        };
        tuning.prepare(&mut network, 6);
        assert_eq!(trained(&network), ["fc.weight", "fc.bias"]);
        tuning.prepare(&mut network, 7);
        assert_eq!(trained(&network).len(), network.parameters().len());
    }

    #[test]
    fn a_hybrid_is_unfrozen_group_by_group() {
        let config = HybridConfig { pixels: 16, filters: vec![2, 2, 2], ..HybridConfig::default() };
        let mut model = Hybrid::new(&config, 0).unwrap();
        let settings = FineTune { groups: 3, gradual: true, ..FineTune::default() };
        let tuning = FineTuning::new(&model, settings, 4, 0, 1e-3).unwrap();
        let counts: Vec<usize> = (1..=5)
            .map(|epoch| {
                tuning.prepare(&mut model, epoch);
                let images = model.parameters().into_iter();
                images.filter(|(n, p)| n.starts_with("image.") && p.is_trainable()).count()
            })
            .collect();
        assert_eq!(counts, [0, 2, 4, 6, 6]);
        assert!(model.parameters().iter().any(|(n, p)| n.starts_with("head") && p.is_trainable()));
    }

    #[test]
    fn settings_are_checked() {
        let network = resnet18(3, 0).unwrap();
        let said = |settings: FineTune| {
            FineTuning::new(&network, settings, 1, 0, 1e-3).unwrap_err().to_string()
        };
        let fine = FineTune::default;
        assert!(said(FineTune { groups: 0, ..fine() }).contains("`groups` must be at least 1"));
        assert!(said(FineTune { lr_mult: 0.5, ..fine() }).contains("`lr_mult`"));
        assert!(said(FineTune { div: f64::NAN, ..fine() }).contains("`div`"));
        assert!(said(FineTune { pct_start: 1.0, ..fine() }).contains("`pct_start`"));
        assert!(said(FineTune { learning_rate: Some(0.0), ..fine() }).contains("`learning_rate`"));
    }
}
