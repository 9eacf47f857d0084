//! What a notebook imports: `use cuaderno::prelude::*;`.

pub use crate::data::{Dataset, Split};
pub use crate::images::{self, Augmentation, ImageSet, Transform};
pub use crate::metrics::{self, ConfusionMatrix};
pub use crate::models::{self, Hybrid, HybridConfig, Pretrained};
pub use crate::nn::{
    self, AveragePool2d, BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Embedding, Init, Inputs,
    Layer, Linear, MaxPool2d, Model, Parameter, Pass, Residual, Sequential, Summary, Weights,
};
pub use crate::notebook::{Live, Progress, Show, display};
pub use crate::plot::{self, Figure};
pub use crate::practices;
pub use crate::table::{Column, Preprocessor, Table};
pub use crate::tensor::{self, Tensor2};
pub use crate::train::{
    AdamConfig, Evaluation, FrozenFeatures, History, Learner, OptimizerConfig, SgdConfig,
    TrainConfig,
};
pub use crate::{Error, Result, parts};
