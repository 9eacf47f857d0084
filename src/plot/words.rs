//! The words that figures add by themselves, in English and Spanish.

use super::axis;

/// The language of the words that a figure or a report adds by itself, such as "epoch" and "predicted class", and of its
/// decimal marks.
///
/// ```
/// use cuaderno::plot::{self, Language};
/// let figure = plot::confusion_matrix(&["gato", "perro"], &[vec![9, 1], vec![2, 8]])?.language(Language::Spanish);
/// assert!(figure.svg()?.contains("clase predicha"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

/// A word that a figure adds by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Epoch,
    Train,
    Validation,
    Best,
    BestEpoch,
    TrueClass,
    PredictedClass,
    Count,
    ShareOfTrueClass,
    LearningRate,
    Loss,
    Valley,
    Steepest,
    Density,
    FalsePositiveRate,
    TruePositiveRate,
    Recall,
    Precision,
    MeanProbability,
    ShareOfPositives,
    Fold,
    MeanAndDeviation,
    Longitude,
    Latitude,
    Row,
    Missing,
    Present,
    Length,
    Median,
    Percentile95,
    ShareOfPredictedClass,
    True,
    Query,
    Figure,
}

impl Language {
    pub(super) fn word(self, word: Word) -> &'static str {
        let (english, spanish) = match word {
            Word::Epoch => ("epoch", "época"),
            Word::Train => ("train", "entrenamiento"),
            Word::Validation => ("validation", "validación"),
            Word::Best => ("best", "mejor"),
            Word::BestEpoch => ("best epoch", "mejor época"),
            Word::TrueClass => ("true class", "clase real"),
            Word::PredictedClass => ("predicted class", "clase predicha"),
            Word::Count => ("count", "cantidad"),
            Word::ShareOfTrueClass => ("share of the true class", "proporción de la clase real"),
            Word::LearningRate => ("learning rate", "tasa de aprendizaje"),
            Word::Loss => ("loss", "pérdida"),
            Word::Valley => ("valley", "valle"),
            Word::Steepest => ("steepest", "mayor pendiente"),
            Word::Density => ("density", "densidad"),
            Word::FalsePositiveRate => ("false positive rate", "tasa de falsos positivos"),
            Word::TruePositiveRate => ("true positive rate", "tasa de verdaderos positivos"),
            Word::Recall => ("recall", "exhaustividad"),
            Word::Precision => ("precision", "precisión"),
            Word::MeanProbability => ("mean predicted probability", "probabilidad media predicha"),
            Word::ShareOfPositives => ("share of positive examples", "proporción de positivos"),
            Word::Fold => ("fold", "partición"),
            Word::MeanAndDeviation => ("mean ± standard deviation", "media ± desviación típica"),
            Word::Longitude => ("longitude (°)", "longitud (°)"),
            Word::Latitude => ("latitude (°)", "latitud (°)"),
            Word::Row => ("row", "fila"),
            Word::Missing => ("missing", "ausente"),
            Word::Present => ("present", "presente"),
            Word::Length => ("length", "longitud"),
            Word::Median => ("median", "mediana"),
            Word::Percentile95 => ("95th percentile", "percentil 95"),
            Word::ShareOfPredictedClass => {
                ("share of the predicted class", "proporción de la clase predicha")
            }
            Word::True => ("true", "real"),
            Word::Query => ("query", "consulta"),
            Word::Figure => ("figure", "figura"),
        };
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }

    /// The tag of the language in documents.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The name of a metric that training reports, such as `loss`; other names stay as they are.
    pub(super) fn metric(self, name: &str) -> &str {
        match (self, name) {
            (Self::Spanish, "loss") => "pérdida",
            (Self::Spanish, "accuracy") => "exactitud",
            (Self::Spanish, "balanced accuracy") => "exactitud balanceada",
            _ => name,
        }
    }

    /// `value` with `digits` decimals: `12 345.6`, in Spanish `12 345,6`, for the sentences of a report; a dash for NaN and
    /// infinity.
    ///
    /// ```
    /// use cuaderno::plot::Language;
    /// assert_eq!(Language::Spanish.number(81.66, 1), "81,7");
    /// ```
    pub fn number(self, value: f64, digits: usize) -> String {
        if !value.is_finite() {
            return "—".to_string();
        }
        self.localized(&axis::fixed(value, digits))
    }

    /// A whole number with its thousands apart.
    pub(crate) fn integer(self, value: i64) -> String {
        axis::grouped(&value.unsigned_abs().to_string(), value < 0)
    }

    /// `value` with about `digits` significant digits.
    pub(crate) fn significant(self, value: f64, digits: usize) -> String {
        self.localized(&axis::significant(value, digits))
    }

    /// The number in `text` with the decimal mark of the language.
    pub(crate) fn localized(self, text: &str) -> String {
        match self {
            Self::English => text.to_string(),
            Self::Spanish => text.replace('.', ","),
        }
    }

    /// The note that `count` values are not drawn.
    pub(super) fn left_out(self, count: usize) -> String {
        match (self, count) {
            (Self::English, 1) => "1 value that is not finite is not drawn".to_string(),
            (Self::English, _) => format!("{count} values that are not finite are not drawn"),
            (Self::Spanish, 1) => "no se dibuja 1 valor no finito".to_string(),
            (Self::Spanish, _) => format!("no se dibujan {count} valores no finitos"),
        }
    }
}
