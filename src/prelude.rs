//! The names that a notebook uses: `use cuaderno::prelude::*;`.
//!
//! Modules are included too, so that functions read as `images::load_rgb`, `plot::curves` or `metrics::f1`.

// Errors, and output in cells.
pub use crate::notebook::{Live, Progress, Show, display};
pub use crate::{Error, Result};

// Tables: reading, columns, and preparation for a network.
pub use crate::table::{
    Aggregate, Categorical, Column, ColumnType, CsvBatches, CsvOptions, CsvScan, DatePart,
    DateTime, Encoding, Preprocessor, ShortRows, Table,
};

// Images and augmentation.
pub use crate::images::{
    self, Augmentation, FillMode, ImageFolder, ImageSet, RandomResizedCrop, ResizeMode, Transform,
    TrivialAugment,
};

// Texts: tokens, word vectors, and a linear baseline.
pub use crate::text::{
    self, Corpus, LinearClassifier, LinearConfig, StopWords, TfIdf, TfIdfConfig, Tokenizer,
    Vocabulary, VocabularyConfig, WordVectors,
};

// Splits, data sets, sampling.
pub use crate::data::{
    ClassWeighting, Dataset, Fold, KFold, LabelEncoder, Sampler, Split, Targets,
};

// Complete networks and pretrained weights.
pub use crate::models::{
    self, Fusion, FusionConfig, FusionKind, Hybrid, HybridConfig, Network, Pretrained, TextCnn,
    TextCnnConfig,
};

// Layers, and what a network of your own needs.
pub use crate::modules;
pub use crate::nn::{
    self, AveragePool2d, BatchNorm2d, BatchNorm2dConfig, Branches, Conv1d, Conv2d, Conv2dConfig,
    Dropout, Embedding, Graph, Init, Inputs, Layer, Linear, MaxPool2d, Model, Parameter, Pass,
    Residual, Sequential, SqueezeExcitation, Summary, Weights,
};
pub use crate::tensor::{self, Tensor2, Tensor3, Tensor4};

// Training, evaluation, searches over settings, and experiment records.
pub use crate::cluster::Slurm;
pub use crate::metrics::{self, Average, Bootstrap, ConfusionMatrix, Interval};
pub use crate::sweep::{self, Pruning, Results, Search, Settings, Space, Sweep, Trial};
pub use crate::track::{self, Tracker};
pub use crate::train::callbacks::{
    self, CsvLogger, CutMix, EarlyStopping, Ema, MixUp, MlflowLogger, ModelCheckpoint,
    ProgressiveResizing, ReduceLROnPlateau, Schedule, TerminateOnNaN,
};
pub use crate::train::{
    AdamConfig, Batch, Callback, EpochRecord, Evaluation, FeatureCaching, FineTune, History,
    LastBatch, Learner, LearningRateCurve, LearningRateFinder, LossKind, LossOptions,
    OptimizerConfig, RmsPropConfig, SgdConfig, State, TrainConfig, TrainContext,
};

// Explanations and error analysis.
pub use crate::explain::{
    self, Heatmaps, Interpretation, OcclusionConfig, PermutationConfig, grad_cam,
};

// Similar items.
pub use crate::similar::{self, Pca};

// Figures and the report.
pub use crate::plot::{self, Figure, Language};
pub use crate::report::{self, Report, TableExport};

// Data of the practices.
pub use crate::practices;
