//! Deep learning in Rust notebooks: from a CSV file and images to a trained network and the figures of a report.
//!
//! A notebook starts with `use cuaderno::prelude::*;`. The steps of an experiment and where they are:
//!
//! | step | start here |
//! | --- | --- |
//! | read and clean a table | [`Table::read_csv`](table::Table::read_csv) |
//! | encode and scale columns, fitted on training rows | [`Preprocessor`](table::Preprocessor) |
//! | decode images, augment them in training | [`images::load_rgb`], [`Transform`](images::Transform) |
//! | split by class and group | [`Split`](data::Split) |
//! | texts as tokens | [`Vocabulary`](text::Vocabulary) |
//! | labels, images, metadata and texts together | [`Dataset`](data::Dataset) |
//! | a network | [`models`] for complete ones, [`nn`] for layers |
//! | pretrained weights | [`Pretrained`](models::Pretrained) |
//! | train with live curves | [`Learner`](train::Learner) |
//! | evaluate | [`Evaluation`](train::Evaluation), [`metrics`] |
//! | many runs, resumed and compared | [`Sweep`](sweep::Sweep) |
//! | as a job array on a cluster | [`Slurm`](cluster::Slurm) |
//! | records in MLflow | [`Tracker`](track::Tracker) |
//! | explain predictions | [`explain`] |
//! | similar items | [`similar`] |
//! | figures | [`plot`] |
//! | the written report | [`Report`](report::Report) |
//!
//! From CSV to report; images and texts enter the same way, by [`Dataset::with_images`](data::Dataset::with_images) and
//! [`Dataset::with_tokens`](data::Dataset::with_tokens):
//!
//! ```
//! use cuaderno::prelude::*;
//!
//! # fn main() -> Result<()> {
//! # let folder = std::env::temp_dir().join(format!("cuaderno-doc-opening-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! # let kinds = ["museum", "garden", "castle"];
//! # let rows = (0..60).map(|i| format!("{},{},{}\n", kinds[i % 3], i % 5 + 1, ["low", "high"][usize::from(i % 3 == 0)]));
//! # std::fs::write(folder.join("places.csv"), format!("kind,tier,interest\n{}", rows.collect::<String>())).unwrap();
//! # let csv = folder.join("places.csv");
//! # let name = folder.join("report").display().to_string();
//! // A table (`kind,tier,interest`) and the classes of one of its columns.
//! let table = Table::read_csv(&csv)?;
//! let labeled = Dataset::from_column(&table, "interest")?;
//! // Training, validation and test rows with the same proportions of classes.
//! let split = Split::stratified(labeled.labels(), [0.6, 0.2, 0.2], 0)?;
//! // Columns as numbers, fitted on the training rows alone.
//! let columns = Preprocessor::new().scale(&["tier"]).one_hot(&["kind"]).fit(&table, &split.train)?;
//! let set = labeled.with_features(&columns.transform_all(&table)?)?;
//! // A network, trained with live curves until validation no longer improves.
//! let mut init = Init::seed(0);
//! let model = Sequential::new()
//!     .add(Linear::new(set.feature_count(), 16, &mut init)?)
//!     .add(Layer::Relu)
//!     .add(Linear::new(16, set.outputs(), &mut init)?);
//! let config = TrainConfig { batch_size: 12, learning_rate: 0.05, ..TrainConfig::default() };
//! let (train, validation) = (set.subset(&split.train)?, set.subset(&split.validation)?);
//! let stopping = EarlyStopping::new("val_loss", 3).restore_best_weights();
//! let mut learner = Learner::new(model, &train, &validation, &config)?.with(stopping);
//! let history = learner.fit(10)?;
//! // The report on the test rows, as Markdown, LaTeX, HTML and PDF.
//! let evaluation = learner.evaluate(&set.subset(&split.test)?)?;
//! let mut report = Report::new(name).title("Interest in places");
//! report.figure(&history.figure()?.title("Learning curves"));
//! report.figure(&evaluation.figure()?.title("Confusion matrix"));
//! report.number("test accuracy", evaluation.accuracy);
//! report.paragraph("The accuracy is [number: test accuracy]; see [figure: Confusion matrix].");
//! assert!(report.write()?.folder().join("report.pdf").exists());
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok(()) }
//! ```
//!
//! Functions return [`Result`]; an [`Error`] says where and what to do. Modules form tiers: each depends on its own tier and
//! those below it. From the ground up: [`error`] and [`notebook`]; [`tensor`]; [`nn`], [`metrics`], [`table`], [`images`],
//! [`text`], [`plot`], [`cluster`] and [`fetch`]; [`models`], [`data`] and [`track`]; [`train`] and [`sweep`]; [`explain`], [`similar`] and
//! [`report`]; [`practices`] and [`prelude`].
#![deny(missing_docs)]

pub mod cluster;
pub mod data;
pub mod error;
pub mod explain;
#[cfg(feature = "fetch")]
pub mod fetch;
mod files;
mod hash;
pub mod images;
pub mod metrics;
pub mod models;
pub mod nn;
pub mod notebook;
pub mod plot;
pub mod practices;
pub mod prelude;
pub mod report;
pub mod similar;
pub mod sweep;
pub mod table;
pub mod tensor;
pub mod text;
pub mod track;
pub mod train;

pub use error::{Error, ErrorKind, Result};
